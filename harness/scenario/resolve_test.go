package scenario_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
)

const resolveFile = `name: github/resolve
about: Everything a file can hold.
labels: [happy, slow]
vars: {repo: contoso/web, limit: 600, escaped: "$${{ x }}"}
clock: {start: "2025-06-01T12:00:00Z", skew: -10m}
timeout: 90s
skip: {entra: needs a tenant nobody has}
issuer:
  platform: github
  preset: ${{ case.preset }}
  claims:
    sub: repo:${{ vars.repo }}:ref:refs/heads/${{ case.branch }}
    environment: null
    run_number: ${{ vars.limit }}
    literal: a $${{ b }} c
    list: ["${{ vars.repo }}", {deep: "${{ case.flag }}"}]
  key: {alg: RS256}
  url: https://ghes.example/_services/token
  faults:
    - wrong-kid: {kid: "${{ case.branch }}"}
entra:
  cloud: usgov
  app: deployer
  servicePrincipal: false
  credentials:
    - {name: one, issuer: "${{ issuer.url }}/", subject: s, audiences: "${{ case.audiences }}"}
    - {name: two, subject: t, audiences: ["${{ issuer.host }}"]}
cases:
  - name: one
    preset: branch
    branch: main
    flag: true
    audiences: [a]
    home: ${{ env.HOME }}/${{ vars.repo }}
  - {name: two, preset: environment, branch: dev, flag: false, audiences: [b], home: x}
steps:
  - id: first
    mint: {audience: "${{ case.home }}", lifetime: 1h30m, claims: {exp: 5}, via: direct}
    expect:
      token: {iss: "${{ issuer.url }}", n: {m: "${{ vars.limit }}"}}
      that:
        - token.exp - token.iat <= vars.limit
        - |
          claims.sub startsWith "repo:"
  - exchange:
      assertion: ${{ steps.first.token }}
      scope: api://x/.default
      client: msal
      retry: {for: 45m, every: 1m}
      tenant: ${{ entra.tenant }}
      clientId: ${{ entra.app.clientId }}
    expect: {error: AADSTS700213, oauth: invalid_client, status: 401, says: [a, "${{ case.branch }}"], fetched: []}
  - exchange: {}
    expect: {fetched: [discovery, jwks]}
  - rotate: {publish: "${{ case.flag }}"}
  - rotate: {}
  - clock: {advance: 1h}
  - credential: {add: {name: three, subject: "${{ steps.first.claims.sub }}"}}
  - credential: {remove: c}
  - fault: {set: {slow-jwks: {delay: 3s}}}
  - fault: {clear: slow-jwks}
`

// load fails the test if src has problems.
func load(t *testing.T, src string) *scenario.File {
	t.Helper()
	f, problems := scenario.Load("file.yaml", []byte(src), names)
	for _, p := range problems {
		t.Errorf("%v (hint: %s)", &p, p.Hint)
	}
	if f == nil {
		t.FailNow()
	}
	return f
}

