package scenario_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
)

const directoryFile = `name: entra/directory
about: Everything an Entra side and the steps at it can say.
issuer: {platform: github}
entra:
  app: deployer
  clientId: 11111111-1111-1111-1111-111111111111
  disabled: ${{ case.flag }}
  public: false
  certificate: true
  identifierUris: [api://deployer]
  appRoleAssignments: [{resource: Microsoft Graph, role: "${{ case.role }}"}]
  credentials:
    - {name: flexible, matching: "claims['sub'] matches 'a*'", createdDateTime: "2026-01-01T00:00:00Z", id: 22222222-1111-1111-1111-111111111111, description: d}
  tenant: {displayName: Fabrikam, domains: [fabrikam.example]}
  options: {clockSkew: "${{ case.skew }}", audienceLists: "${{ case.flag }}"}
  policies: ${{ case.policies }}
  applications: [{displayName: api, properties: {"${{ case.role }}x": 1, any: [1, null]}}]
  managedIdentities: ${{ case.identities }}
  subscriptions: [{displayName: s, resourceGroups: [{name: g}]}]
  b2cPolicies: [B2C_1_signin]
  tenants: [{displayName: Tailspin}]
cases:
  - name: one
    flag: true
    role: Application.Read.All
    skew: 0s
    policies: {githubEnterprises: [contoso]}
    identities: [{name: robot}]
steps:
  - mint: {certificate: true, header: {kid: null}, lifetime: -1h}
  - mint: {managedIdentity: robot, resource: api://x}
  - exchange:
      identity: robot
      host: login.windows.net
      version: v1
      resource: https://management.azure.com
      policy: B2C_1_signin
      method: PUT
      parameters: {scope: null, client_id: [a, b], n: 1}
      headers: {Content-Type: text/plain}
  - credential: {update: {name: flexible, subject: s}}
  - call: {url: "https://graph.microsoft.com/v1.0/applications", method: POST, token: "", headers: {Prefer: x}, body: {displayName: "${{ case.role }}"}}
    expect: {status: 201, says: [created], that: [body.id != "", 'headers["Content-Type"] != ""']}
  - call: {url: https://management.azure.com, body: text}
`

// TestResolveDirectory has the parts of an Entra side, and of the steps at it, that only the emulator has.
func TestResolveDirectory(t *testing.T) {
	t.Parallel()
	// A key holds no expression, also below the free properties of an application.
	if _, problems := scenario.Load("file.yaml", []byte(directoryFile), names); len(problems) != 1 || problems[0].Message != "a key holds no expression" {
		t.Errorf("problems %v, want the one about the key", problems)
	}
	f := load(t, strings.Replace(directoryFile, `"${{ case.role }}x": 1, `, "", 1))
	env := scenario.Env{"vars": f.Vars, "issuer": map[string]any{}, "entra": map[string]any{}, "steps": map[string]any{}}
	env["case"] = must[map[string]any](t)(f.ResolveCase(f.Cases[0], env))
	options := directory.DefaultOptions()
	options.ClockSkew, options.AudienceLists = 0, true
	diff(t, "entra", &scenario.Entra{
		App: "deployer", ClientID: "11111111-1111-1111-1111-111111111111", Disabled: true, Certificate: true, IdentifierURIs: []string{"api://deployer"},
		AppRoleAssignments: []directory.AppRoleAssignment{{Resource: "Microsoft Graph", Role: "Application.Read.All"}},
		Credentials: []scenario.FederatedCredential{{
			Name: "flexible", Matching: "claims['sub'] matches 'a*'", Created: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), ID: "22222222-1111-1111-1111-111111111111", Description: "d",
		}},
		Tenant:            &scenario.Tenant{DisplayName: "Fabrikam", Domains: []string{"fabrikam.example"}},
		Options:           options,
		Policies:          directory.Policies{GitHubEnterprises: []string{"contoso"}},
		Applications:      []directory.Application{{Name: "api", Properties: map[string]any{"any": []any{1, nil}}}},
		ManagedIdentities: []directory.ManagedIdentity{{Name: "robot"}},
		Subscriptions:     []directory.Subscription{{DisplayName: "s", ResourceGroups: []directory.ResourceGroup{{Name: "g"}}}},
		B2CPolicies:       []string{"B2C_1_signin"},
		Tenants:           []directory.Tenant{{DisplayName: "Tailspin"}},
	}, must[*scenario.Entra](t)(f.ResolveEntra(env)))

	none := ""
	for i, want := range []*scenario.Action{
		{Mint: &scenario.Mint{Certificate: true, Header: map[string]any{"kid": nil}, Lifetime: -time.Hour}},
		{Mint: &scenario.Mint{ManagedIdentity: "robot", Resource: "api://x"}},
		{Exchange: &scenario.Exchange{
			Identity: "robot", Host: "login.windows.net", Version: "v1", Resource: "https://management.azure.com", Policy: "B2C_1_signin", Method: "PUT",
			Parameters: map[string]any{"scope": nil, "client_id": []any{"a", "b"}, "n": 1}, Headers: map[string]string{"Content-Type": "text/plain"},
		}},
		{Credential: &scenario.Credential{Update: &scenario.FederatedCredential{Name: "flexible", Subject: "s"}}},
		{Call: &scenario.Call{
			URL: "https://graph.microsoft.com/v1.0/applications", Method: "POST", Token: &none, Headers: map[string]string{"Prefer": "x"},
			Body: map[string]any{"displayName": "Application.Read.All"},
		}},
		{Call: &scenario.Call{URL: "https://management.azure.com", Body: "text"}},
	} {
		diff(t, f.Steps[i].Kind, want, must[*scenario.Action](t)(f.Steps[i].Resolve(env)))
	}
}

