package scenario_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
)

const sharedDirectory = `options: {clockSkew: 0s, audienceLists: true}
tenants:
  - displayName: Tailspin
  - displayName: Fabrikam
    domains: [fabrikam.example]
    policies: {githubEnterprises: [fabrikam]}
    applications:
      - displayName: deployer
        clientId: 11111111-1111-1111-1111-111111111111
        noServicePrincipal: true
        tokenVersion: 2
        credentials:
          - {name: main, issuer: https://a.example, subject: theirs}
          - {name: extra, issuer: https://a.example, subject: s}
      - displayName: api
        identifierUris: [api://api]
      - displayName: other
    subscriptions: [{displayName: s, resourceGroups: [{name: g}]}]
    managedIdentities: [{name: robot}]
`

// using is a scenario that uses a directory file; its Entra side follows.
func using(entra string) string {
	return "name: github/x\nabout: x\nissuer: {platform: github}\nentra:\n" + entra + "steps:\n  - mint: {}\n"
}

// TestUse has a directory file below what the scenario says.
func TestUse(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"directory.yaml": {Data: []byte(sharedDirectory)},
		"github/x.yaml": {Data: []byte(using(`  use: ../directory.yaml
  app: deployer
  tenant: {displayName: fabrikam, id: 22222222-2222-2222-2222-222222222222}
  options: {clockSkew: 1m}
  public: true
  credentials: [{name: main, issuer: https://b.example, subject: mine}]
  applications: [{displayName: other, identifierUris: [api://mine]}]
`))},
	}
	files, problems := scenario.LoadFS(fsys, names)
	if len(files) != 1 || len(problems) > 0 {
		t.Fatalf("%d files, problems %v", len(files), problems)
	}
	f := files[0]
	if f.Uses != "directory.yaml" || !strings.HasSuffix(f.Source(), "  - mint: {}\n\n"+sharedDirectory) {
		t.Errorf("it uses %q, and its source is\n%s", f.Uses, f.Source())
	}
	side := must[*scenario.Entra](t)(f.ResolveEntra(scenario.Env{"vars": f.Vars}))
	options := directory.DefaultOptions()
	options.ClockSkew, options.AudienceLists = 60e9, true
	diff(t, "options", options, side.Options)
	tenants := side.Directory("https://c.example")
	if len(tenants) != 2 || tenants[1].DisplayName != "Tailspin" {
		t.Fatalf("tenants %+v, want the scenario's and Tailspin", tenants)
	}
	own := tenants[0]
	audience := []string{"api://AzureADTokenExchange"}
	diff(t, "the scenario's tenant", directory.Tenant{
		ID: "22222222-2222-2222-2222-222222222222", DisplayName: "fabrikam", Domains: []string{"fabrikam.example"},
		Policies: directory.Policies{GitHubEnterprises: []string{"fabrikam"}},
		Applications: []directory.Application{
			{
				Name: "deployer", ClientID: "11111111-1111-1111-1111-111111111111", NoServicePrincipal: true, Public: true, TokenVersion: 2,
				Credentials: []directory.Credential{
					{Name: "main", Issuer: "https://b.example", Subject: "mine", Audiences: audience},
					{Name: "extra", Issuer: "https://a.example", Subject: "s", Audiences: audience},
				},
			},
			{Name: "other", IdentifierURIs: []string{"api://mine"}},
			{Name: "api", IdentifierURIs: []string{"api://api"}},
		},
		Subscriptions:     []directory.Subscription{{DisplayName: "s", ResourceGroups: []directory.ResourceGroup{{Name: "g"}}}},
		ManagedIdentities: []directory.ManagedIdentity{{Name: "robot"}},
	}, own)
	at := f.DirectoryPos("tenants[0].applications[2].identifierUris[0]")
	if at.File != "directory.yaml" || f.Line(at) != "        identifierUris: [api://api]" {
		t.Errorf("the API's URI is at %+v, %q", at, f.Line(at))
	}
}

