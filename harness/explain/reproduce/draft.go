package reproduce

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/explain/input"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
)

// draft is a scenario that is being written: a good sign-in, until a recipe spoils it.
type draft struct {
	*evidence
	row      entra.Code
	printed  map[string]string // what the emulator will print, by the place in its message
	compared []string          // the places for which the inputs say what is to be printed
	assumed  []string

	from     origin
	iss      string  // what the token's iss is
	issuer   *object // of the file
	entra    *object //
	mint     *object // of the step; nil: the steps before it make the assertion
	exchange *object
	call     *object // a call in the place of the exchange
	clock    string
	before   []*object // steps between the mint and the exchange
	fix      []*object // steps after the refusal, in which the sign-in passes
	fixWith  string    // what the fix is
}

func newDraft(e *evidence, row entra.Code) *draft {
	return &draft{
		evidence: e, row: row, printed: map[string]string{}, assumed: slices.Clone(e.notes),
		issuer: of(), entra: of("app", "deployer"), mint: of("via", "direct"), exchange: of(),
	}
}

// presented are what a token is to say that the recipe does not leave to the case. Empty: what the case says, else what
// the platform does.
type presented struct{ iss, sub, aud string }

// given is the first credential of the case, with what is masked filled in.
func (d *draft) given() (input.Credential, bool) {
	if len(d.credentials) == 0 {
		return input.Credential{}, false
	}
	return d.credentials[0], true
}

// signIn writes the issuer, the mint step and the application. It returns what the token will say.
func (d *draft) signIn(want presented) presented {
	audience, _ := directory.ExchangeAudience(d.cloud)
	credential, _ := d.given()
	job, _ := d.ofJob()
	iss := cmp.Or(want.iss, d.printedBefore("iss"), d.claim("iss"), unmask(credential.Issuer), withoutPlaceholder(job.Issuer))
	sub := cmp.Or(want.sub, d.printedBefore("sub"), d.claim("sub"), unmask(credential.Subject), job.Subject)
	aud := cmp.Or(want.aud, d.printedBefore("aud"), d.claim("aud"), unmask(first(credential.Audiences)), withoutPlaceholder(job.Audience))
	audKnown := aud != ""
	aud = cmp.Or(aud, audience)

	o, note := originOf(iss, sub)
	if d.start != nil && iss == "" {
		o = *d.start
	} else if note != "" {
		d.assume("%s", note)
	}
	if sub != "" {
		o = o.withSubject(sub)
	}
	if len(d.claims) > 3 { // a token, not only what a journal says of it
		o = o.withToken(d.claims)
		if claims, err := o.mint(); want.sub != "" && (err != nil || claims["sub"] != want.sub) {
			o.claims["sub"] = want.sub
		}
	}
	d.from, d.iss = o, cmp.Or(o.url, o.canonical())
	if iss != "" && iss != d.iss {
		o.claims = merged(o.claims, map[string]any{"iss": iss})
		d.iss = iss
	}
	d.setIssuer(o)
	minted, err := o.mint(aud)
	switch own := audienceOf(minted); {
	case err == nil && own == aud:
		d.mint.set("audience", aud)
	case audKnown:
		d.mint.get("claims").set("aud", audienceClaim(aud))
	default: // of a platform whose workloads have no say
		if minted, err = o.mint(); err == nil && !strings.Contains(audienceOf(minted), ",") {
			aud = audienceOf(minted)
		}
	}
	if err != nil {
		minted, _ = o.mint()
	}
	if sub == "" {
		sub, _ = minted["sub"].(string)
	}
	if d.client != "" && directory.IsGUID(d.client) {
		d.entra.set("clientId", d.client)
	}
	if d.cloud != "" && d.cloud != "public" {
		d.entra.set("cloud", d.cloud)
	}
	return presented{d.iss, sub, aud}
}

// printedBefore is what the message prints of the token where today's has no place for it, as AADSTS70021 does.
func (d *draft) printedBefore(name string) string {
	if value, ok := d.message.Values[name]; ok && !strings.Contains(d.row.Message, "{"+name+"}") {
		return unmask(value.Text)
	}
	return ""
}

