package entra_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// knownCredential is a credential of which all is known.
func knownCredential(name, issuer, audience, subject string) entra.KnownCredential {
	return entra.KnownCredential{Credential: directory.Credential{Name: name, Issuer: issuer, Subject: subject, Audiences: []string{audience}}}
}

const someIssuer = "https://issuer.example"

// told is the lines of an examination from the check of the issuer to that of audience and subject, and the code.
func told(t *testing.T, e entra.Evidence) string {
	t.Helper()
	found, err := entra.Examine(context.Background(), e)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range found.Checks {
		if c.Name != "issuer" && c.Name != "audience and subject" {
			continue
		}
		state := "ok"
		switch {
		case c.Unknown != "":
			state = "not known: " + c.Unknown
		case !c.OK:
			state = fmt.Sprint(c.Code)
		}
		lines = append(lines, c.Name+" "+state)
		for _, made := range c.Compared {
			state := "differs"
			switch {
			case made.Unknown:
				state = "?"
			case made.Equal:
				state = "equal"
			}
			if made.Aside {
				state += " aside"
			}
			lines = append(lines, strings.Join([]string{" ", made.Credential, string(made.Field), made.Claim, state}, " "))
		}
	}
	if found.Refusal != nil {
		lines = append(lines, fmt.Sprint("code ", found.Refusal.Code))
	}
	return strings.Join(lines, "\n")
}

