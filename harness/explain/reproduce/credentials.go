package reproduce

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/entra/expression"
	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
	"github.com/issuerd/issuerd/harness/explain/paste"
)

// trust writes the credentials: those of the case, or the one that the recipe makes up.
func (d *draft) trust(madeUp ...*object) {
	d.credentials = slices.DeleteFunc(slices.Clone(d.credentials), d.refusesExpression)
	list := madeUp
	if len(d.credentials) > 0 {
		list = nil
		for i, c := range d.credentials[:min(len(d.credentials), directory.MaxCredentials)] {
			list = append(list, d.credential(i, c, madeUp[0]))
		}
	}
	d.entra.set("credentials", list)
}

// credential writes one of the case's. What is not known of it is as in the one that the recipe made up.
func (d *draft) credential(n int, c input.Credential, madeUp *object) *object {
	o := of("name", d.credentialName(n, c.Name))
	fill := func(field, value string) string {
		reason := cmp.Or(c.Unknown[field], c.Masked[field])
		if reason == "" && !paste.Masked(value) {
			return value
		}
		out := unmask(value)
		if out == "" || paste.Masked(out) || field == "issuer" && !strings.Contains(out, "://") {
			switch known := madeUp.value(field).(type) {
			case string:
				out = known
			case []string:
				out = known[0]
			default:
				audience, _ := directory.ExchangeAudience(d.cloud)
				out = map[string]string{"issuer": d.iss, "subject": "octo", "audiences": audience}[field]
			}
		}
		d.assume("credential %s: its %s is %q; here it is %q", c.Name, field, cmp.Or(reason, value), out)
		return out
	}
	if issuer := fill("issuer", c.Issuer); issuer != d.iss || d.from.url == "" && d.iss != d.from.canonical() {
		o.set("issuer", issuer)
	}
	switch {
	case c.Matching != "":
		o.set("matching", c.Matching)
		if d.needsAge(c) {
			o.set("createdDateTime", beforeRule.Format(time.RFC3339))
			d.assume("credential %s: Entra has taken its expression only before %s, so here it is from before", c.Name, expression.GitHubRule.Format(time.DateOnly))
		}
	default:
		o.set("subject", fill("subject", c.Subject))
	}
	audience, _ := directory.ExchangeAudience(d.cloud)
	if given := first(c.Audiences); given != "" || c.Unknown["audiences"] != "" {
		if given = fill("audiences", given); given != audience {
			o.set("audiences", []string{given})
		}
	}
	return o
}

// beforeRule is when a credential was made of which less was asked.
var beforeRule = expression.GitHubRule.AddDate(0, 0, -1)

// validExpression is the error of a credential's expression, if it was made then.
func (d *draft) validExpression(c input.Credential, created time.Time) error {
	c.Created = created
	if c.Issuer == "" || paste.Masked(c.Issuer) {
		c.Issuer = cmp.Or(d.iss, d.from.canonical())
	}
	return directory.ValidateMatching(cmp.Or(d.cloud, "public"), c.Credential, false, directory.Options{})
}

// needsAge tells whether Entra takes a credential's expression only of one that is old enough.
func (d *draft) needsAge(c input.Credential) bool {
	return d.validExpression(c, time.Time{}) != nil && d.validExpression(c, beforeRule) == nil
}

// refusesExpression tells, and says, that a credential is left out because no credential can have its expression.
func (d *draft) refusesExpression(c input.Credential) bool {
	if c.Matching == "" || d.validExpression(c, time.Time{}) == nil || d.needsAge(c) {
		return false
	}
	d.assume("credential %s is left out: %v", c.Name, d.validExpression(c, beforeRule))
	return true
}

// noName is what names of credentials do not have.
var noName = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// credentialName is a name that a credential can have and no other has.
func (d *draft) credentialName(n int, name string) string {
	clean := func(name string) string { return strings.Trim(noName.ReplaceAllString(name, "-"), "-") }
	name = clean(name)
	for _, other := range d.credentials[:n] {
		if clean(other.Name) == name {
			name = ""
		}
	}
	if directory.ValidCredentialName(name) {
		return name
	}
	return fmt.Sprintf("credential-%d", n+1)
}

// accepting is a credential that accepts a token.
func (d *draft) accepting(p presented) *object {
	c := of("name", "workload")
	if p.iss != cmp.Or(d.from.url, d.from.canonical()) {
		c.set("issuer", p.iss)
	}
	c.set("subject", p.sub)
	if audience, _ := directory.ExchangeAudience(d.cloud); p.aud != audience {
		c.set("audiences", []string{p.aud})
	}
	return c
}

// mend adds the steps that give the application a credential for what was presented, and sign in again, if the issuer
// can be asked for its keys, by Entra too.
func (d *draft) mend(p presented) {
	if explain.Inside(p.iss) != "" {
		return
	}
	if len(d.fix) > 0 || p.iss != cmp.Or(d.from.url, d.from.canonical()) || tooLong(p.iss) || p.sub == "" || tooLong(p.sub) || p.aud == "" || tooLong(p.aud) || strings.Contains(p.aud, ",") || d.mint.has("claims") ||
		slices.Contains(unread, d.from.platform.Name+" "+d.from.preset) {
		return
	}
	change := of("add", d.accepting(p))
	change.get("add").set("name", "the-fix")
	list, _ := d.entra.value("credentials").([]*object)
	for _, c := range list {
		if c.value("issuer") == nil && c.value("subject") == p.sub { // an application has a subject of an issuer once
			change = of("update", of("name", c.value("name"), "audiences", []string{p.aud}))
		}
	}
	if len(list) == directory.MaxCredentials && change.has("add") {
		return
	}
	d.fix, d.fixWith = []*object{of("credential", change), of("exchange", of())}, "a credential for what was presented"
}

// edited is for a credential of the case that accepts what was presented. Then it has become so a short time ago, by a
// change in place of which Entra does not know yet: it began with another value of the member.
func (d *draft) edited(p presented, member string, before any) {
	audience, _ := directory.ExchangeAudience(d.cloud)
	list, _ := d.entra.value("credentials").([]*object)
	for i := range d.credentials[:min(len(list), len(d.credentials))] {
		c := list[i]
		iss, _ := c.value("issuer").(string)
		aud, _ := c.value("audiences").([]string)
		if cmp.Or(iss, d.iss) != p.iss || c.value("subject") != p.sub || cmp.Or(first(aud), audience) != p.aud {
			continue
		}
		old := of()
		for _, m := range c.members {
			old.set(m.Key.(string), m.Value)
		}
		old.set(member, before)
		list[i] = old
		name := c.value("name")
		now := map[string]any{"issuer": p.iss, "subject": p.sub, "audiences": []string{p.aud}}[member]
		d.entra.get("options").set("staleEdits", "6h")
		d.before = append(d.before, of("credential", of("update", of("name", name, member, now))))
		d.fix, d.fixWith = []*object{of("credential", of("remove", name)), of("credential", of("add", c)), of("exchange", of())}, "to remove the credential and add it anew, which counts at once"
		d.assume("credential %v accepts what was presented; here its %s was another until a moment ago, and option staleEdits has Entra see it as it was", name, strings.TrimSuffix(member, "s"))
		return
	}
}

// tooLong tells a value that no credential can have.
func tooLong(value string) bool { return utf8.RuneCountInString(value) > directory.MaxFieldLength }