// TestUseFirstTenant has the first tenant of a file be the scenario's unless it names another.
func TestUseFirstTenant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ tenant, want string }{
		{"", "Tailspin Fabrikam"},
		{"  tenant: {displayName: Fabrikam}\n", "Fabrikam Tailspin"},
		{"  tenant: {displayName: Contoso}\n", "Contoso Tailspin Fabrikam"},
	} {
		fsys := fstest.MapFS{
			"directory.yaml": {Data: []byte(sharedDirectory)},
			"x.yaml":         {Data: []byte(using("  use: directory.yaml\n  app: x\n" + tt.tenant))},
		}
		files, problems := scenario.LoadFS(fsys, names, "x.yaml")
		if len(files) != 1 {
			t.Fatal(problems)
		}
		var got []string
		side := must[*scenario.Entra](t)(files[0].ResolveEntra(scenario.Env{}))
		for _, tenant := range side.Directory("https://c.example") {
			got = append(got, tenant.DisplayName)
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("tenants (-want +got):\n%s", diff)
		}
	}
}

// TestUseProblems has problems of the file that is used, at their places in it, and paths that are refused.
func TestUseProblems(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, use, file, want, source string }{
		{"unknown key", "../d.yaml", "tenants:\n  - displayNam: x\n", `d.yaml:2:5: unknown key "displayNam"`, "  - displayNam: x"},
		{"rule", "../d.yaml", "tenants:\n  - {displayName: x, id: nine}\n", `d.yaml:2:26: tenant "x": id: "nine" is not a usable GUID`, "  - {displayName: x, id: nine}"},
		{"rule of an application", "../d.yaml", "tenants:\n  - displayName: x\n    applications: [{displayName: y}, {displayName: z, clientId: 9}]\n", "d.yaml:3:65: want a string, got a number", ""},
		{"no YAML", "../d.yaml", "tenants: [", "d.yaml:1:10: sequence end token ']' not found", "tenants: ["},
		{"expression", "../d.yaml", "tenants: [{displayName: \"${{ vars.x }}\"}]\n", "d.yaml:1:25: a directory file holds no expression", ""},
		{"too large", "../d.yaml", "tenants: [] #" + strings.Repeat("x", scenario.MaxSize), "github/x.yaml:5:8: d.yaml: want at most 65536 bytes, got more", "  use: ../d.yaml"},
		{"no file", "../e.yaml", "", "github/x.yaml:5:8: e.yaml: file does not exist", ""},
		{"folder", "../github", "", "github/x.yaml:5:8: github: want a regular file", ""},
		{"above", "../../d.yaml", "", `github/x.yaml:5:8: "../../d.yaml" leads out of the scenarios`, ""},
		{"above by a detour", "../a/../../d.yaml", "", `github/x.yaml:5:8: "../a/../../d.yaml" leads out of the scenarios`, ""},
		{"folder above", "..", "", `github/x.yaml:5:8: ".." leads out of the scenarios`, ""},
		{"absolute", "/etc/passwd", "", `github/x.yaml:5:8: "/etc/passwd" leads out of the scenarios`, ""},
		{"backslashes", `..\..\d.yaml`, "", "github/x.yaml:5:8: ", ""},
		{"expression in the path", `"${{ vars.x }}"`, "", "github/x.yaml:5:8: want the path of a directory file, a constant", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fsys := fstest.MapFS{"github/x.yaml": {Data: []byte(using("  use: " + tt.use + "\n  app: x\n"))}}
			if tt.file != "" {
				fsys["d.yaml"] = &fstest.MapFile{Data: []byte(tt.file)}
			}
			files, problems := scenario.LoadFS(fsys, names, "github/x.yaml")
			if len(files) > 0 || len(problems) == 0 || !strings.HasPrefix(problems[0].Error(), tt.want) {
				t.Fatalf("problems %v, want %s", problems, tt.want)
			}
			if tt.source != "" && problems[0].Source != tt.source {
				t.Errorf("source line %q, want %q", problems[0].Source, tt.source)
			}
		})
	}
	if _, problems := scenario.Load("x.yaml", []byte(using("  use: d.yaml\n  app: x\n")), names); len(problems) == 0 || !strings.Contains(problems[0].Message, "not read from a folder") {
		t.Errorf("problems %v of a text without a folder", problems)
	}
	_, problems := scenario.LoadFS(fstest.MapFS{
		"d.yaml":        {Data: []byte("tenants: [{displayName: x}]")},
		"e.yaml":        {Data: []byte("tenants: [{displayName: x}]")},
		"github/x.yaml": {Data: []byte(using("  use: ../d.yaml\n  app: x\n"))},
	}, names)
	if len(problems) != 1 || problems[0].File != "e.yaml" {
		t.Errorf("problems %v, want that of the directory file which nothing uses", problems)
	}
}
