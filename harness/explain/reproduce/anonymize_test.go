package reproduce_test

import (
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/explain/input"
	"github.com/issuerd/issuerd/harness/explain/reproduce"
)

// TestAnonymous reproduces every message again under other names.
func TestAnonymous(t *testing.T) {
	t.Parallel()
	var all []*reproduce.Scenario
	for _, tt := range printed {
		s, err := reproduce.Make(said(tt.code, tt.values), reproduce.Options{Anonymize: true})
		if err != nil {
			t.Fatalf("AADSTS%d with %q: %v", tt.code, tt.values, err)
		}
		for _, name := range []string{"fabrikam", "72f988bf", "11111111-2222", "66666666-2222", "Code Sign", "contoso/web", "feature/ä", "error.txt", "acme/portal", "billing"} {
			if strings.Contains(string(s.Source), name) {
				t.Errorf("%q is still in the scenario of AADSTS%d:\n%s", name, tt.code, s.Source)
			}
		}
		all = append(all, s)
	}
	target := emulator(t, all...)
	for _, s := range all {
		t.Run(s.Code, func(t *testing.T) {
			out, err := s.Play(t.Context(), target)
			if err != nil || !out.Reproduced {
				t.Errorf("got %q: %s %v\n%s", out.Got, out.Problem, err, s.Source)
			}
		})
	}
}

// TestSameName replaces a name by the same one wherever it stands, and keeps what differs different.
func TestSameName(t *testing.T) {
	t.Parallel()
	c := said(7002138, places{"sub": "repo:Fabrikam@12345/Shop.Pay@678:environment:Production"})
	c.Inputs[0].Credentials = []input.Credential{{Credential: directory.Credential{
		Name: "fabrikam-shop", Issuer: "https://token.actions.githubusercontent.com/Fabrikam", Subject: "repo:fabrikam@12345/shop.pay@678:environment:Production",
		Audiences: []string{"api://AzureADTokenExchange"},
	}}, {Credential: directory.Credential{
		Name: "by-GUID", Issuer: "https://login.fabrikam.com/72f988bf-86f1-41af-91ab-2d7cd011db47/", Subject: "repo:FABRIKAM@12345/shop.pay@678:environment:Production",
		Audiences: []string{"api://AzureADTokenexchange"},
	}}}
	s, err := reproduce.Make(c, reproduce.Options{Anonymize: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"repo:Alfa@1001/Bravo.Charlie@1002:environment:Production", "repo:alfa@1001/bravo.charlie@1002:environment:Production",
		"repo:aLfa@1001/bravo.charlie@1002:environment:Production", "name: alfa-bravo", "https://token.actions.githubusercontent.com/Alfa",
		".alfa.com.example/00000001-aaaa-bbbb-cccc-dddddddddddd/", "api://AzureADTokenexchange",
	} {
		if !strings.Contains(string(s.Source), want) {
			t.Errorf("no %q in\n%s", want, s.Source)
		}
	}
	if strings.Contains(strings.ToLower(string(s.Source)), "fabrikam") {
		t.Errorf("the name is still there:\n%s", s.Source)
	}
	out, err := s.Play(t.Context(), emulator(t, s))
	if err != nil || !out.Reproduced {
		t.Errorf("got %q: %s %v", out.Got, out.Problem, err)
	}
}

// TestAnonymousToken leaves no name of a token, a job or a terraform variable in the file.
func TestAnonymousToken(t *testing.T) {
	t.Parallel()
	unknown := credential("fabrikam", "https://idp.fabrikam.example/", "", exchange)
	unknown.Unknown = map[string]string{"subject": "var.fabrikam_subject"}
	c := said(5002726, nil)
	c.Tenant, c.Client = "72f988bf-86f1-41af-91ab-2d7cd011db47", "11111111-2222-3333-4444-555555555555"
	c.Inputs[0].Credentials = []input.Credential{unknown}
	c.Inputs[0].Jobs = []input.Job{{Subjects: []input.Subject{{Subject: "repo:fabrikam/shop:pull_request"}}}}
	c.Inputs[0].Tokens = []input.Token{compact(t, map[string]any{"alg": "RS256", "kid": "fabrikam-1", "jku": "https://keys.fabrikam.example/jwks"}, map[string]any{
		"iss": "https://idp.fabrikam.example/", "sub": "fabrikam|robot", "aud": exchange, "roles": []string{"fabrikam-admin"}, "ext": map[string]any{"team": "fabrikam-team"},
	})}
	s, err := reproduce.Make(c, reproduce.Options{Anonymize: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fabrikam", "72f988bf", "11111111-2222", "robot", secretPart} {
		if strings.Contains(strings.ToLower(string(s.Source)+strings.Join(s.Assumed, " ")), name) {
			t.Errorf("%q is still there:\n%s", name, s.Source)
		}
	}
	if out, err := s.Play(t.Context(), emulator(t, s)); err != nil || !out.Reproduced {
		t.Errorf("got %q: %s %v\n%s", out.Got, out.Problem, err, s.Source)
	}
}
