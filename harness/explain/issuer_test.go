package explain_test

import (
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
	"github.com/issuerd/issuerd/harness/explain/paste"
)

// slashed is an error about an issuer whose final slash may have been added where it was pasted.
func slashed(code int, issuer string) input.Found {
	found := failure(code, now, map[string]string{"sub": mainBranch})
	found.Text.Messages[0].Values["iss"] = paste.Value{Text: issuer, Doubt: "the slash at its end may have been added"}
	return found
}

// TestDoubtfulSlash: a slash that may have been added is left out where the platform's issuers have none, and else no
// command has it without its doubt.
func TestDoubtfulSlash(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		issuer string
		known  bool // its platform has no slash
	}{
		{githubIssuer + "/", true}, {"https://gitlab.com/", true}, {"https://app.terraform.io/", true}, {"https://agent.buildkite.com/", true}, {"https://accounts.google.com/", true},
		{"https://token.actions.octo.ghe.com/", true}, {"https://octo.app.spacelift.io/", true}, {"https://idp.contoso.example/", false}, {"https://octo.eu.auth0.com/", false},
	} {
		bare := strings.TrimSuffix(tt.issuer, "/")
		for _, code := range []int{700211, 70021} {
			for _, beside := range [][]input.Found{nil, {credential(t, "one", bare, "x", audience)}, {credential(t, "one", bare, mainBranch, audience)}, {credential(t, "one", tt.issuer, mainBranch, audience)}} {
				s := only(t, explained(t, append(beside, slashed(code, tt.issuer))...))
				if slash := s.Presented.Issuer == tt.issuer; slash == tt.known || len(s.Presented.Doubts) != 1 {
					t.Errorf("%s: presented %q, doubts %q", tt.issuer, s.Presented.Issuer, s.Presented.Doubts)
				}
				commands := 0
				for _, fix := range s.Fixes {
					for _, c := range fix.Commands {
						has := strings.Contains(c.Text, tt.issuer+`"`) || strings.Contains(c.Text, tt.issuer+`'`)
						says := strings.Contains(c.Text, "in doubt: issuer: the slash at its end may have been added")
						if has != says || has && tt.known {
							t.Errorf("AADSTS%d, %s: %s", code, tt.issuer, c.Text)
						}
						commands++
					}
				}
				if len(beside) == 0 && commands == 0 {
					t.Errorf("%s: no commands", tt.issuer)
				}
			}
		}
	}
	s := only(t, explained(t, slashed(700211, githubIssuer+"/"), credential(t, "one", githubIssuer+"/", mainBranch, audience)))
	if !strings.Contains(s.Cause, "the credential has a slash at the end, the token has none") || !strings.Contains(command(s, "terraform"), `"`+githubIssuer+`"`) {
		t.Errorf("cause %q, %s", s.Cause, command(s, "terraform"))
	}
}

// TestInside: tokens of an issuer that Entra cannot read get another issuer, and no credential with this one.
func TestInside(t *testing.T) {
	t.Parallel()
	const cluster = "--service-account-issuer"
	for _, tt := range []struct{ issuer, says string }{
		{"https://kubernetes.default.svc", cluster}, {"https://kubernetes.default.svc.cluster.local", cluster}, {"https://kubernetes.default.svc.cluster.local:6443", cluster},
		{"https://kubernetes.default", cluster}, {"https://oidc.infra.svc/x", cluster}, {"https://oidc.infra.svc.cluster.local", cluster}, {"kubernetes/serviceaccount", cluster}, {"https://10.1.2.3:6443", "private address"},
		{"https://[::1]:8443", "private address"}, {"https://spire:8443", "inside of a network"}, {"https://idp.contoso.internal/realms/x", "inside of a network"},
		{githubIssuer, ""}, {"https://idp.contoso.example", ""}, {"https://oidc.svc.contoso.example", ""}, {"https://20.1.2.3", ""}, {"https://local.example", ""}, {"", ""}, {"%", ""},
	} {
		if got := explain.Inside(tt.issuer); !strings.Contains(got, tt.says) || (got == "") != (tt.says == "") {
			t.Errorf("%s: %q, want %q", tt.issuer, got, tt.says)
		}
		if tt.says == "" {
			continue
		}
		subject := "system:serviceaccount:default:app"
		values := map[string]string{"iss": tt.issuer, "sub": subject, "aud": audience}
		for name, inputs := range map[string][]input.Found{
			"70021": {failure(70021, now, values)}, "700211": {failure(700211, now, values)},
			"a token":                      {token(t, map[string]any{"iss": tt.issuer, "sub": subject})},
			"a token and a credential":     {token(t, map[string]any{"iss": tt.issuer, "sub": subject}), credential(t, "one", "https://contoso.example/oidc", subject, audience)},
			"70021 and a credential":       {failure(70021, now, values), credential(t, "one", "https://contoso.example/oidc", subject, audience)},
			"another subject":              {failure(70021, now, values), credential(t, "one", tt.issuer, "system:serviceaccount:default:web", audience)},
			"a credential that accepts it": {token(t, map[string]any{"iss": tt.issuer, "sub": subject}), credential(t, "one", tt.issuer, subject, audience)},
		} {
			s := only(t, explained(t, inputs...))
			if !strings.Contains(s.Cause, tt.says) || len(s.Fixes) == 0 {
				t.Errorf("%s, %s: cause %q, fixes %+v", tt.issuer, name, s.Cause, s.Fixes)
			}
			for _, fix := range s.Fixes {
				for _, c := range fix.Commands {
					if name != "another subject" && strings.Contains(c.Text, tt.issuer+`"`) {
						t.Errorf("%s, %s: a credential that is of no use: %s", tt.issuer, name, c.Text)
					}
				}
			}
		}
	}
}

// TestSuperseded says which value of AADSTS70021 is likely the wrong one.
func TestSuperseded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		issuer, subject, audience string
		code                      int
		why                       string
	}{
		{"https://kubernetes.default.svc.cluster.local", "system:serviceaccount:a:b", audience, 700211, "--service-account-issuer"},
		{"https://kubernetes.default.svc.cluster.local", "system:serviceaccount:a:b", "x", 700211, "--service-account-issuer"},
		{githubIssuer, mainBranch, "https://github.com/octo", 700212, "not the one that Microsoft recommends"},
		{githubIssuer + "/", mainBranch, audience, 700211, "which tokens of " + githubIssuer + " do not have"},
		{"https://idp.contoso.example/", mainBranch, audience, 700211, "a slash at its end"},
		{githubIssuer, mainBranch, audience, 700213, "the subject, as"}, {githubIssuer, mainBranch, audience + "USGov", 700213, "the subject, as"}, {"", "", "", 700213, ""}, {"", mainBranch, "", 700213, ""},
		{githubIssuer, mainBranch, audience + "/", 700212, "not the one that Microsoft recommends"},
	} {
		code, why := explain.Superseded(tt.issuer, tt.subject, tt.audience)
		if code != tt.code || !strings.Contains(why, tt.why) || (why == "") != (tt.why == "") {
			t.Errorf("%q, %q, %q: %d, %q; want %d, %q", tt.issuer, tt.subject, tt.audience, code, why, tt.code, tt.why)
		}
		s := explained(t, failure(70021, now, map[string]string{"iss": tt.issuer, "sub": tt.subject, "aud": tt.audience})).SignIns
		if len(s) == 1 && !strings.Contains(s[0].Cause, why) {
			t.Errorf("cause %q, want %q", s[0].Cause, why)
		}
	}
}