func testEnv(t *testing.T, f *scenario.File, row int) scenario.Env {
	t.Helper()
	env := scenario.Env{"vars": f.Vars, "env": map[string]any{"HOME": "/home/x"}, "run": map[string]any{"id": "1", "target": "emulator"}}
	columns, err := f.ResolveCase(f.Cases[row], env)
	if err != nil {
		t.Fatal(err)
	}
	env["case"] = columns
	env["issuer"] = map[string]any{"url": "https://iss.example", "host": "iss.example", "platform": "github"}
	env["entra"] = map[string]any{"tenant": "t", "app": map[string]any{"name": "deployer", "clientId": "c", "objectId": "o"}}
	env["steps"] = map[string]any{"first": map[string]any{"token": "a.b.c", "claims": map[string]any{"sub": "the sub"}}}
	return env
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	ignore := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".That" }, cmp.Ignore())
	if d := cmp.Diff(want, got, ignore); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestResolveFile(t *testing.T) {
	t.Parallel()
	f := load(t, resolveFile)
	diff(t, "vars", map[string]any{"repo": "contoso/web", "limit": 600, "escaped": "${{ x }}"}, f.Vars)
	diff(t, "labels", []string{"happy", "slow"}, f.Labels)
	diff(t, "skip", map[string]string{"entra": "needs a tenant nobody has"}, f.Skip)
	diff(t, "platform", "github", f.Platform)
	env := testEnv(t, f, 0)
	diff(t, "case", map[string]any{
		"name": "one", "preset": "branch", "branch": "main", "flag": true,
		"audiences": []any{"a"}, "home": "/home/x/contoso/web",
	}, env["case"].(map[string]any))
	diff(t, "clock", &scenario.ClockSettings{Start: time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC), Skew: -10 * time.Minute},
		must[*scenario.ClockSettings](t)(f.ResolveClock(env)))
	diff(t, "timeout", 90*time.Second, must[time.Duration](t)(f.ResolveTimeout(env)))
	diff(t, "issuer", &scenario.Issuer{
		Platform: "github", Preset: "branch", URL: "https://ghes.example/_services/token",
		Claims: map[string]any{
			"sub": "repo:contoso/web:ref:refs/heads/main", "environment": nil, "run_number": 600,
			"literal": "a ${{ b }} c", "list": []any{"contoso/web", map[string]any{"deep": true}},
		},
		Key:    scenario.Key{Alg: "RS256"},
		Faults: []map[string]any{{"wrong-kid": map[string]any{"kid": "main"}}},
	}, must[*scenario.Issuer](t)(f.ResolveIssuer(env)))
	no := false
	diff(t, "entra", &scenario.Entra{
		Cloud: "usgov", App: "deployer", ServicePrincipal: &no,
		Credentials: []scenario.FederatedCredential{
			{Name: "one", Issuer: "https://iss.example/", Subject: "s", Audiences: []string{"a"}},
			{Name: "two", Subject: "t", Audiences: []string{"iss.example"}},
		},
		Options: directory.DefaultOptions(),
	}, must[*scenario.Entra](t)(f.ResolveEntra(env)))
}

func TestResolveSteps(t *testing.T) {
	t.Parallel()
	f := load(t, resolveFile)
	env := testEnv(t, f, 1)
	no := false
	actions := []*scenario.Action{
		{Mint: &scenario.Mint{Audience: "x", Lifetime: 90 * time.Minute, Claims: map[string]any{"exp": 5}, Via: "direct"}},
		{Exchange: &scenario.Exchange{
			Assertion: "a.b.c", Scope: "api://x/.default", Client: "msal", Tenant: "t", ClientID: "c",
			Retry: &scenario.Retry{For: 45 * time.Minute, Every: time.Minute},
		}},
		{Exchange: &scenario.Exchange{}},
		{Rotate: &scenario.Rotate{Publish: &no}},
		{Rotate: &scenario.Rotate{}},
		{Clock: &scenario.Clock{Advance: time.Hour}},
		{Credential: &scenario.Credential{Add: &scenario.FederatedCredential{Name: "three", Subject: "the sub"}}},
		{Credential: &scenario.Credential{Remove: "c"}},
		{Fault: &scenario.Fault{Set: map[string]any{"slow-jwks": map[string]any{"delay": "3s"}}}},
		{Fault: &scenario.Fault{Clear: "slow-jwks"}},
	}
	for i, s := range f.Steps {
		diff(t, s.Kind, actions[i], must[*scenario.Action](t)(s.Resolve(env)))
	}
	diff(t, "expect of mint", &scenario.Expect{Token: map[string]any{"iss": "https://iss.example", "n": map[string]any{"m": 600}}},
		must[*scenario.Expect](t)(f.Steps[0].ResolveExpect(env)))
	diff(t, "expect of exchange", &scenario.Expect{
		Error: "AADSTS700213", OAuth: "invalid_client", Status: 401, Says: []string{"a", "dev"}, Fetched: []string{},
	}, must[*scenario.Expect](t)(f.Steps[1].ResolveExpect(env)))
	diff(t, "fetched", &scenario.Expect{Fetched: []string{"discovery", "jwks"}}, must[*scenario.Expect](t)(f.Steps[2].ResolveExpect(env)))
	diff(t, "no expect", &scenario.Expect{}, must[*scenario.Expect](t)(f.Steps[3].ResolveExpect(env)))
}

