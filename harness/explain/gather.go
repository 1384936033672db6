package explain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/explain/input"
	"github.com/issuerd/issuerd/harness/explain/paste"
	"github.com/issuerd/issuerd/wording"
)

// gathered is what the inputs have together.
type gathered struct {
	labels      map[string]int  // of credentials, by label
	same        map[string]bool // credentials that were described before
	notes       []string
	leftOut     []string // what was too much to compare, in sentences
	named       string   // the name of the first input that is a file
	tokens      []heldToken
	messages    []heldMessage
	credentials []heldCredential
	credential  bool // an input described credentials, perhaps none
	client      string
	tenant      string
	cloud       string
	managed     bool
	fetched     bool                 // the issuer's documents
	unreached   []string             // notes on issuers that this machine cannot reach
	directory   *directory.Directory // that an input has; nil: none
}

// options are those of the directory that is at hand, or the defaults.
func (g *gathered) options() directory.Options {
	if g.directory == nil {
		return directory.DefaultOptions()
	}
	return g.directory.Options()
}

type heldToken struct {
	input.Token
	from string
}

type heldMessage struct {
	paste.Message
	from string
}

type heldCredential struct {
	input.Credential
	label string // unique among them
	from  string
}

// withoutMasked is the credential without the values that are hidden.
func (h heldCredential) withoutMasked() heldCredential {
	for name := range h.Masked {
		switch fieldOf(name) {
		case "name":
			h.Name = ""
		case entra.FieldIssuer:
			h.Issuer = ""
		case entra.FieldSubject:
			h.Subject = ""
		case entra.FieldExpression:
			h.Matching = ""
		case entra.FieldAudience:
			h.Audiences = nil
		}
	}
	return h
}

func gather(c Case) gathered {
	g := gathered{client: c.Client, tenant: c.Tenant, cloud: c.Cloud}
	for _, in := range c.Inputs {
		if g.named == "" && in.Input != "standard input" && in.Input != "the argument" {
			g.named = in.Input
		}
		if g.directory == nil {
			g.directory = in.Directory
		}
		for _, token := range in.Tokens {
			g.tokens = append(g.tokens, heldToken{token, in.Input})
		}
		for _, credential := range in.Credentials {
			g.add(credential, in.Input)
		}
		if in.Text != nil {
			for _, message := range in.Text.Messages {
				g.messages = append(g.messages, heldMessage{message, in.Input})
			}
		}
	}
	for _, held := range g.credentials {
		g.cloud = cmp.Or(g.cloud, held.Cloud)
		g.managed = g.managed || held.ManagedIdentity
	}
	for _, in := range c.Inputs {
		if len(in.Applications) == 1 {
			g.client = cmp.Or(g.client, in.Applications[0].ClientID)
			g.tenant = cmp.Or(g.tenant, in.Applications[0].Tenant)
		}
	}
	g.client = cmp.Or(g.client, common(c.Inputs, func(job input.Job) string { return job.ClientID }))
	g.tenant = cmp.Or(g.tenant, common(c.Inputs, func(job input.Job) string { return job.Tenant }))
	for _, message := range g.messages {
		for _, name := range []string{"appId", "clientId"} {
			if value := message.Values[name]; value.Whole() && directory.IsGUID(value.Text) {
				g.client = cmp.Or(g.client, value.Text)
			}
		}
		for _, name := range []string{"tenantId", "tenant"} {
			if value := message.Values[name]; value.Whole() && directory.IsGUID(value.Text) {
				g.tenant = cmp.Or(g.tenant, value.Text)
			}
		}
	}
	g.keepOwn(g.client)
	for _, held := range g.credentials {
		g.client = cmp.Or(g.client, held.ClientID)
	}
	return g
}

// common is what all jobs that say something of it say; "": they say nothing, or differ.
func common(inputs []input.Found, of func(input.Job) string) string {
	var said string
	for _, in := range inputs {
		for _, job := range in.Jobs {
			one := of(job)
			if one != "" && said != "" && !strings.EqualFold(one, said) {
				return ""
			}
			said = cmp.Or(said, one)
		}
	}
	return said
}

