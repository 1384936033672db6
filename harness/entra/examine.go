package entra

import (
	"context"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// Examination is what the checks say about [Evidence].
type Examination struct {
	// Checks are all of them in Entra's order, as far as they are about this kind of assertion. Beyond the first that
	// fails, they say what Entra would find next. Those whose input is missing have Unknown.
	Checks  []Check
	Refusal *Error // the answer of the first check that fails; nil: none of those that could be made does
	At      int    // its place in Checks; -1: none
	SignIn  SignIn // what else a server would have recorded; its Checks are those above up to At
}

// Examine makes the checks of a server on what is known about a token request. It is not a second set of rules: they
// are the server's own, in its order. A check whose input is missing is recorded as not known, and the next is made all
// the same; so are those beyond the first that fails, as far as they still have something to compare.
//
// It fetches from the issuer only with a Client. The error is about the evidence itself.
func Examine(ctx context.Context, e Evidence) (Examination, error) {
	x, err := e.exchange(ctx)
	if err != nil {
		return Examination{}, err
	}
	found := Examination{At: -1}
	list := checks
	if x.view.Options.TimeBeforeSignature {
		list = timeFirst
	}
	notGiven := x.lacking
	for i := range list {
		c := &list[i]
		if !x.concerns(c) {
			continue
		}
		x.lacking = notGiven | x.absent()
		missing := x.lacking & c.needs
		if either := theSubject | theAudience; c.name == matchingCheck && x.lacking&either == either {
			missing |= either
		}
		if missing&theCredentials != 0 {
			missing &^= theFirst
		}
		if missing != 0 {
			found.Checks = append(found.Checks, Check{Name: c.name, Unknown: missing.String()})
			if c.name == issuerCheck {
				x.candidates = x.allCredentials()
			}
			continue
		}
		candidates := x.candidates
		record, refusal := x.make(c)
		x.compareAside(c, &record)
		if refusal == nil {
			record.settle()
			if c.name == metadataCheck && e.Client == nil && e.Discovery == nil && !x.byEntra {
				record.Note = "the keys are those that were given; the issuer's discovery document is not at hand"
			}
		} else if found.Refusal == nil {
			found.Refusal, found.At = refusal, len(found.Checks)
		}
		if refusal != nil && (c.name == issuerCheck || c.name == matchingCheck) { // go on with what was there to choose from
			if x.candidates = candidates; candidates == nil {
				x.candidates = x.allCredentials()
			}
		}
		found.Checks = append(found.Checks, record)
		if refusal == nil || found.At == len(found.Checks)-1 {
			found.SignIn = x.signIn
		}
	}
	found.SignIn.Checks = found.Checks
	if found.Refusal != nil {
		found.SignIn.Checks = found.Checks[:found.At+1]
		row, _ := Lookup(found.Refusal.Code)
		found.SignIn.Code, found.SignIn.Status, found.SignIn.Error = row.Number, row.Status, row.OAuth
	}
	if e.Client == nil {
		found.SignIn.Fetched = nil // it was not
	}
	return found, nil
}

// The checks that an examination treats apart.
const (
	issuerCheck   = "issuer"
	matchingCheck = "audience and subject"
	metadataCheck = "issuer metadata"
)

// settle makes a check that passed only because something is not known one that is not known.
func (c *Check) settle() {
	if c.Unknown != "" {
		c.OK = false
		return
	}
	ruledOut, doubtful := map[string]bool{}, map[string]string{}
	for _, compared := range c.Compared {
		switch {
		case compared.Unknown:
			doubtful[compared.Credential] = string(compared.Field) + " of " + compared.Credential
		case !compared.Equal && !compared.Aside:
			ruledOut[compared.Credential] = true
		}
	}
	var unknown string
	for _, compared := range c.Compared {
		switch doubt := doubtful[compared.Credential]; {
		case compared.Aside || ruledOut[compared.Credential]:
		case doubt == "":
			return // this one agrees in everything
		case unknown == "":
			unknown = "the " + doubt
		}
	}
	if unknown != "" {
		c.OK, c.Unknown = false, unknown
	}
}

// compareAside adds to the comparisons of audience and subject those of the credentials that Entra does not come to.
func (x *exchange) compareAside(c *check, record *Check) {
	if c.name != matchingCheck {
		return
	}
	// A comparison that is recorded is known by what it compares, whatever came of it.
	recorded := make(map[Comparison]bool, len(record.Compared))
	key := func(made Comparison) Comparison {
		return Comparison{Credential: made.Credential, Field: made.Field, Claim: made.Claim, Want: made.Want}
	}
	for _, made := range record.Compared {
		recorded[key(made)] = true
	}
	for _, match := range []func(*exchange, *Check) *Error{matchAudience, matchSubject} {
		alone := *x
		for _, credential := range x.allCredentials() {
			var made Check
			alone.candidates = []*directory.Credential{credential}
			match(&alone, &made)
			for _, compared := range made.Compared {
				compared.hideTokens()
				if !recorded[key(compared)] {
					compared.Aside = true
					record.Compared = append(record.Compared, compared)
				}
			}
		}
	}
}

// absent is what the checks that were made did not find.
func (x *exchange) absent() (missing need) {
	add := func(absent bool, what need) {
		if absent {
			missing |= what
		}
	}
	add(x.view.Tenant == nil, theRecord)
	add(x.app == nil, theApplication)
	add(x.app == nil || len(x.app.Credentials) == 0, theFirst)
	add(x.byEntra, theKeys) // only Entra has them
	a := x.assertion
	if a == nil { // there is none, it was refused, or the check of it comes yet
		a = new(assertion)
		add(true, theClaims)
	}
	add(a.issuer == "", theIssuer)
	add(a.subject == "", theSubject)
	add(len(a.audiences) == 0, theAudience)
	add(!a.expires.set, theDates)
	add(x.keys == nil, theKeysRead)
	add(x.keys == nil || a.jws == nil || x.keys.byID[a.kid] == nil, theSigningKey)
	add(x.resource.name == "", theScope)
	return missing
}
