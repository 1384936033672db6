package runner_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
	"github.com/issuerd/issuerd/scenarios"
)

// BenchmarkLint loads a thousand files like those that come with issuerd.
func BenchmarkLint(b *testing.B) {
	const n = 1000
	paths, err := fs.Glob(scenarios.FS, "*/*.yaml")
	if err != nil {
		b.Fatal(err)
	}
	shared, err := fs.ReadFile(scenarios.FS, "contoso.yaml")
	if err != nil {
		b.Fatal(err)
	}
	files := fstest.MapFS{"contoso.yaml": {Data: shared}}
	for i := range n {
		path := paths[i%len(paths)]
		src, err := fs.ReadFile(scenarios.FS, path)
		if err != nil {
			b.Fatal(err)
		}
		name := strings.TrimSuffix(path, ".yaml")
		another := fmt.Sprintf("%s-%d", name, i)
		files[another+".yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(string(src), "name: "+name, "name: "+another, 1))}
	}
	for b.Loop() {
		if loaded, problems := scenario.LoadFS(files, runner.Names()); len(loaded) != n || len(problems) > 0 {
			b.Fatalf("%d files, %v", len(loaded), problems)
		}
	}
}

// cantRun are files that can't be carried out: what is put in the places of the parts of a file that can, where the
// problem is, and what it says.
var cantRun = []struct {
	name     string
	top      string // of the first level
	issuer   string // members of issuer
	entra    string // members of entra, indented
	steps    string // after a mint and an exchange
	at, says string
}{
	{"client id", "", "", "  clientId: deployer\n", "", "deployer\n  app", `client id: "deployer" is not a usable GUID`},
	{"client id where the issuer is named", "", "", "  clientId: deployer\n  credentials: [{name: main, issuer: \"${{ issuer.url }}\", subject: s}]\n", "", "deployer\n  cred", `is not a usable GUID`},
	{"id of a tenant", "", "", "  tenant: {id: contoso, domains: [contoso.example]}\n", "", "contoso,", `"contoso" is not a usable GUID`},
	{"domain", "", "", "  tenant: {domains: [contoso]}\n", "", "contoso]", `"contoso" is not a domain name`},
	{"name of a credential", "", "", "  credentials: [{name: a b c, subject: s}]\n", "", "a b c", "the name must have 3 to 120 letters"},
	{"name of an identity", "", "", "  subscriptions: [{displayName: s, resourceGroups: [{name: g}]}]\n  managedIdentities: [{name: a}]\n", "", "a}]", "name"},
	{"identity without a subscription", "", "", "  managedIdentities: [{name: robot}]\n", "", "{name: robot", "has no subscription"},
	{"two audiences", "", "", "  credentials: [{name: main, subject: s, audiences: [a, b]}]\n", "", "[a, b]", "exactly one audience, this one has 2"},
	{"no audience", "", "", "  credentials: [{name: main, subject: s, audiences: []}]\n", "", "[]}]", "exactly one audience, this one has 0"},
	{"expression", "", "", "  credentials: [{name: main, matching: \"claims['sub'] == 'a'\"}]\n", "", "\"claims[", `expected " eq " or " matches "`},
	{"expression without its clause", "", "", "  credentials: [{name: main, matching: \"claims['job_workflow_ref'] eq 'a'\"}]\n", "", "\"claims[", "need a clause with repository_id"},
	{"credentials of one subject", "", "", "  credentials: [{name: one, subject: s}, {name: two, issuer: \"${{ issuer.url }}\", subject: s}]\n", "", "s}]", "must be unique"},
	{"principal of a role", "", "", "  subscriptions: [{displayName: s, roleAssignments: [{principal: nobody, role: Reader}]}]\n", "", "nobody,", `no principal "nobody"`},
	{"option", "", "", "  options: {maxDocumentBytes: 0}\n", "", "0}\n", "have 1 to 16777216"},
	{"tenants of one name", "", "", "  tenants: [{displayName: Contoso}]\n", "", "{displayName: Contoso", "already has a tenant"},

	{"address of the issuer", "", ", url: \"https://x.example/?a=b\"", "", "", "\"https://x.example", "without query and fragment"},
	{"issuer over http", "", ", url: \"http://x.example\"", "", "", "\"http://x.example", "over https only"},
	{"port of the issuer", "", ", url: \"https://x.example:99999\"", "", "", "\"https://x.example", "a port of 1 to 65535"},
	{"unknown parameter of a fault", "", ", faults: [{status: {codes: 500}}]", "", "", "codes", `no parameter "codes"`},
	{"value of a parameter", "", ", faults: [{status: {code: 99}}]", "", "", "99}", "code 99: want an HTTP status"},
	{"kind of a parameter", "", ", faults: [{status: {code: many}}]", "", "", "many", `parameter "code": want an integer, got string`},
	{"parameters of a fault", "", ", faults: [{discovery: {set: {}}}]", "", "", "{}}", "set is empty"},

	{"start of the clock", "clock: {start: \"9999-01-01T00:00:00Z\"}\n", "", "", "", "\"9999", "100 years"},
	{"skew of the clock", "clock: {skew: 1000000h}\n", "", "", "", "1000000h", "100 years"},
	{"clock step", "", "", "", "  - clock: {advance: 1000000h}\n", "1000000h", "100 years"},
	{"clock steps", "", "", "", "  - clock: {advance: 500000h}\n  - clock: {advance: 500001h}\n", "500001h", "100 years"},

	{"fault step", "", "", "", "  - fault: {set: {unreachable: {document: keys}}}\n", "keys}", `no value "keys" (have discovery, jwks)`},
	{"fault of a row", "cases: [{name: one, fault: {unreachable: {document: true}}}]\n", "", "", "  - fault: {set: \"${{ case.fault }}\"}\n", "{unreachable", `parameter "document": want a string, got bool`},
	{"credential to remove", "", "", "", "  - credential: {remove: nobody}\n", "nobody", `credential "nobody": not found`},
	{"credential removed twice", "", "", "", "  - credential: {remove: first}\n  - credential: {remove: 'first'}\n", "'first'", `credential "first": not found`},
	{"credential to change", "", "", "", "  - credential: {update: {name: nobody, subject: s}}\n", "nobody", `credential "nobody": not found`},
	{"credential added twice", "", "", "", "  - credential: {add: {name: first, subject: other}}\n", "first, subject: other", "the name is taken"},
	{"credential of a taken subject", "", "", "", "  - credential: {add: {name: other, subject: mine}}\n", "mine}}", "must be unique"},
	{"change to two audiences", "", "", "", "  - credential: {update: {name: first, audiences: [a, b]}}\n", "[a, b]", "exactly one audience"},

	{"identity to mint for", "", "", "", "  - mint: {managedIdentity: nobody}\n", "nobody", `no managed identity "nobody" (have none)`},
	{"identity to sign in as", "", "", "", "  - exchange: {identity: nobody}\n", "nobody", `no managed identity "nobody" (have none)`},
	{"variables without a workload", "", "", "", "  - mint: {via: direct, env: {A: b}}\n", "{A: b}", "env is the environment of a workload"},
	{"variables and a lifetime", "", "", "", "  - mint: {lifetime: 1h, env: {A: b}}\n", "{A: b}", "env is the environment of a workload"},
	{"name of a variable", "", "", "", "  - mint: {env: {A=B: c}}\n", "{A=B: c}", `variable "A=B"`},
	{"native with a lifetime", "", "", "", "  - mint: {via: native, lifetime: 1h}\n", "1h", "has no lifetime of the caller's choice"},
	{"algorithm of a certificate", "", "", "  certificate: true\n", "  - mint: {certificate: true, header: {alg: ES256}}\n", "ES256", "a certificate signs with RS256 or PS256"},
	{"claims of a platform", "", "", "", "  - mint: {audience: [a], via: direct}\n", "[a]", "want a string, got a list"},

	{"audience of a user pool", "", "{platform: cognito}", "", "", "mint: {via: direct", `an identity pool's tokens always have the pool id as aud`},
	{"project of an instance", "", "{platform: gcp}", "", "  - mint: {via: direct, audience: a, claims: {google: {compute_engine: {project_number: true}}}}\n", "mint: {via: direct, audience: a,", "want a number"},

	{"method of an exchange", "", "", "", "  - exchange: {method: GE T}\n", "GE T", "is no HTTP method"},
	{"header of an exchange", "", "", "", "  - exchange: {headers: {a b: c}}\n", "{a b: c}", "is no name of an HTTP header"},
	{"login host", "", "", "", "  - exchange: {host: login.contoso.example}\n", "login.contoso", "none of Entra's login hosts"},
	{"login host with its scheme", "", "", "", "  - exchange: {host: \"https://login.microsoftonline.com\"}\n", "\"https://login", "none of Entra's login hosts"},
	{"scheme of a call", "", "", "", "  - call: {url: \"http://graph.microsoft.com/v1.0/applications\", token: \"\"}\n", "\"http://graph", "is not the URL of a resource"},
	{"address of the other call", "", "", "", "  - call: {url: \"https://graph.microsoft.com/\", token: \"\", beside: {url: graph}}\n", "graph}}", "is not the URL of a resource"},
	{"method of a call", "", "", "", "  - call: {url: \"https://graph.microsoft.com/\", token: \"\", method: GE T}\n", "GE T", "is no HTTP method"},
}

// TestLint has every problem of a file that can't be carried out found before, where a run finds it and in its words.
func TestLint(t *testing.T) {
	t.Parallel()
	tgt, err := targets.InProcess(farm.Options{Hosts: []string{"x.example"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tgt.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, tt := range cantRun {
		t.Run(tt.name, func(t *testing.T) {
			issuer := "{platform: github" + tt.issuer + "}"
			if strings.HasPrefix(tt.issuer, "{") {
				issuer = tt.issuer
			}
			src := "name: entra/test\nabout: A test.\n" + tt.top + "issuer: " + issuer + "\nentra:\n" + tt.entra + "  app: deployer\n"
			if !strings.Contains(tt.entra, "credentials") {
				src += "  credentials: [{name: first, subject: mine}]\n"
			}
			src += "steps:\n  - mint: {via: direct, audience: api://AzureADTokenExchange}\n  - exchange: {}\n    expect: {error: AADSTS700213}\n" + tt.steps
			line, col := place(t, src, tt.at)
			_, found := scenario.Load("test.yaml", []byte(src), runner.Names())
			if len(found) == 0 {
				t.Fatalf("lint finds nothing in\n%s", src)
			}
			p := found[0]
			if p.Line != line || p.Column != col || !strings.Contains(p.Message, tt.says) {
				t.Errorf("lint: %d:%d: %s, want %d:%d and %q", p.Line, p.Column, p.Message, line, col, tt.says)
			}
			names := runner.Names()
			names.Rules = scenario.Rules{}
			file, others := scenario.Load("test.yaml", []byte(src), names)
			if file == nil { // the loader finds it without asking who plays it
				if others[0].Position != p.Position {
					t.Errorf("without the rules: %v", others)
				}
				return
			}
			got := play(t.Context(), t, src, runner.Options{Target: tgt})
			problem := problemOf(got)
			if got.Status != report.Error || problem == nil {
				t.Fatalf("a run: %s, %+v, want an error", got.Status, problem)
			}
			if problem.Message != p.Message {
				t.Errorf("a run says   %s\nlint says %s", problem.Message, p.Message)
			}
			if strings.HasPrefix(tt.top, "cases:") {
				return // a run points at the expression, lint at the cell that it comes from
			}
			if problem.Line != p.Line || problem.Col != p.Column || problem.Width != p.Width {
				t.Errorf("a run finds it at %d:%d+%d, lint at %d:%d+%d", problem.Line, problem.Col, problem.Width, p.Line, p.Column, p.Width)
			}
		})
	}
}