// TestExaminePartialEvidence examines what an error printed, or a token, beside credentials that are known in part.
func TestExaminePartialEvidence(t *testing.T) {
	t.Parallel()
	issuer := newIssuer(someIssuer)
	token := func(changes map[string]any) string {
		return issuer.mint((&rig{issuer: issuer, now: start}).claims(changes))
	}
	one := []entra.KnownCredential{knownCredential("one", someIssuer, exchangeAudience, mainSubject)}
	flexible := entra.KnownCredential{Credential: directory.Credential{
		Name: "flexible", Issuer: someIssuer, Audiences: []string{exchangeAudience},
		Matching: "claims['sub'] matches 'repo:contoso/web:*' and claims['repository_id'] eq '74'",
	}}
	for _, tt := range []struct {
		name     string
		evidence entra.Evidence
		want     []string
	}{
		{"nothing", entra.Evidence{}, []string{
			"issuer not known: the application's federated credentials, the token's issuer",
			"audience and subject not known: the application's federated credentials, the token's subject, the token's audience",
		}},
		{"the subject of an error", entra.Evidence{Values: entra.Values{Subject: "repo:contoso/Web:ref:refs/heads/main"}, Credentials: one}, []string{
			"issuer not known: the token's issuer",
			"audience and subject 7002138", "  one audiences aud ?", "  one subject sub differs", "code 7002138",
		}},
		{"the subject is equal, the rest is not known", entra.Evidence{Values: entra.Values{Subject: mainSubject}, Credentials: one}, []string{
			"issuer not known: the token's issuer",
			"audience and subject not known: the audiences of one", "  one audiences aud ?", "  one subject sub equal",
		}},
		{"the issuer of an error", entra.Evidence{Values: entra.Values{Issuer: someIssuer + "/"}, Credentials: one}, []string{
			"issuer 700211", "  one issuer iss differs",
			"audience and subject not known: the token's subject, the token's audience", "code 700211",
		}},
		{"all is compared beyond the first refusal", entra.Evidence{Assertion: token(map[string]any{"iss": someIssuer + "/", "sub": "x"}), Credentials: one}, []string{
			"issuer 700211", "  one issuer iss differs",
			"audience and subject 700213", "  one audiences aud equal", "  one subject sub differs", "code 700211",
		}},
		{"what Entra does not come to", entra.Evidence{Assertion: token(nil), Credentials: []entra.KnownCredential{
			knownCredential("elsewhere", someIssuer+"/", exchangeAudience, mainSubject), knownCredential("other", someIssuer, exchangeAudience, "x"),
		}}, []string{
			"issuer ok", "  elsewhere issuer iss differs", "  other issuer iss equal",
			"audience and subject 700213", "  other audiences aud equal", "  other subject sub differs",
			"  elsewhere audiences aud equal aside", "  elsewhere subject sub equal aside", "code 700213",
		}},
		{"a field that is a variable", entra.Evidence{Assertion: token(nil), Credentials: []entra.KnownCredential{
			{Credential: directory.Credential{Name: "one", Issuer: someIssuer, Audiences: []string{exchangeAudience}}, Unknown: []entra.Field{entra.FieldSubject}},
			knownCredential("other", someIssuer, exchangeAudience, "x"),
		}}, []string{
			"issuer ok", "  one issuer iss equal", "  other issuer iss equal",
			"audience and subject not known: the subject of one", "  one audiences aud equal", "  other audiences aud equal",
			"  one subject sub ?", "  other subject sub differs",
		}},
		{"an expression and a subject alone", entra.Evidence{Values: entra.Values{Subject: mainSubject}, Credentials: []entra.KnownCredential{flexible}}, []string{
			"issuer not known: the token's issuer",
			"audience and subject not known: the claimsMatchingExpression of flexible", "  flexible audiences aud ?",
			"  flexible claimsMatchingExpression sub equal", "  flexible claimsMatchingExpression repository_id ?",
		}},
		{"an expression and a token", entra.Evidence{Assertion: token(map[string]any{"repository_id": "75"}), Credentials: []entra.KnownCredential{flexible}}, []string{
			"issuer ok", "  flexible issuer iss equal",
			"audience and subject 7002131", "  flexible audiences aud equal",
			"  flexible claimsMatchingExpression sub equal", "  flexible claimsMatchingExpression repository_id differs", "code 7002131",
		}},
		{"no credentials", entra.Evidence{Assertion: token(nil), Credentials: []entra.KnownCredential{}}, []string{
			"issuer not known: a federated credential", "audience and subject not known: a federated credential", "code 70025",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(strings.Join(tt.want, "\n"), told(t, tt.evidence)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestExamineKeysAndTime examines a token with the issuer's keys at hand, at a time that is known, and at one that is not.
func TestExamineKeysAndTime(t *testing.T) {
	t.Parallel()
	issuer := newIssuer(someIssuer + "/")
	mint := func(key string) string {
		issuer.header["kid"] = key
		return issuer.mint((&rig{issuer: issuer, now: start}).claims(nil))
	}
	good, unknown := mint("k1"), mint("k2")
	forged := good[:len(good)-8] + "AAAAAAAA"
	jwks := issuer.jwks.([]byte)
	credentials := []entra.KnownCredential{knownCredential("one", someIssuer+"/", exchangeAudience, mainSubject)}
	for _, tt := range []struct {
		name     string
		evidence entra.Evidence
		code     int
		unknown  string // the checks whose input is missing, of those after the subject
	}{
		{"no keys", entra.Evidence{Assertion: good}, 0, "claim policy, issuer metadata, signing key, signature, valid time"},
		{"keys", entra.Evidence{Assertion: good, JWKS: jwks}, 0, "claim policy, valid time"},
		{"an unknown key", entra.Evidence{Assertion: unknown, JWKS: jwks}, 7000272, "claim policy, signature, valid time"},
		{"another's signature", entra.Evidence{Assertion: forged, JWKS: jwks}, 7000274, "claim policy, valid time"},
		{"keys that cannot be read", entra.Evidence{Assertion: good, JWKS: []byte("{}")}, 900612, "claim policy, signing key, signature, valid time"},
		{"another's discovery document", entra.Evidence{Assertion: good, JWKS: jwks, Discovery: newIssuer(someIssuer).document(nil)}, 501661, "claim policy, signing key, signature, valid time"},
		{"in time", entra.Evidence{Assertion: good, Time: start.Add(time.Minute)}, 0, "claim policy, issuer metadata, signing key, signature"},
		{"too late", entra.Evidence{Assertion: good, Time: start.Add(time.Hour)}, 700024, "claim policy, issuer metadata, signing key, signature"},
		{"the times of an error", entra.Evidence{Time: start.Add(time.Hour), Values: entra.Values{Issued: start, Expires: start.Add(10 * time.Minute)}}, 700024,
			"audience and subject, claim policy, issuer metadata, signing key, signature"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.evidence.Credentials = credentials
			found, err := entra.Examine(context.Background(), tt.evidence)
			if err != nil {
				t.Fatal(err)
			}
			var unknown []string
			reached := false
			for _, c := range found.Checks {
				reached = reached || c.Name == "audience and subject"
				if reached && c.Unknown != "" && c.Name != "scope" && c.Name != "resource" && c.Name != "assignment" && c.Name != "Conditional Access" {
					unknown = append(unknown, c.Name)
				}
			}
			code := 0
			if found.Refusal != nil {
				code = found.Refusal.Code
				if got := found.Checks[found.At].Code; got != code {
					t.Errorf("check %d has code %d, want %d", found.At, got, code)
				}
			}
			if got := strings.Join(unknown, ", "); code != tt.code || got != tt.unknown || len(found.SignIn.Fetched) > 0 {
				t.Errorf("code %d, not known %s, fetched %v; want %d, %s, nothing", code, got, found.SignIn.Fetched, tt.code, tt.unknown)
			}
		})
	}
	if _, err := entra.Examine(context.Background(), entra.Evidence{Cloud: "mars"}); err == nil || !strings.Contains(err.Error(), "have public, usgov, china") {
		t.Errorf("cloud mars: %v", err)
	}
}

// TestExamineDirectory has the whole directory, and no request: the tenant is asked in its own cloud, and the directory
// stays as it is.
func TestExamineDirectory(t *testing.T) {
	t.Parallel()
	d := directory.New()
	tenant, err := d.AddTenant(directory.Tenant{DisplayName: "Gov", Cloud: "usgov", Applications: []directory.Application{{Name: "deployer", Disabled: true}}})
	if err != nil {
		t.Fatal(err)
	}
	for client, code := range map[string]int{tenant.Applications[0].ClientID: 7000112, foreignTenant: 700016} {
		found, err := entra.Examine(context.Background(), entra.Evidence{Directory: d, Tenant: tenant.ID, ClientID: client, Values: entra.Values{Subject: "x"}})
		if err != nil || found.Refusal == nil || found.Refusal.Code != code {
			t.Errorf("%+v, %v, want AADSTS%d", found.Refusal, err, code)
		}
	}
	if d.Now != nil {
		t.Error("the directory has got a clock")
	}
}