func TestConditions(t *testing.T) {
	t.Parallel()
	f := load(t, resolveFile)
	env := testEnv(t, f, 0)
	expect := must[*scenario.Expect](t)(f.Steps[0].ResolveExpect(env))
	long, short := expect.That[0], expect.That[1]
	const secret = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
	tests := []struct {
		name      string
		condition *scenario.Condition
		token     any
		claims    any
		ok        bool
		detail    string
		err       string
	}{
		{"holds", long, map[string]any{"exp": 1600.0, "iat": 1000.0}, nil, true, "", ""},
		{"fails", long, map[string]any{"exp": 1900.0, "iat": 1000.0}, nil, false, "token.exp - token.iat = 900, vars.limit = 600", ""},
		{"wrong types", long, map[string]any{"exp": "a", "iat": 1000.0}, nil, false, "", "file.yaml:42:21: invalid operation: string - float64"},
		{"block", short, nil, map[string]any{"sub": "x"}, false, `claims.sub = "x"`, ""},
		{"no token in the detail", short, nil, map[string]any{"sub": secret}, false, `claims.sub = "eyJ…"`, ""},
		{"missing", short, nil, map[string]any{}, false, "claims.sub = null", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := scenario.Env{"vars": f.Vars, "token": tt.token, "claims": tt.claims}
			ok, detail, err := tt.condition.Eval(env)
			if ok != tt.ok || detail != tt.detail {
				t.Errorf("Eval = %v, %q, want %v, %q", ok, detail, tt.ok, tt.detail)
			}
			if got := errText(err); !strings.HasPrefix(got, tt.err) || (got == "") != (tt.err == "") {
				t.Errorf("error %q, want %q", got, tt.err)
			}
		})
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestResolveErrors(t *testing.T) {
	t.Parallel()
	f := load(t, `name: github/errors
about: Values of the wrong type that only the run brings.
issuer: {platform: github}
entra: {app: x}
steps:
  - id: a
    mint:
      audience: ${{ env.X }}
      lifetime: ${{ env.X }}
  - mint: {audience: "aud of ${{ steps.a.claims }}"}
  - rotate:
      publish: ${{ steps.a.header.b.c }}
    expect:
      that:
        - env.X
`)
	env := scenario.Env{"env": map[string]any{"X": 5}, "steps": map[string]any{"a": map[string]any{"header": map[string]any{}, "claims": map[string]any{}}}}
	for i, want := range []string{
		"file.yaml:8:17: want a string, got a number",
		"file.yaml:10:34: a map cannot be part of a string",
		"file.yaml:12:37: cannot fetch c from nothing",
	} {
		_, err := f.Steps[i].Resolve(env)
		if got := errText(err); got != want {
			t.Errorf("step %d: error %q, want %q", i, got, want)
		}
		if problem := (*document.Problem)(nil); !errors.As(err, &problem) {
			t.Errorf("step %d: error is a %T, want a *Problem", i, err)
		}
	}
	expect := must[*scenario.Expect](t)(f.Steps[2].ResolveExpect(env))
	_, _, err := expect.That[0].Eval(scenario.Env{"env": map[string]any{"X": "x"}})
	if want := "file.yaml:15:11: want true or false, got a string"; errText(err) != want {
		t.Errorf("error %q, want %q", errText(err), want)
	}
}

func TestPositions(t *testing.T) {
	t.Parallel()
	f := load(t, resolveFile)
	mint, exchange := f.Steps[0], f.Steps[1]
	tests := []struct {
		name string
		got  document.Position
		want document.Position
	}{
		{"kind", mint.Position, document.Position{Line: 38, Column: 5, Width: 4}},
		{"value", exchange.Pos("expect", "error"), document.Position{Line: 52, Column: 21, Width: 12}},
		{"item", exchange.Pos("expect", "says", 1), document.Position{Line: 52, Column: 81, Width: 20}},
		{"nothing there", exchange.Pos("expect", "token", "iss"), document.Position{Line: 52, Column: 13, Width: 1}},
		{"nothing at all", f.Steps[4].Pos("expect"), f.Steps[4].Position},
		{"of the file", f.Pos("issuer", "preset"), document.Position{Line: 10, Column: 11, Width: 18}},
		{"case", f.Cases[1].Position, document.Position{Line: 35, Column: 12, Width: 3}},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: position %v, want %v", tt.name, tt.got, tt.want)
		}
	}
	for line, want := range map[int]string{0: "", 1: "name: github/resolve", 10: "  preset: ${{ case.preset }}", 1000: ""} {
		if got := f.Line(document.Position{Line: line}); got != want {
			t.Errorf("line %d is %q, want %q", line, got, want)
		}
	}
}