// TestSameTexts has the same mistakes in a scenario and in a directory file: what is said of them is the same.
func TestSameTexts(t *testing.T) {
	t.Parallel()
	read := func(path string) []byte {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	texts := func(problems document.Problems) (all []string) {
		for _, p := range problems {
			all = append(all, p.Message+"; "+p.Hint)
		}
		slices.Sort(all)
		return all
	}
	_, inScenario := scenario.Load("a.yaml", read("testdata/bad/mistakes.yaml"), names)
	_, err := directory.Parse("b.yaml", read("../entra/directory/testdata/mistakes.yaml"))
	var inDirectory document.Problems
	if !errors.As(err, &inDirectory) || len(inDirectory) != 8 {
		t.Fatalf("%d problems of the directory, want 8: %v", len(inDirectory), err)
	}
	diff(t, "texts", texts(inDirectory), texts(inScenario))
}

// TestRulesWithUnknownValues has Entra sides of which something is known only when a scenario runs. What may be right
// is no problem.
func TestRulesWithUnknownValues(t *testing.T) {
	t.Parallel()
	const flexible = `matching: "claims['sub'] matches 'organization:a*'"`
	for name, tt := range map[string]struct{ issuer, side, steps, want string }{
		"subject":           {side: `credentials: [{name: one, subject: "${{ issuer.url }}"}]`},
		"audience":          {side: `credentials: [{name: one, subject: s, audiences: ["${{ issuer.url }}"]}]`},
		"audiences":         {side: `credentials: [{name: one, subject: s, audiences: "${{ env.A }}"}]`},
		"all credentials":   {side: `credentials: "${{ env.A }}"`},
		"another's name":    {side: `policies: {conditionalAccess: [{displayName: a, applications: [api]}]}, applications: [{displayName: "${{ env.A }}"}]`},
		"an own issuer":     {side: `credentials: [{name: one, issuer: "${{ env.A }}", ` + flexible + `}]`},
		"no issuer":         {side: `credentials: [{name: one, ` + flexible + `}]`},
		"a given issuer":    {issuer: ", url: https://a.example", side: `credentials: [{name: one, ` + flexible + `}]`, want: `5:50: application "app": credential "one": expression: issuer "https://a.example"`},
		"a step":            {side: "public: false", steps: `{name: one, issuer: "${{ entra.tenant }}", subject: "${{ issuer.url }}", audiences: ["${{ issuer.url }}"]}`},
		"a name beside":     {side: `credentials: [{name: x, subject: "${{ issuer.url }}"}]`, want: `5:35: application "app": credential "x": the name must have`},
		"names beside":      {side: `credentials: [{name: one, subject: "${{ issuer.url }}"}, {name: one, subject: s}]`, want: `5:78: application "app": credential "one": the name is taken`},
		"a step's name":     {side: "public: false", steps: `{name: x, subject: "${{ issuer.url }}"}`, want: `8:30: application "app": credential "x": the name must have`},
		"nothing in a step": {side: "public: false", steps: `{name: one}`, want: `8:23: application "app": credential "one": no subject`},
	} {
		src := "name: github/x\nabout: x\nissuer: {platform: github" + tt.issuer + "}\nentra:\n  {app: app, " + tt.side + "}\nsteps:\n  - mint: {}\n"
		if tt.steps != "" {
			src += "  - credential: {add: " + tt.steps + "}\n"
		}
		_, problems := scenario.Load("f.yaml", []byte(src), scenario.Names{})
		got := problems.Error()
		if (tt.want == "") != (got == "") || !strings.HasPrefix(got, "f.yaml:"+tt.want) && tt.want != "" || strings.Contains(got, "\n") {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
