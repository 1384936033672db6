package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain/paste"
)

// conclude says what the cause is, in one sentence, and what to do.
func (g *gathered) conclude(s *SignIn, platform *IssuerPlatform, message *paste.Message) {
	r := remedy{g: g, presented: s.Presented}
	if s.Token == nil {
		r.doubts = doubtful(message)
	}
	r.fromToken = s.Token != nil
	r.doubtSpaces()
	for _, field := range []entra.Field{entra.FieldIssuer, entra.FieldSubject, entra.FieldAudience} {
		if words := oddSpaces(r.presentedOf(field)); len(words) > 0 {
			s.Presented.Doubts = append(s.Presented.Doubts, fieldWords[field]+": it has "+strings.Join(words, ", "))
		}
	}
	if platform != nil {
		r.platform = platform.Name
	}
	decided := s.decided(message)
	accepted := s.first(Accepts) != nil
	agreeing := s.agreeing(decided)
	if r.match = s.nearest(message != nil && isMatching(decided)); r.match != nil {
		i := slices.IndexFunc(g.credentials, func(held heldCredential) bool { return held.label == r.match.Name })
		held := g.credentials[i].withoutMasked()
		r.credential = &held
	}
	switch {
	case r.match != nil && r.match.Verdict == Differs && (decided == 0 || isMatching(decided) && decided != 70025):
		s.Cause = differenceInWords(*r.match)
		s.Fixes = r.fixes()
		if open := s.first(Undecided); open != nil && open.open {
			s.Cause += "; or that of " + open.Name + ", which is not known here: its " + strings.Join(open.Unknown, ", its ")
		}
	case message != nil && (!isMatching(decided) || decided == 70025): // it was answered for another reason than a value that differs
		if row, known := entra.Lookup(decided); known {
			s.Cause, s.Fixes = row.Cause, []Fix{{Words: row.Fix}}
		} else {
			s.Cause = fmt.Sprintf("not known: AADSTS%d is none that issuerd knows", decided)
		}
	case s.Answer != nil:
		row, _ := entra.Lookup(s.Answer.Number)
		s.Cause = row.Cause
		s.Fixes = []Fix{{Words: row.Fix}}
		if isMatching(row.Number) {
			s.Fixes = append(s.Fixes, r.makeNew("make a federated credential that accepts what was presented")...)
		}
	case message != nil && accepted:
		s.Cause = fmt.Sprintf("a credential accepts what was presented, so AADSTS%d must have another cause than a value that differs", decided)
		s.Fixes = r.fixesOfAgreeing(agreeing)
	case message != nil && agreeing != nil:
		s.Cause = agreementInWords(*agreeing)
		s.Fixes = r.fixesOfAgreeing(agreeing)
	case message != nil && len(s.Credentials) > 0 && isMatching(decided):
		s.Cause = s.undecided()
	case message != nil:
		if row, known := entra.Lookup(decided); known {
			s.Cause = row.Cause
			s.Fixes = []Fix{{Words: row.Fix}}
			issuer := s.Presented.Issuer
			if value := message.Values["iss"]; value.Whole() && value.Text != "" { // with the slash that is printed
				issuer = value.Text
			}
			_, why := Superseded(issuer, s.Presented.Subject, strings.Join(s.Presented.Audience, ","))
			if row.Number == 70021 && why != "" {
				s.Cause += "; likely: " + why
			}
			if isMatching(row.Number) && Inside(s.Presented.Issuer) != "" { // no credential with it would do
				s.Fixes = nil
			} else if isMatching(row.Number) {
				s.Fixes = append(s.Fixes, r.compareFirst()...)
			}
			if isMatching(row.Number) {
				s.Fixes = append(s.Fixes, r.makeNew("make a federated credential that accepts what was presented")...)
			}
		}
	case accepted:
		s.Cause = "nothing that could be checked here is refused"
	case len(s.Credentials) == 0:
		s.Cause = "no credential is at hand to compare the token with"
		s.Fixes = append(r.compareFirst(), r.makeNew("make a federated credential that accepts this token")...)
	default:
		s.Cause = s.undecided()
		if open, differing := s.first(Undecided), s.first(Differs); open != nil && open.open && differing != nil {
			s.Cause = fmt.Sprintf("%s decides, of which is not known here: its %s; if it is no other, %s", open.Name, strings.Join(open.Unknown, ", its "), differenceInWords(*differing))
		}
	}
	if decided == 700024 && s.Answer != nil && s.Answer.Number == decided && s.Token != nil && s.Token.Expires != nil {
		s.Cause = "the token was presented outside of the time it is valid for (" + s.Token.Times + ")"
	}
	if kids, refused := publishedKeys(s.Checks); decided == 7000272 && refused {
		s.Cause = keysInWords(s.Presented.KeyID, kids)
	}
	if s.printedKey != "" {
		s.Cause = fmt.Sprintf("the error prints %s, the hexadecimal form of %q, which is among the keys that are given here: Entra may have looked before it was published", visible(s.printedKey), visible(s.Presented.KeyID))
	}
	if decided == 700024 {
		if cause, fixes := s.times.validityInWords(); cause != "" {
			s.Cause, s.Fixes = cause, fixes
		}
	}
	if inside := Inside(s.Presented.Issuer); inside != "" && (decided == 0 || isMatching(decided)) && !strings.Contains(s.Cause, inside) {
		s.Cause += "; and the token's issuer " + inside
		if !slices.ContainsFunc(s.Fixes, func(f Fix) bool { return f.Words == r.publicIssuer()[0].Words }) {
			s.Fixes = append(s.Fixes, r.publicIssuer()...)
		}
	}
	s.Causes = causesOf(circumstances{
		code: decided, validity: s.times.validity(), platform: r.platform, issuer: s.Presented.Issuer, agrees: agreeing != nil, subject: formAlone(s.Presented.Subject), sameRepository: withinRepository(s.Credentials),
	})
}