// add adds a credential, unless another input has described the same.
func (g *gathered) add(credential input.Credential, from string) {
	g.credential = true
	if g.labels == nil {
		g.labels, g.same = map[string]int{}, map[string]bool{}
	}
	identity := fmt.Sprintf("%q", []string{credential.Name, credential.Issuer, credential.Subject, credential.Matching, strings.Join(credential.Audiences, "\n"), credential.ClientID, credential.AppName})
	if g.same[identity] {
		return
	}
	g.same[identity] = true
	label := cmp.Or(credential.Name, credential.Address, credential.ID, "the credential")
	for n, name := len(g.credentials)+1, label; ; n++ {
		if _, taken := g.labels[label]; !taken {
			break
		}
		label = name + " (" + strconv.Itoa(n) + ")"
	}
	g.labels[label] = len(g.credentials)
	g.credentials = append(g.credentials, heldCredential{credential, label, from})
}

// keepOwn leaves out the credentials of other applications than the one that signs in, if that is known.
func (g *gathered) keepOwn(client string) {
	if client == "" {
		return
	}
	all := g.credentials
	g.credentials, g.labels = nil, map[string]int{}
	for _, held := range all {
		if held.ClientID != "" && !strings.EqualFold(held.ClientID, client) {
			continue
		}
		g.labels[held.label] = len(g.credentials)
		g.credentials = append(g.credentials, held)
	}
	if n := len(all) - len(g.credentials); n > 0 {
		g.notes = append(g.notes, fmt.Sprintf("%s of other applications than %s left out.", wording.Count(n, "credential"), client))
	}
}

// known are the credentials as evidence; nil if no input has described any. A field that is not literal counts as known
// if it cannot be what was presented, whatever its variables are.
func (g *gathered) known(presented entra.Values) []entra.KnownCredential {
	if !g.credential {
		return nil
	}
	known := []entra.KnownCredential{}
	for _, held := range g.credentials {
		k := entra.KnownCredential{Credential: held.Credential.Credential}
		k.Name = held.label
		for name, expression := range held.Unknown {
			t, ok := templateOf(expression)
			addUnknown(&k, fieldOf(name), t, ok, presented)
		}
		for name, text := range held.Masked {
			t, ok := templateOfHidden(text)
			addUnknown(&k, fieldOf(name), t, ok, presented)
		}
		known = append(known, k)
	}
	return known
}

// addUnknown notes that a field of a credential is not known, or has it say what cannot be what was presented.
func addUnknown(k *entra.KnownCredential, field entra.Field, t template, isTemplate bool, presented entra.Values) {
	if isTemplate {
		switch field {
		case entra.FieldIssuer:
			if shown, out := t.ruledOut(presented.Issuer); out {
				k.Issuer = shown
				return
			}
		case entra.FieldSubject:
			if shown, out := t.ruledOut(presented.Subject); out {
				k.Subject = shown
				return
			}
		case entra.FieldAudience:
			if len(presented.Audiences) != 1 {
				break
			}
			if shown, out := t.ruledOut(presented.Audiences[0]); out {
				k.Audiences = []string{shown}
				return
			}
		}
	}
	k.Unknown = append(k.Unknown, field)
}

// fieldOf is the field of Microsoft Graph that an input's name of it stands for.
func fieldOf(name string) entra.Field {
	switch name {
	case "matching":
		return entra.FieldExpression
	case "audience":
		return entra.FieldAudience
	}
	return entra.Field(name)
}

// evidence is what is known with an assertion, or with the values of an error.
func (g *gathered) evidence(c Case, token string, message *paste.Message) entra.Evidence {
	e := entra.Evidence{
		Tenant: g.tenant, Cloud: g.cloud, ClientID: g.client, ManagedIdentity: g.managed, Assertion: token, Client: c.HTTP,
	}
	if message != nil {
		e.Time = message.Time
		if now, ok := timeOf(message.Values["now"]); ok {
			e.Time = now
		}
		if token == "" {
			e.Values = valuesOf(*message)
		}
	}
	presented := e.Values
	if decoded, err := decode(token, c.Now); err == nil {
		presented = entra.Values{Issuer: textOf(decoded.Claims["iss"]), Subject: textOf(decoded.Claims["sub"]), Audiences: []string{textOf(decoded.Claims["aud"])}}
	}
	e.Credentials = g.known(presented)
	if issued := issuedAt(token, c.Now); issued.After(e.Time) {
		e.Time = time.Time{} // it is not the token that was presented then
	}
	if !c.At.IsZero() {
		e.Time = c.At
	}
	g.wholeTenant(c, &e)
	issuer := presented.Issuer
	for _, in := range c.Inputs {
		for _, published := range in.Published {
			if c.withoutKeys || published.Issuer != "" && published.Issuer != issuer {
				continue
			}
			if published.Discovery != nil {
				e.Discovery = published.Discovery
			}
			if published.JWKS != nil {
				e.JWKS = published.JWKS
			}
		}
	}
	return e
}

