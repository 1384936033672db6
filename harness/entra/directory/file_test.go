package directory_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

func TestParse(t *testing.T) {
	t.Parallel()
	d, err := directory.Parse("entra.yaml", []byte(`
options: {clockSkew: 0s, matchOrder: subject-first, audienceLists: true}
tenants:
  - displayName: Contoso
    id: 11111111-2222-3333-4444-555555555555
    domains: [contoso.onmicrosoft.com]
    applications:
      - displayName: deployer
        clientId: 21111111-2222-3333-4444-555555555555
        objectId: 31111111-2222-3333-4444-555555555555
        servicePrincipalId: 41111111-2222-3333-4444-555555555555
        identifierUris: [api://deployer]
        credentials:
          - name: main-branch
            id: 51111111-2222-3333-4444-555555555555
            issuer: https://token.actions.githubusercontent.com
            subject: repo:contoso/web:ref:refs/heads/main
            description: >
              pushes to main
      - displayName: orphan
        noServicePrincipal: true
        disabled: true
  - displayName: Gov
    cloud: usgov
    applications:
      - displayName: deployer
        credentials:
          - {name: main, issuer: https://issuer.example, subject: "s"}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := directory.Tenant{
		ID: "11111111-2222-3333-4444-555555555555", DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"}, Cloud: "public",
		Applications: []directory.Application{{
			Name: "deployer", ClientID: "21111111-2222-3333-4444-555555555555", ObjectID: "31111111-2222-3333-4444-555555555555",
			ServicePrincipalID: "41111111-2222-3333-4444-555555555555", IdentifierURIs: []string{"api://deployer"},
			Credentials: []directory.Credential{{
				ID: "51111111-2222-3333-4444-555555555555", Name: "main-branch", Issuer: "https://token.actions.githubusercontent.com",
				Subject: "repo:contoso/web:ref:refs/heads/main", Audiences: []string{"api://AzureADTokenExchange"}, Description: "pushes to main\n",
			}},
		}},
	}
	tenants := d.Tenants()
	got := tenants[0]
	orphan := got.Applications[1]
	got.Applications = got.Applications[:1]
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !orphan.NoServicePrincipal || !orphan.Disabled {
		t.Errorf("orphan %+v", orphan)
	}
	if audience := tenants[1].Applications[0].Credentials[0].Audiences[0]; audience != "api://AzureADTokenExchangeUSGov" {
		t.Errorf("default audience of usgov: %q", audience)
	}
	wantOptions := directory.DefaultOptions()
	wantOptions.ClockSkew, wantOptions.MatchOrder, wantOptions.AudienceLists = 0, directory.SubjectFirst, true
	if diff := cmp.Diff(wantOptions, d.Options()); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	mistakes, err := os.ReadFile("testdata/mistakes.yaml") // eight, each of another kind
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, src, want string }{
		{"empty", "", "entra.yaml:1:1: the file is empty\n\thint: a directory has tenants"},
		{"comment", "# nothing\n", "entra.yaml:1:1: the file is empty\n\thint: a directory has tenants"},
		{"cut off before the tenants", "options:\n  clockSkew: 5m\n", "entra.yaml:1:1: missing key \"tenants\""},
		{"cut off behind the key", "tenants:\n", "entra.yaml:1:10: want a list, got nothing"},
		{"brackets", "tenants: " + strings.Repeat("[", 32_000), "entra.yaml:1:73: more than 64 lists and maps inside each other"},
		{"dashes", "tenants:\n  " + strings.Repeat("- ", 300_000), "entra.yaml:2:129: more than 64 lists and maps inside each other"},
		{"syntax", "tenants: [", "entra.yaml:1:10: sequence end token ']' not found"},
		{"a list", "- a\n", "entra.yaml:1:1: want a map at the top of the file, got a list\n\thint: a directory has tenants"},
		{"two documents", "tenants: []\n---\ntenants: []\n", "entra.yaml:3:1: a second YAML document starts here: a file holds one directory\n\thint: put it in a file of its own"},
		{"everything at once", `tenant: []
tenants:
  - displayName: 7
    cloud: mars
    applications:
      - displayName: app
        clientID: x
        disabled: "yes"
        credentials:
          - name: x
            issuer: https://issuer.example
            subject: s
          - name: subjectless
            issuer: https://issuer.example
options:
  clockSkew: 5
  keyCacheTTL: -1m
  matchOrder: random
`, `entra.yaml:1:1: unknown key "tenant"
	hint: did you mean "tenants"?
entra.yaml:3:18: want a string, got a number
	hint: quote it
entra.yaml:4:12: "mars" is not one of public, usgov, china
entra.yaml:7:9: unknown key "clientID"
	hint: did you mean "clientId"?
entra.yaml:8:19: want true or false, got a string
	hint: write true
entra.yaml:10:19: application "app": credential "x": the name must have 3 to 120 letters, digits, - and _, the first a letter or a digit
entra.yaml:13:13: application "app": credential "subjectless": no subject, and no matching expression
entra.yaml:16:14: want a duration, got a number
	hint: write 5s for seconds
entra.yaml:17:16: option keyCacheTTL: -1m0s is negative
entra.yaml:18:15: "random" is not one of audience-first, subject-first`},
		{"mistakes of every kind", string(mistakes), `entra.yaml:2:3: unknown key "clockSkw"
	hint: did you mean "clockSkew"?
entra.yaml:3:15: "audience_first" is not one of audience-first, subject-first
	hint: did you mean "audience-first"?
entra.yaml:8:52: tenant "Contoso": Conditional Access policy "office": "10.0.0.0" is no network in CIDR notation, such as 192.0.2.0/24
entra.yaml:11:19: application "deployer": client id: "1234" is not a usable GUID
entra.yaml:12:19: want true or false, got a string
	hint: write true
entra.yaml:17:13: application "deployer": credential "subjectless": no subject, and no matching expression
entra.yaml:19:19: application "deployer": credential "main": the name is taken
entra.yaml:24:23: application "deployer": credential "flexible": expression: position 14: expected " eq " or " matches ", got " like 'a*'"`},
		{"misspelt issuers", `tenants:
  - displayName: a
    applications:
      - displayName: app
        credentials:
          - {name: one, isuer: "https://one.example", subject: s}
          - {name: two, isuer: "https://two.example", subject: s}
`, `entra.yaml:6:25: unknown key "isuer"
	hint: did you mean "issuer"?
entra.yaml:7:25: unknown key "isuer"
	hint: did you mean "issuer"?`},
		{"expressions in a cloud without them", `tenants:
  - displayName: a
    cloud: usgov
    applications:
      - displayName: app
        credentials:
          - name: flexible
            issuer: https://app.terraform.io
            matching: claims['sub'] matches 'organization:contoso:*'
    subscriptions: [{displayName: s, resourceGroups: [{name: g}]}]
    managedIdentities:
      - name: worker
        credentials:
          - {name: flexible, issuer: "https://app.terraform.io", matching: "claims['sub'] matches 'organization:contoso:*'"}
`, `entra.yaml:9:23: application "app": credential "flexible": matching via expression is not currently supported for this cloud (usgov)
entra.yaml:14:76: managed identity "worker": credential "flexible": matching via expression is not currently supported for this cloud (usgov)`},
		{"GitLab's subject alone", `tenants:
  - displayName: a
    applications:
      - displayName: app
        credentials:
          - {name: flexible, issuer: "https://gitlab.com", matching: "claims['sub'] matches 'project_path:contoso/*'"}
`, `entra.yaml:6:70: application "app": credential "flexible": expression: issuer "https://gitlab.com": GitLab expressions need a clause with project_id, namespace_id or user_id: option gitLabRequires`},
		{"GitLab's subject alone, allowed", `tenants:
  - displayName: a
    applications:
      - displayName: app
        credentials:
          - {name: flexible, issuer: "https://gitlab.com", matching: "claims['sub'] matches 'project_path:contoso/*'"}
options: {gitLabRequires: subject}
`, ""},
		{"key twice", "tenants: []\ntenants: []\n", "entra.yaml:2:1: key \"tenants\" is already at 1:1"},
		{"anchor", "tenants: &a []\n", "entra.yaml:1:10: anchors and aliases are not supported\n\thint: write the value where it is used"},
		{"application of a good tenant", "tenants:\n  - displayName: a\n    applications:\n      - displayName: x\n        clientId: y\n", `entra.yaml:5:19: application "x": client id: "y" is not a usable GUID`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := directory.Parse("entra.yaml", []byte(tt.src))
			got := ""
			if err != nil {
				got = err.Error()
			} else if d == nil {
				t.Fatal("no directory and no error")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestParseManyCredentials has far more than an application can have: one problem, and no comparison of each with all
// the others.
func TestParseManyCredentials(t *testing.T) {
	t.Parallel()
	src := &strings.Builder{}
	src.WriteString("tenants:\n- displayName: a\n  applications:\n  - displayName: b\n    credentials:\n")
	for i := range 50_000 {
		fmt.Fprintf(src, "    - {name: credential-%d, issuer: https://issuer.example, subject: s%d}\n", i, i)
	}
	_, err := directory.Parse("f", []byte(src.String()))
	if want := `f:26:7: application "b": credential "credential-20": the application already has 20 federated identity credentials, the limit`; err == nil || err.Error() != want {
		t.Errorf("error %.300v, want %s", err, want)
	}
}

// TestFileMarshal writes a directory with something of everything and reads it back.
func TestFileMarshal(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("testdata/directory.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d, err := directory.Parse("testdata/directory.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	file, err := d.File().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := directory.Parse("again.yaml", file)
	if err != nil {
		t.Fatalf("%v in\n%s", err, file)
	}
	if diff := cmp.Diff(d.Tenants(), again.Tenants()); diff != "" {
		t.Errorf("tenants (-first +again):\n%s\n%s", diff, file)
	}
	if diff := cmp.Diff(d.Options(), again.Options()); diff != "" {
		t.Errorf("options (-first +again):\n%s", diff)
	}
	if strings.Contains(string(file), "0001-01-01") {
		t.Errorf("a time that is not known is written:\n%s", file)
	}
}

func TestIsFile(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]bool{
		"tenants: []": true, "options: {}\ntenants: []": true, "name: x\nsteps: []": false, "": false, "- tenants": false, "tenants: [": true, "{\"options\": {}, \"tenants\": []}": true, "{\n  \"tenants\": []\n}": true, "about: |\n  tenants: none": false, "{\"entra\": {\n\"tenants\": []}}": false, "tenants: {a: b}\nx: 1": true,
		"\ufefftenants: []": true, "\ufeff{\"tenants\": []}": true,
	} {
		if got := directory.IsFile([]byte(src)); got != want {
			t.Errorf("%q: %v, want %v", src, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("tenants:\n  - displayName: a\n    applications: [{displayName: b, credentials: [{name: abc}]}]\n"))
	f.Add([]byte("options: {clockSkew: 1h}"))
	f.Add([]byte("? a\n: b"))
	mistakes, err := os.ReadFile("testdata/mistakes.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(mistakes)
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := directory.Parse("f", src)
		if (d == nil) == (err == nil) {
			t.Errorf("directory %v, error %v", d, err)
		}
	})
}