// first is the nearest credential with a verdict; nil: there is none.
func (s *SignIn) first(verdict Verdict) *CredentialMatch {
	i := slices.IndexFunc(s.Credentials, func(m CredentialMatch) bool { return m.Verdict == verdict })
	if i < 0 {
		return nil
	}
	return &s.Credentials[i]
}

// codeFields are the fields of a credential that codes are about.
var codeFields = map[int]entra.Field{
	700211: entra.FieldIssuer, 700212: entra.FieldAudience,
	700213: entra.FieldSubject, 7002131: entra.FieldSubject, 7002137: entra.FieldSubject, 7002138: entra.FieldSubject,
}

// agreeing is the nearest credential that agrees with what was presented as far as it could be compared, and in what the
// code is about; nil: there is none. Of one whose own fields are not known, nothing is said.
func (s *SignIn) agreeing(code int) *CredentialMatch {
	if accepting := s.first(Accepts); accepting != nil {
		return accepting
	}
	for i := range s.Credentials {
		m := &s.Credentials[i]
		if m.Verdict != Undecided || m.open {
			continue
		}
		about, aboutOne := codeFields[code]
		if slices.ContainsFunc(m.Compared, func(c Compared) bool { return c.Equal && (!aboutOne || c.Field == about) }) {
			return m
		}
	}
	return nil
}

// agreementInWords says what of a credential agrees, and what could not be compared.
func agreementInWords(m CredentialMatch) string {
	known := map[entra.Field]bool{}
	var equal, open []string
	for _, c := range m.Compared {
		if known[c.Field] = c.Equal; c.Equal {
			equal = append(equal, fieldWords[c.Field])
		}
	}
	for _, field := range []entra.Field{entra.FieldIssuer, entra.FieldAudience} {
		if !known[field] {
			open = append(open, fieldWords[field])
		}
	}
	words := fmt.Sprintf("%s has the %s that was presented", m.Name, strings.Join(equal, " and the "))
	if len(open) > 0 {
		words += fmt.Sprintf("; that it has the %s is not known here", strings.Join(open, " and the "))
	}
	return words + ": if it has, Entra compared with another credential than this, as follows"
}

// undecided is the cause if none was found, and what could be compared does not differ.
func (s *SignIn) undecided() string {
	for _, m := range s.Credentials {
		if incomparable(m, s.Presented.Masked) == "" {
			return "what could be compared agrees; what is not known here decides"
		}
	}
	return incomparable(s.Credentials[0], s.Presented.Masked)
}

// nearest is the credential that the cause is looked for in; nil: none is at hand. refused: it is known that none
// accepts what was presented, so that one that is not wholly known is not preferred to one that differs.
func (s *SignIn) nearest(refused bool) *CredentialMatch {
	for i := range s.Credentials {
		m := &s.Credentials[i]
		if m.Verdict == Undecided && m.open && refused && s.first(Differs) != nil {
			continue
		}
		return m
	}
	return nil
}

// decided is the code that was answered, or that would be.
func (s *SignIn) decided(message *paste.Message) int {
	if message != nil {
		return CodeOf(*message)
	}
	if s.Answer != nil {
		return s.Answer.Number
	}
	return 0
}