func (d *draft) setIssuer(o origin) {
	d.from = o
	d.issuer.set("platform", o.platform.Name)
	d.issuer.set("preset", o.preset)
	if o.url != "" {
		d.issuer.set("url", o.url)
	}
	if len(o.claims) > 0 {
		d.issuer.set("claims", o.claims)
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// withoutPlaceholder is a value that says everything, or nothing.
func withoutPlaceholder(s string) string {
	if strings.ContainsAny(s, "{}") {
		return ""
	}
	return s
}

func audienceOf(claims map[string]any) string {
	switch aud := claims["aud"].(type) {
	case string:
		return aud
	case []string:
		return strings.Join(aud, ",")
	case []any:
		var all []string
		for _, one := range aud {
			all = append(all, fmt.Sprint(one))
		}
		return strings.Join(all, ",")
	}
	return ""
}

// audienceClaim is the claim of which Entra prints the text: a list, if there is a comma in it.
func audienceClaim(printed string) any {
	if !strings.Contains(printed, ",") {
		return printed
	}
	return strings.Split(printed, ",")
}

// good writes a sign-in that passes.
func (d *draft) good() presented {
	p := d.signIn(presented{})
	d.trust(d.accepting(p))
	return p
}

// parameters changes the form of the request.
func (d *draft) parameters(pairs ...any) {
	for i := 0; i+1 < len(pairs); i += 2 {
		d.exchange.get("parameters").set(pairs[i].(string), pairs[i+1])
	}
}

// fault makes the issuer misbehave from the start.
func (d *draft) fault(name string, parameters *object) {
	list, _ := d.issuer.value("faults").([]*object)
	d.issuer.set("faults", append(list, of(name, parameters)))
}

// tenant names the tenant as the message does.
func (d *draft) inTenant(id, displayName string) {
	t := of()
	if directory.IsGUID(id) && id != directory.ZeroGUID {
		t.set("id", id)
	}
	if displayName != "" {
		t.set("displayName", displayName)
	}
	if len(t.members) > 0 {
		if !t.has("displayName") {
			t.set("displayName", "Contoso")
		}
		d.entra.set("tenant", t)
	}
}

// expect is what the last step must come to: the refusal's code and what it says, or a token.
func (d *draft) expect() *object {
	message := d.row.Message
	if d.row.Number == 0 {
		return of("token", of("appid", computed("${{ entra.app.clientId }}")))
	}
	if d.call != nil {
		return of("error", d.row.Name(), "status", d.row.Status, "says", []string{message})
	}
	return of("error", d.row.Name(), "oauth", d.row.OAuth, "status", d.row.Status, "says", says(message, d.printed))
}

// scenario writes the file, and reads it back.
func (d *draft) scenario(name, about string, head []string) (*Scenario, error) {
	label := "happy"
	if d.row.Number != 0 {
		label = "failure"
	}
	root := of("name", name, "about", about, "labels", []string{label})
	if d.row.Number != 0 {
		root.set("labels", []string{label, d.row.Name()})
	}
	if d.clock != "" {
		root.set("clock", of("start", d.clock))
	}
	root.set("issuer", d.issuer)
	root.set("entra", d.entra)
	var steps []*object
	if d.mint != nil {
		steps = append(steps, of("id", "job", "mint", d.mint))
	}
	steps = append(steps, d.before...)
	last := of("exchange", d.exchange)
	if d.call != nil {
		last = of("call", d.call)
	}
	last.set("expect", d.expect())
	steps = append(steps, last)
	comments := yaml.CommentMap{}
	if len(d.fix) > 0 {
		comments[fmt.Sprintf("$.steps[%d]", len(steps))] = []*yaml.Comment{yaml.HeadComment(" The fix: " + d.fixWith + ".")}
	}
	root.set("steps", append(steps, d.fix...))
	source, err := encode(head, root, comments)
	if err != nil {
		return nil, err
	}
	file, problems := scenario.Load("reproduced.yaml", source, runner.Names())
	if len(problems) > 0 && d.row.Number != 0 {
		return nil, &UnableError{d.row.Name(), "a scenario can't have it: " + problems[0].Message}
	} else if len(problems) > 0 {
		return nil, fmt.Errorf("reproduce: the scenario can't be read: %w", problems)
	}
	made := &Scenario{Name: name, Assumed: d.assumed, Source: source, file: file}
	if d.row.Number != 0 {
		made.Code = d.row.Name()
	}
	for _, p := range place.FindAllString(d.row.Message, -1) {
		name := strings.Trim(p, "{}")
		if text, printed := d.printed[name]; printed {
			made.Values = append(made.Values, Value{name, text, slices.Contains(d.compared, name)})
		}
	}
	return made, nil
}

// headOf are the comments at the beginning of a file: the schema, for editors, and then some lines.
func headOf(schema string, lines ...string) []string {
	if schema == "" {
		return lines
	}
	return append([]string{"yaml-language-server: $schema=" + schema}, lines...)
}