// issuedAt is when a token was issued; zero: it does not say.
func issuedAt(compact string, now time.Time) time.Time {
	if token, err := decode(compact, now); err == nil && token.Issued != nil {
		return *token.Issued
	}
	return time.Time{}
}

// wholeTenant makes a directory the evidence that has one tenant, if it is known which of its applications signs in.
func (g *gathered) wholeTenant(c Case, e *entra.Evidence) {
	for _, in := range c.Inputs {
		if in.Directory == nil {
			continue
		}
		file := in.Directory.File()
		if len(file.Tenants) != 1 {
			continue
		}
		tenant := file.Tenants[0]
		client := g.client
		if client == "" {
			var clients []string
			for _, app := range tenant.Applications {
				if len(app.Credentials) > 0 {
					clients = append(clients, app.ClientID)
				}
			}
			for _, identity := range tenant.ManagedIdentities {
				if len(identity.Credentials) > 0 {
					clients = append(clients, identity.ClientID)
				}
			}
			if len(clients) != 1 {
				continue
			}
			client = clients[0]
		}
		e.Directory, e.Tenant, e.ClientID, e.Credentials = in.Directory, tenant.ID, client, nil
	}
}

// valuesOf are the claims that a message prints. Values that are masked or cut, or that may be others, are not.
func valuesOf(m paste.Message) (v entra.Values) {
	text := func(names ...string) string {
		for _, name := range names {
			if value, has := m.Values[name]; has && value.Whole() {
				return value.Text
			}
		}
		return ""
	}
	v.Issuer, v.Subject = text("iss", "issuer"), text("sub")
	if m.Values["iss"].Doubt != "" || m.Values["issuer"].Doubt != "" {
		v.Issuer, _ = withoutSlash(v.Issuer)
	}
	if CodeOf(m) == 7002381 {
		v.Issuer = strings.TrimSuffix(v.Issuer, "/") // this message adds one
	}
	if aud := text("aud"); aud != "" {
		v.Audiences = strings.Split(aud, ",")
	}
	if kid, has := m.Values["kid"]; has && kid.Whole() {
		v.KeyID = &kid.Text
	}
	v.Issued, _ = timeOf(m.Values["iat"])
	v.Expires, _ = timeOf(m.Values["exp"])
	return v
}

// doubtful are why the values that were presented may be others, by what they are of a credential. Those of an issuer
// whose slash is known to be none are not.
func doubtful(m *paste.Message) map[entra.Field]string {
	found := map[entra.Field]string{}
	if m == nil {
		return found
	}
	for name, field := range map[string]entra.Field{"iss": entra.FieldIssuer, "issuer": entra.FieldIssuer, "sub": entra.FieldSubject, "aud": entra.FieldAudience} {
		value := m.Values[name]
		if _, settled := withoutSlash(value.Text); value.Doubt != "" && !(settled && field == entra.FieldIssuer) {
			found[field] = value.Doubt
		}
	}
	return found
}

// timeOf reads a time as messages print it: in seconds, or as .NET writes it.
func timeOf(value paste.Value) (time.Time, bool) {
	if !value.Whole() || value.Text == "" {
		return time.Time{}, false
	}
	if seconds, err := strconv.ParseInt(value.Text, 10, 64); err == nil {
		return time.Unix(seconds, 0).UTC(), true
	}
	t, err := time.Parse(time.RFC3339, value.Text)
	return t, err == nil
}

// masked names the claims that a message hides.
func masked(m paste.Message) []string {
	var names []string
	for _, claim := range []string{"iss", "issuer", "sub", "aud", "kid"} {
		if value, has := m.Values[claim]; has && !value.Whole() {
			names = append(names, fmt.Sprintf("%s (%s)", claim, value.Text))
		}
	}
	return names
}

// doubts are why values of a message may be others than it has.
func doubts(m paste.Message) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(m.Values)) {
		value := m.Values[name]
		if value.Doubt == "" {
			continue
		}
		words := name + ": " + value.Doubt
		if bare, is := withoutSlash(value.Text); is && (name == "iss" || name == "issuer") {
			words += "; it is left out here, as tokens of " + bare + " have none"
		}
		out = append(out, words)
	}
	return out
}