// withinRepository tells whether the subject of the nearest credential names the repository that was presented: its ids
// are not what differs then.
func withinRepository(matches []CredentialMatch) bool {
	if len(matches) == 0 {
		return false
	}
	for _, c := range matches[0].Compared {
		if c.Field == entra.FieldSubject && len(c.Differences) > 0 {
			return !slices.ContainsFunc(c.Differences, func(d Difference) bool {
				return slices.Contains([]string{"immutable-ids", "part", "other", "other-form"}, d.Kind)
			})
		}
	}
	return false
}

func formAlone(subject string) subjectForm {
	form, _ := formOf(subject)
	return form
}

// isMatching tells the codes that say that no credential matches.
func isMatching(code int) bool {
	return slices.Contains([]int{70021, 70025, 700211, 700212, 700213, 7002131, 7002138, 7002137, 700214, 7002121}, code)
}

// fieldWords are the fields, for people.
var fieldWords = map[entra.Field]string{
	entra.FieldIssuer: "issuer", entra.FieldAudience: "audience", entra.FieldSubject: "subject", entra.FieldExpression: "expression",
}

// differenceInWords says in one sentence how the nearest credential differs.
func differenceInWords(m CredentialMatch) string {
	var parts []string
	for _, c := range m.Compared {
		if len(c.Differences) == 0 {
			continue
		}
		words := make([]string, len(c.Differences))
		for i, d := range c.Differences {
			words[i] = d.Words
		}
		parts = append(parts, fmt.Sprintf("the %s of %s is not the token's: %s", fieldWords[c.Field], m.Name, strings.Join(words, "; ")))
	}
	return strings.Join(parts, "; and ")
}

// addCauses adds to an error the public causes that fit it, where no sign-in has them already.
func (g *gathered) addCauses(e *Error, signIns []SignIn) {
	if len(signIns) > 0 {
		return
	}
	e.Causes = causesOf(circumstances{code: CodeOf(e.Message)})
}

// recorded is a sign-in of a journal, whose checks a farm has made.
func (g *gathered) recorded(from string, made entra.SignIn) SignIn {
	s := SignIn{
		From: from + ", " + made.Time.UTC().Format(time.RFC3339), Checks: made.Checks,
		Presented: presentedBy(made),
	}
	platform := platformOf(made.Issuer, made.Subject, nil)
	if platform != nil {
		s.Presented.Platform = platform.Title
	}
	own := gathered{client: made.ClientID, tenant: made.TenantID, cloud: g.cloud, managed: made.ManagedIdentity}
	for _, check := range made.Checks {
		for _, compared := range check.Compared {
			own.mention(compared, made)
		}
	}
	s.Answer, s.Next = answers(made.Checks, refusalOf(made))
	s.Credentials = own.matches(made.Checks)
	if s.Answer != nil {
		place, _ := entra.PlaceOf(s.Answer.Number)
		s.Answer.Of, s.Answer.NotMade = max(place.Of, s.Answer.Of), place.After
	}
	own.conclude(&s, platform, nil)
	if s.Answer == nil && made.Code == 0 && made.Status == 200 {
		s.Cause, s.Fixes = "the farm gave a token", nil
	}
	return s
}

// refusalOf is what a recorded sign-in was refused with, with the values that the record has. nil: it was not.
func refusalOf(made entra.SignIn) *entra.Error {
	if made.Code == 0 {
		return nil
	}
	args := map[string]string{}
	for name, value := range map[string]string{
		"iss": made.Issuer, "issuer": made.Issuer, "sub": made.Subject, "aud": strings.Join(made.Audience, ","), "kid": made.KeyID, "clientId": made.ClientID,
		"appId": made.ClientID, "appDisplayName": made.AppName, "tenantId": made.TenantID, "resource": made.Resource, "scope": made.Scope,
	} {
		if value != "" {
			args[name] = value
		}
	}
	return &entra.Error{Code: made.Code, Args: args}
}

// mention notes what a comparison of a journal says about a credential.
func (g *gathered) mention(compared entra.Comparison, in entra.SignIn) {
	i := slices.IndexFunc(g.credentials, func(held heldCredential) bool { return held.label == compared.Credential })
	if i < 0 {
		held := heldCredential{label: compared.Credential, from: "the journal"}
		held.Name, held.ClientID, held.ManagedIdentity = compared.Credential, in.ClientID, in.ManagedIdentity
		held.Audiences = []string{""}
		held.Issuer = in.Issuer
		i = len(g.credentials)
		if g.labels == nil {
			g.labels = map[string]int{}
		}
		g.labels[held.label] = i
		g.credentials = append(g.credentials, held)
	}
	held := &g.credentials[i]
	switch compared.Field {
	case entra.FieldIssuer:
		held.Issuer = compared.Want
	case entra.FieldAudience:
		held.Audiences = []string{compared.Want}
	case entra.FieldSubject:
		held.Subject = compared.Want
	}
}
