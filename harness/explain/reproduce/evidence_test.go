package reproduce_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
	"github.com/issuerd/issuerd/harness/explain/paste"
	"github.com/issuerd/issuerd/harness/explain/reproduce"
)

const secretPart = "c2VjcmV0LXNpZ25hdHVyZQ"

// nested is a token in the place of a value.
const nested = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0." + secretPart

// compact is a token whose signature nobody looks at.
func compact(t *testing.T, header, claims map[string]any) input.Token {
	t.Helper()
	var parts []string
	for _, part := range []any{header, claims} {
		text, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(text))
	}
	return input.Token{Compact: input.Secret(strings.Join(append(parts, secretPart), "."))}
}

func credential(name, issuer, subject, audience string) input.Credential {
	c := directory.Credential{Name: name, Issuer: issuer, Subject: subject}
	if audience != "" {
		c.Audiences = []string{audience}
	}
	return input.Credential{Credential: c}
}

const (
	githubIssuer = "https://token.actions.githubusercontent.com"
	exchange     = "api://AzureADTokenExchange"
)

// TestEvidence uses what is known beside the message.
func TestEvidence(t *testing.T) {
	t.Parallel()
	unknown := credential("from terraform", githubIssuer, "", exchange)
	unknown.Unknown = map[string]string{"subject": "var.subject"}
	flexible := input.Credential{Credential: directory.Credential{
		Name: "flexible", Issuer: githubIssuer, Matching: "claims['sub'] matches 'repo:fabrikam/shop:ref:refs/heads/release/*' and claims['repository_owner_id'] eq '7'", Audiences: []string{exchange},
	}}
	for _, tt := range []struct {
		name   string
		code   int
		values map[string]paste.Value
		found  input.Found
		want   []string // in the file
		not    []string
		failed string // what differs; empty: it is reproduced
	}{
		{
			name: "token", code: 700213, found: input.Found{Tokens: []input.Token{compact(t, map[string]any{"alg": "RS256", "kid": "k1"}, map[string]any{
				"iss": githubIssuer, "sub": "repo:fabrikam/shop:environment:blue", "aud": exchange, "repository": "fabrikam/shop", "environment": "blue", "actor": "mona", "exp": 1,
			})}},
			want: []string{"actor: mona", "environment: blue", "presented assertion subject 'repo:fabrikam/shop:environment:blue'"}, not: []string{secretPart, "exp:"},
		},
		{
			name: "token of another kind", code: 5002727, found: input.Found{Tokens: []input.Token{compact(t, map[string]any{"alg": "RS256", "typ": "JOSE"}, map[string]any{"iss": "https://idp.fabrikam.example", "sub": "x", "aud": exchange, "exp": 1})}},
			want: []string{"typ: JOSE", "url: https://idp.fabrikam.example"},
		},
		{
			name: "token with a header of its own", code: 5002726, found: input.Found{Tokens: []input.Token{compact(t, map[string]any{"alg": "RS256", "gty": []string{"client_credentials"}}, map[string]any{"iss": "https://idp.fabrikam.example", "sub": "x", "aud": exchange})}},
			want: []string{"gty:\n"},
		},
		{
			name: "times of the token", code: 700024, found: input.Found{Tokens: []input.Token{compact(t, map[string]any{"alg": "RS256"}, map[string]any{"iss": githubIssuer, "sub": "x", "aud": exchange, "iat": 1768471200, "exp": 1768471500})}},
			want: []string{"iat: 1768471200", "exp: 1768471500"},
		},
		{
			name: "credential", code: 700212, values: map[string]paste.Value{"aud": {Text: "https://gitlab.fabrikam.example"}},
			found: input.Found{Credentials: []input.Credential{credential("main", "https://gitlab.fabrikam.example", "project_path:a/b:ref_type:branch:ref:main", exchange)}},
			want:  []string{"platform: gitlab", "url: https://gitlab.fabrikam.example", "name: main", "subject: project_path:a/b:ref_type:branch:ref:main"}, not: []string{"not known"},
		},
		{
			name: "several credentials", code: 7002138, values: map[string]paste.Value{"sub": {Text: "repo:Fabrikam/shop:pull_request"}},
			found: input.Found{Credentials: []input.Credential{credential("x", githubIssuer, "repo:fabrikam/other:pull_request", exchange), credential("x", githubIssuer, "repo:fabrikam/shop:pull_request", exchange)}},
			want:  []string{"name: credential-1", "name: credential-2"},
		},
		{
			name: "credential that is not all known", code: 700213, values: map[string]paste.Value{"sub": {Text: "repo:fabrikam/shop:pull_request"}},
			found: input.Found{Credentials: []input.Credential{unknown}},
			want:  []string{"name: from-terraform", `its subject is "var.subject"; here it is "repo:fabrikam/shop:ref:refs/heads/main"`},
		},
		{
			name: "flexible credential", code: 7002131, values: map[string]paste.Value{"sub": {Text: "repo:fabrikam/shop:ref:refs/heads/main"}},
			found: input.Found{Credentials: []input.Credential{flexible}}, want: []string{"name: flexible", "release/*"}, not: []string{"is added"},
		},
		{
			name: "flexible credentials of before the rule, and of none", code: 7002131, values: map[string]paste.Value{"sub": {Text: "repo:fabrikam/shop:pull_request"}},
			found: input.Found{Credentials: []input.Credential{
				{Credential: directory.Credential{Name: "broken", Issuer: githubIssuer, Matching: "claims['sub'] like 'x'", Audiences: []string{exchange}}},
				{Credential: directory.Credential{Name: "old", Issuer: githubIssuer, Matching: "claims['sub'] matches 'repo:fabrikam/shop:ref:*'", Audiences: []string{exchange}}},
				credential("main", githubIssuer, "repo:fabrikam/shop:environment:x", exchange),
			}},
			want: []string{"name: old", `createdDateTime: "2026-07-14T00:00:00Z"`, "credential old: Entra has taken its expression only before 2026-07-15", "name: main", "credential broken is left out: "},
			not:  []string{"name: broken"},
		},
		{
			name: "no flexible credential", code: 7002131, values: map[string]paste.Value{"sub": {Text: "repo:fabrikam/shop:ref:refs/heads/main"}},
			found: input.Found{Credentials: []input.Credential{credential("classic", githubIssuer, "repo:fabrikam/shop:pull_request", exchange)}}, want: []string{"name: classic", "is added"},
		},
		{
			name: "credential that accepts it", code: 700213, values: map[string]paste.Value{"sub": {Text: "repo:fabrikam/shop:pull_request"}},
			found: input.Found{Credentials: []input.Credential{credential("main", githubIssuer, "repo:fabrikam/shop:pull_request", exchange)}},
			want:  []string{"staleEdits: 6h", "update:\n", "The fix: to remove the credential and add it anew", "credential main accepts what was presented"},
		},
		{
			name: "issuer of a credential that accepts it", code: 700211, values: map[string]paste.Value{"iss": {Text: githubIssuer}},
			found: input.Found{Credentials: []input.Credential{credential("main", githubIssuer, "repo:fabrikam/shop:pull_request", exchange)}}, want: []string{"staleEdits: 6h"},
		},
		{
			name: "audience of a credential that accepts it", code: 700212, values: map[string]paste.Value{"aud": {Text: exchange}},
			found: input.Found{Credentials: []input.Credential{credential("main", githubIssuer, "repo:fabrikam/shop:pull_request", exchange)}}, want: []string{"staleEdits: 6h"},
		},
		{
			name: "case of a credential that accepts it", code: 7002138, values: map[string]paste.Value{"sub": {Text: "repo:Fabrikam/shop:pull_request"}},
			found: input.Found{Credentials: []input.Credential{credential("main", githubIssuer, "repo:Fabrikam/shop:pull_request", exchange)}}, want: []string{"staleEdits: 6h"},
		},
		{
			name: "credential that does not refuse it so", code: 700213, values: map[string]paste.Value{"sub": {Text: "repo:fabrikam/shop:pull_request"}},
			found:  input.Found{Credentials: []input.Credential{credential("main", githubIssuer, "repo:Fabrikam/shop:pull_request", exchange)}},
			failed: "want AADSTS700213, got AADSTS7002138: No matching federated identity record found for presented assertion subject 'repo:fabrikam/shop:pull_request'.",
		},
		{
			name: "sign-in of a journal", found: input.Found{SignIns: []entra.SignIn{
				{Code: 0}, {Code: 7000272, Issuer: "https://idp.fabrikam.example", Subject: "robot", Audience: []string{exchange}, KeyID: "k9", ClientID: "11111111-2222-3333-4444-555555555555", Time: time.Unix(1e9, 0)},
			}},
			want: []string{"kid: k9", "url: https://idp.fabrikam.example", "subject: robot"},
		},
		{
			name: "job", code: 700213, found: input.Found{Jobs: []input.Job{{Subjects: []input.Subject{{Subject: "repo:{owner}/{repo}:environment:Blue"}}}}},
			want: []string{"subject 'repo:octo-org/octo-repo:environment:Blue'"},
		},
		{
			name: "tokens as values", code: 700213, values: map[string]paste.Value{"sub": {Text: nested}},
			found: input.Found{
				Tokens:      []input.Token{compact(t, map[string]any{"alg": "RS256"}, map[string]any{"iss": githubIssuer, "sub": nested, "aud": exchange, "actor": nested, "repository": "fabrikam/shop"})},
				Credentials: []input.Credential{credential(nested, githubIssuer, "repo:"+nested+":x", exchange)},
			},
			want: []string{"presented assertion subject '[token]'", "repo:[token]:x", `actor: "[token]"`}, not: []string{"eyJ"},
		},
		{
			name: "masks", code: 700213, values: map[string]paste.Value{"sub": {Text: "repo:***/***:environment:blue", Masked: true}},
			want: []string{"subject 'repo:octo-org/octo-repo:environment:blue'", `# - sub: "repo:***/***:environment:blue" is masked; here it is "repo:octo-org/octo-repo:environment:blue"`},
		},
		{
			name: "all masked", code: 700211, values: map[string]paste.Value{"iss": {Text: "***", Masked: true}},
			want: []string{"issuer 'https://token.actions.githubusercontent.com/'"},
		},
		{
			name: "cut", code: 700213, values: map[string]paste.Value{"sub": {Text: "repo:fabrikam/sh", Cut: true}}, want: []string{`# - sub: "repo:fabrikam/sh" is cut; it is taken as it is`},
		},
		{
			name: "doubt", code: 700211, values: map[string]paste.Value{"iss": {Text: githubIssuer + "/", Doubt: "a comment box may have added the slash"}},
			want: []string{`"https://token.actions.githubusercontent.com/", although a comment box may have added the slash`},
		},
		{
			name: "zero GUID", code: 700038, values: map[string]paste.Value{"clientId": {Text: directory.ZeroGUID, Masked: true}}, want: []string{directory.ZeroGUID}, not: []string{"masked"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.found.Input = "input"
			if tt.code != 0 {
				tt.found.Text = &paste.Result{Messages: []paste.Message{{Code: tt.code, Values: tt.values}}}
			}
			s, err := reproduce.Make(explain.Case{Inputs: []input.Found{tt.found}}, reproduce.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if !strings.Contains(string(s.Source), want) {
					t.Errorf("no %q in\n%s", want, s.Source)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(string(s.Source), not) {
					t.Errorf("%q is in\n%s", not, s.Source)
				}
			}
			out, err := s.Play(t.Context(), emulator(t, s))
			if err != nil || out.Reproduced != (tt.failed == "") || !strings.HasPrefix(out.Problem, tt.failed) {
				t.Errorf("got %q: %s %v\n%s", out.Got, out.Problem, err, s.Source)
			}
		})
	}
}

// TestWithoutText takes the code that the checks answer, where the inputs have a token and no text of a refusal.
func TestWithoutText(t *testing.T) {
	t.Parallel()
	const sub = "repo:fabrikam/shop:environment:blue"
	claims := func(changes map[string]any) map[string]any {
		all := map[string]any{"iss": githubIssuer, "sub": sub, "aud": exchange, "iat": 1768471200, "exp": 1768471500, "repository": "fabrikam/shop", "environment": "blue"}
		maps.Copy(all, changes)
		return all
	}
	rs256 := map[string]any{"alg": "RS256", "typ": "JWT", "kid": "k1"}
	for _, tt := range []struct {
		name        string
		token       input.Token
		credentials []input.Credential
		code        string // empty: nothing is refused
		value       string
	}{
		{"issuer", compact(t, rs256, claims(nil)), []input.Credential{credential("slash", githubIssuer+"/", sub, exchange)}, "AADSTS700211", githubIssuer},
		{"audience", compact(t, rs256, claims(nil)), []input.Credential{credential("usgov", githubIssuer, sub, exchange+"USGov")}, "AADSTS700212", exchange},
		{"subject", compact(t, rs256, claims(nil)), []input.Credential{credential("main", githubIssuer, "repo:fabrikam/shop:ref:refs/heads/main", exchange)}, "AADSTS700213", sub},
		{"case", compact(t, rs256, claims(nil)), []input.Credential{credential("blue", githubIssuer, "repo:fabrikam/shop:environment:Blue", exchange)}, "AADSTS7002138", sub},
		{"the token alone", compact(t, map[string]any{"alg": "ES256", "typ": "JWT"}, claims(nil)), nil, "AADSTS5002738", "ES256"},
		{"lifetime", compact(t, rs256, claims(map[string]any{"exp": 1800000000})), []input.Credential{credential("blue", githubIssuer, sub, exchange)}, "AADSTS70023", "1768471200"},
		{"accepted", compact(t, rs256, claims(nil)), []input.Credential{credential("blue", githubIssuer, sub, exchange)}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := explain.Case{Inputs: []input.Found{{Input: "t.jwt", Tokens: []input.Token{tt.token}}, {Input: "c.json", Credentials: tt.credentials}}}
			s, err := reproduce.Make(c, reproduce.Options{})
			if tt.code == "" {
				if err == nil || !strings.Contains(err.Error(), "nothing that can be checked in t.jwt, c.json is refused") {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.Code != tt.code || len(s.Values) == 0 || s.Values[0].Text != tt.value || !strings.Contains(strings.Join(s.Assumed, "\n"), "no text of a refusal") {
				t.Errorf("made %s with %+v, assumed %q", s.Code, s.Values, s.Assumed)
			}
			if out, err := s.Play(t.Context(), emulator(t, s)); err != nil || !out.Reproduced {
				t.Errorf("got %q: %s %v\n%s", out.Got, out.Problem, err, s.Source)
			}
		})
	}
}

// TestToday: what AADSTS70021 is today, the emulator's checks say with all the credentials, and the scenario yields it.
func TestToday(t *testing.T) {
	t.Parallel()
	const sub = "repo:fabrikam/shop:pull_request"
	elsewhere := credential("elsewhere", "https://gitlab.com", sub, exchange)
	flexible := credential("flexible", githubIssuer, "", exchange)
	flexible.Matching = "claims['sub'] matches 'repo:fabrikam/shop:ref:refs/heads/release/*' and claims['repository_owner_id'] eq '7'"
	hidden := credential("hidden", "***", sub, "other")
	hidden.Masked = map[string]string{"issuer": "***"}
	for _, tt := range []struct {
		name        string
		credentials []input.Credential
		want        string
	}{
		{"no issuer", []input.Credential{elsewhere}, "AADSTS700211"},
		{"the second has the issuer", []input.Credential{elsewhere, credential("near", githubIssuer, sub, "other")}, "AADSTS700212"},
		{"the second has the audience too", []input.Credential{elsewhere, credential("near", githubIssuer, "repo:fabrikam/shop:environment:prod", exchange)}, "AADSTS700213"},
		{"another case", []input.Credential{credential("near", githubIssuer, "repo:Fabrikam/shop:pull_request", exchange)}, "AADSTS7002138"},
		{"an expression", []input.Credential{flexible}, "AADSTS7002131"},
		{"a hidden issuer", []input.Credential{hidden}, "AADSTS700212"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := said(70021, places{"iss": githubIssuer, "sub": sub, "aud": exchange})
			c.Inputs[0].Credentials = tt.credentials
			s, err := reproduce.Make(c, reproduce.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if s.Code != tt.want {
				t.Errorf("made %s, want %s", s.Code, tt.want)
			}
			if out, err := s.Play(t.Context(), emulator(t, s)); err != nil || !out.Reproduced {
				t.Errorf("got %q: %s %v\n%s", out.Got, out.Problem, err, s.Source)
			}
		})
	}
}

func TestConflict(t *testing.T) {
	t.Parallel()
	// The number is of another sentence: the values are the sentence's.
	c := said(70021, places{"sub": "repo:fabrikam/shop:pull_request"})
	c.Inputs[0].Text.Messages[0].Basis, c.Inputs[0].Text.Messages[0].Sentence = paste.ByConflict, 700213
	c.Inputs[0].Text.Messages = append(c.Inputs[0].Text.Messages, paste.Message{Code: 90002})
	s, err := reproduce.Make(c, reproduce.Options{Name: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	if s.Code != "AADSTS700213" || s.Seen != "AADSTS70021" || s.Name != "github/mine" || len(s.Assumed) < 2 || !strings.Contains(s.Assumed[0], "AADSTS90002 too") {
		t.Errorf("%+v", s)
	}
	for _, tt := range []struct {
		c    explain.Case
		opts reproduce.Options
		want string
	}{
		{explain.Case{}, reproduce.Options{}, "no message of Entra's to reproduce in the inputs"},
		{explain.Case{Inputs: []input.Found{{Input: "log.txt", Text: &paste.Result{None: "it is a table"}}}}, reproduce.Options{}, "in log.txt: it is a table"},
		{said(700213, nil), reproduce.Options{Name: "gitlab/x"}, `the name "gitlab/x": want github/slug or entra/slug`},
		{said(700213, nil), reproduce.Options{Name: "X y"}, `want github/slug`},
		{said(123, nil), reproduce.Options{}, "AADSTS123 can't be reproduced: the emulator does not know this code"},
		{said(900144, places{"name": "code"}), reproduce.Options{}, `never for "code"`},
		{said(7000272, places{"issuer": "http://idp.local/"}), reproduce.Options{}, "can't be served here"},
		{said(7002138, places{"sub": "12345"}), reproduce.Options{}, "no letter that has two cases"},
		{said(7002138, places{"sub": strings.Repeat("A", 601)}), reproduce.Options{}, "the limit is 600"},
		{said(90002, places{"tenant": "x"}), reproduce.Options{}, "AADSTS900023"},
		{said(70023, places{"iat": "1", "exp": "2"}), reproduce.Options{}, "no more than 25 hours"},
		{said(700236, places{"issuer": "https://idp.example"}), reproduce.Options{}, "none of a tenant of Entra"},
	} {
		if _, err := reproduce.Make(tt.c, tt.opts); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v, want %q", err, tt.want)
		}
	}
}
