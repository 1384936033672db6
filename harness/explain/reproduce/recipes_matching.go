package reproduce

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/entra/expression"
)

// matchingRecipes are about the federated identity credential. Without one among the inputs they make up one that is
// near what was presented and not equal.
var matchingRecipes = map[int]recipe{
	700211: func(d *draft) error {
		p := d.signIn(presented{iss: d.take("iss", d.claim("iss"), "https://token.actions.githubusercontent.com/")})
		d.printed["iss"] = p.iss
		c := d.accepting(p)
		c.set("issuer", anotherIssuer(p.iss))
		d.trust(c)
		d.madeUp("trusts the issuer %q", anotherIssuer(p.iss))
		d.edited(p, "issuer", anotherIssuer(p.iss))
		d.mend(p)
		return nil
	},
	700212: func(d *draft) error {
		want, _ := directory.ExchangeAudience(d.cloud)
		aud := d.take("aud", d.claim("aud"), "https://github.com/octo-org")
		p := d.signIn(presented{aud: aud})
		c := d.accepting(p)
		c.drop("audiences")
		switch {
		case strings.Contains(aud, ","):
			d.assume("aud: %q has a comma; it is taken for a list of several", aud)
		case aud == want:
			want = "api://AzureADTokenExchangeUSGov"
			c.set("audiences", []string{want})
		}
		d.trust(c)
		d.madeUp("has the audience %q", want)
		d.edited(p, "audiences", []string{want})
		d.mend(p)
		return nil
	},
	700213: func(d *draft) error {
		p := d.signIn(presented{sub: d.take("sub", d.knownSubject(), "repo:octo-org/octo-repo:environment:prod")})
		c := d.accepting(p)
		c.set("subject", anotherSubject(p.sub))
		d.trust(c)
		d.madeUp("has the subject %q", anotherSubject(p.sub))
		d.edited(p, "subject", anotherSubject(p.sub))
		d.mend(p)
		return nil
	},
	7002131: func(d *draft) error {
		p := d.signIn(presented{sub: d.take("sub", d.knownSubject(), "repo:octo-org/octo-repo:ref:refs/heads/gh-readonly-queue/main/pr-1-0123456789abcdef")})
		classic := d.accepting(p)
		classic.set("subject", anotherSubject(p.sub))
		flexible := of("name", "flexible", "matching", "claims['sub'] matches 'repo:octo-org/octo-repo:ref:refs/heads/release/*' and claims['repository_owner_id'] eq '65'")
		switch {
		case p.iss == expression.GitHub:
			repository, _, found := strings.Cut(strings.TrimPrefix(p.sub, "repo:"), ":")
			if !found || strings.ContainsAny(repository, `'*?\`) {
				repository = "octo-org/octo-repo"
			}
			at := "repo:" + repository + ":ref:refs/heads/release/*"
			flexible.set("matching", "claims['sub'] matches '"+at+"' and claims['repository_owner_id'] eq '65'")
			d.trust(flexible)
			d.madeUp("has an expression for %q", at)
		default:
			flexible.set("issuer", expression.GitHub)
			d.trust(flexible, classic)
			d.madeUp("is one of two: the other has an expression, about GitHub")
		}
		if len(d.credentials) > 0 && !d.hasExpression() {
			list, _ := d.entra.value("credentials").([]*object)
			if p.iss != expression.GitHub {
				flexible.set("issuer", expression.GitHub)
			}
			d.entra.set("credentials", append(list, flexible))
			d.assume("none of the credentials given has an expression, which the refusal speaks of; one is added")
		}
		d.edited(p, "subject", anotherSubject(p.sub))
		d.mend(p)
		return nil
	},
	7002138: func(d *draft) error {
		sub := d.take("sub", d.knownSubject(), "repo:octo-org/octo-repo:environment:Production")
		other, ok := inOtherCase(sub)
		if !ok {
			return fmt.Errorf("the subject %q has no letter that has two cases", sub)
		}
		p := d.signIn(presented{sub: sub})
		c := d.accepting(p)
		c.set("subject", other)
		d.trust(c)
		d.madeUp("has the subject %q", other)
		d.edited(p, "subject", other)
		d.mend(p)
		return nil
	},
	7002137: func(d *draft) error {
		sub := d.take("sub", d.knownSubject(), "/eid1/c/pub/t/u7uqqgAAzMwREd3dIiLu7g/a/9ExAW52n_ky4ZiS_jhpJIQ/7e307b14-2a27-4f66-ada8-ec6400eb4977")
		encoded, rest, ok := strings.Cut(strings.TrimPrefix(sub, "/eid1/c/pub/t/"), "/")
		if !ok || !strings.HasPrefix(sub, "/eid1/c/pub/t/") {
			return fmt.Errorf("the subject %q is none that Entra makes: want /eid1/c/pub/t/TENANT/…", sub)
		}
		wanted := "/eid1/c/pub/t/{tenantId}/" + rest
		if printed := d.message.Values["wanted"].Text; printed != "" && printed != wanted {
			d.assume("wanted: the emulator prints %q, and not %q", wanted, printed)
		} else if printed != "" {
			d.compare("wanted")
		}
		d.printed["wanted"] = wanted
		tenant := someTenant
		if raw, err := base64.RawURLEncoding.DecodeString(encoded); err == nil && len(raw) == 16 {
			tenant = guidOf(raw)
		}
		d.inTenant(tenant, "")
		// No server has this issuer here: the claim is enough, since nothing is fetched before the refusal.
		p := d.signIn(presented{iss: "https://login.microsoftonline.com/" + tenant + "/v2.0", sub: sub})
		c := d.accepting(p)
		c.set("subject", rest[strings.LastIndexByte(rest, '/')+1:])
		d.trust(c)
		d.madeUp("has the last part of the subject alone")
		return nil
	},
}

// madeUp says what was assumed about the credential, unless the inputs have one.
func (d *draft) madeUp(format string, args ...any) {
	if len(d.credentials) == 0 {
		d.assume("the credential is not known; here it "+format, args...)
	}
}

func (d *draft) hasExpression() bool {
	for _, c := range d.credentials {
		if c.Matching != "" {
			return true
		}
	}
	return false
}

// anotherIssuer is one that is near and not equal: with or without a slash at its end.
func anotherIssuer(iss string) string {
	switch {
	case ofEntra(iss) || strings.TrimSpace(iss) != iss || strings.Trim(iss, "/") == "" || tooLong(iss+"/"):
		return expression.GitHub
	case strings.HasSuffix(iss, "/"):
		return strings.TrimRight(iss, "/")
	}
	return iss + "/"
}

// anotherSubject is one that a credential might have by mistake: of the same workload in another context.
func anotherSubject(sub string) string {
	if m := githubContext.FindStringSubmatch(sub); m != nil && !tooLong(sub+"environment:production") {
		if m[2] == "ref:refs/heads/main" {
			return m[1] + "environment:production"
		}
		return m[1] + "ref:refs/heads/main"
	}
	if rest, ok := strings.CutPrefix(sub, "system:serviceaccount:"); ok {
		_, name, _ := strings.Cut(rest, ":")
		if other := "system:serviceaccount:another-namespace:" + name; other != sub && !tooLong(other) {
			return other
		}
	}
	if other := sub + "-other"; !tooLong(other) {
		return other
	}
	return "another-subject"
}

// inOtherCase is a subject that differs in the case of a letter alone: in lower case, or with a capital.
func inOtherCase(sub string) (string, bool) {
	if lower := strings.ToLower(sub); lower != sub && strings.EqualFold(lower, sub) {
		return lower, true
	}
	runes := []rune(sub)
	begin := strings.LastIndexAny(sub, ":/") + 1
	for _, from := range []int{len([]rune(sub[:begin])), 0} {
		for i := from; i < len(runes); i++ {
			if upper := unicode.ToUpper(runes[i]); upper != runes[i] {
				changed := string(runes[:i]) + string(upper) + string(runes[i+1:])
				return changed, strings.EqualFold(changed, sub)
			}
		}
	}
	return "", false
}

// guidOf writes the sixteen bytes of a GUID as Microsoft does: the first three groups begin with the last byte.
func guidOf(b []byte) string {
	return fmt.Sprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%x-%x", b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8:10], b[10:16])
}
