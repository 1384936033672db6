package scenario_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/scenario"
)

// names are the words that the files in testdata use.
var names = scenario.Names{
	Platforms: map[string][]string{
		"github":     {"branch", "environment"},
		"kubernetes": {"pod"},
		"gcp":        {"compute-engine"},
		"cognito":    {"developer-authenticated"},
		"awssts":     {"role"},
		"spiffe":     {"spire"},
		"terraform":  {"workspace"},
		"generic":    {"plain"},
		"gitlab":     {"branch", "tag"},
	},
	Taken:  []string{"gcp", "github"},
	Faults: []string{"wrong-kid", "slow-jwks"}, EntraFaults: []string{"throttled"},
	Rules: scenario.Rules{Unanswered: func(code string) string {
		if code == "AADSTS70021" {
			return "superseded by 700213 in 2023"
		}
		return ""
	}},
	Codes: func(code string) bool {
		return strings.Contains(" AADSTS70021 AADSTS700213 AADSTS7002138 AADSTS7000272 AADSTS700212 AADSTS5002738 ", " "+code+" ")
	},
}

func TestGood(t *testing.T) {
	t.Parallel()
	files, problems := scenario.LoadFS(os.DirFS("testdata/good"), names)
	for _, p := range problems {
		t.Errorf("%v (hint: %s)", &p, p.Hint)
	}
	var got []string
	for _, f := range files {
		got = append(got, f.Name)
	}
	want := []string{
		"acme/define", "cognito/developer-identity", "gcp/service-account", "github/aadsts700212-audience-mismatch",
		"github/aadsts700213-subject-mismatch", "github/branch", "kubernetes/aadsts7000272-jwks-rotated",
		"kubernetes/service-account", "spiffe/jwt-svid", "terraform/plan-and-apply",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// TestDocumentedLimits compares the limits with what the documentation says of them.
func TestDocumentedLimits(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("A file has at most %d KiB, %d lists and maps inside each other and 1,%03d keys in a map", scenario.MaxSize>>10, document.MaxDepth, document.MaxKeys-1000)
	if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
		t.Errorf("docs/scenarios.md does not say %q", want)
	}
	for size, problem := range map[int]string{scenario.MaxSize: "", scenario.MaxSize + 1: "1:1: want at most 65536 bytes, got 65537"} {
		src := "name: github/x\nabout: x\nissuer: {platform: github}\nentra: {app: x}\nsteps: [{mint: {}}]\n#"
		_, problems := scenario.Load("x.yaml", []byte(src+strings.Repeat("x", size-len(src))), names)
		if got := strings.TrimPrefix(problems.Error(), "x.yaml:"); got != problem {
			t.Errorf("%d bytes: %q, want %q", size, got, problem)
		}
	}
}

// TestEncodings checks that line ends and a byte order mark change nothing.
func TestEncodings(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("testdata/bad/expressions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, want := scenario.Load("file.yaml", src, names)
	for name, variant := range map[string]string{
		"byte order mark": "\ufeff" + string(src),
		"CRLF":            strings.ReplaceAll(string(src), "\n", "\r\n"),
		"CR":              strings.ReplaceAll(string(src), "\n", "\r"),
		"comment":         strings.Replace(string(src), "name: github/x\n", "name: github/x # é\n", 1),
	} {
		_, got := scenario.Load("file.yaml", []byte(variant), names)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", name, diff)
		}
	}
}

// TestNoNames checks that words are checked only against lists that are given.
func TestNoNames(t *testing.T) {
	t.Parallel()
	src := []byte("name: nowhere/x\nabout: x\nissuer: {platform: nowhere, preset: p, faults: [{f: {}}]}\nentra: {app: x}\n" +
		"steps:\n  - mint: {}\n  - exchange: {}\n    expect: {error: AADSTS123456}\n")
	if _, problems := scenario.Load("file.yaml", src, scenario.Names{}); len(problems) > 0 {
		t.Errorf("problems %v without names to check, want none", problems)
	}
	none := scenario.Names{Platforms: map[string][]string{}, Faults: []string{}, Codes: func(string) bool { return false }}
	_, problems := scenario.Load("file.yaml", src, none)
	var got []string
	for _, p := range problems {
		got = append(got, p.Message)
	}
	want := []string{`unknown platform "nowhere"`, `unknown fault "f"`, "unknown code AADSTS123456"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// TestKinds checks that the lists of kinds agree with the struct of actions.
func TestKinds(t *testing.T) {
	t.Parallel()
	var want []string
	for i := range reflect.TypeFor[scenario.Action]().NumField() {
		key, _, _ := strings.Cut(reflect.TypeFor[scenario.Action]().Field(i).Tag.Get("json"), ",")
		want = append(want, key)
	}
	if diff := cmp.Diff(want, scenario.Kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
}

// TestResourceOfIdentity has a managed identity ask for what is there, and for what is not.
func TestResourceOfIdentity(t *testing.T) {
	t.Parallel()
	const src = `name: entra/x
about: x
issuer: {platform: github}
entra:
  app: x
  cloud: usgov
  subscriptions: [{displayName: s, resourceGroups: [{name: g}]}]
  managedIdentities: [{name: robot}]
  applications: [{displayName: api, identifierUris: [api://api]}]
steps:
  - mint: {managedIdentity: robot%s}
`
	for resource, want := range map[string]string{
		"": "", ", resource: api://api": "", ", resource: https://graph.microsoft.us": "", ", resource: 00000003-0000-0000-c000-000000000000": "",
		", resource: api://AzureADTokenExchangeUSGov":           "",
		", resource: api://AzureADTokenExchange":                `x.yaml:11:46: mint: managed identity "robot": AADSTS500011: no resource "api://AzureADTokenExchange" in the tenant "Contoso"`,
		", resource: api://nobody":                              `x.yaml:11:46: mint: managed identity "robot": AADSTS500011: no resource "api://nobody" in the tenant "Contoso"`,
		", resource: \"${{ env.RESOURCE ?? 'api://nobody' }}\"": "",
	} {
		_, problems := scenario.Load("x.yaml", fmt.Appendf(nil, src, resource), names)
		if problems.Error() != want {
			t.Errorf("%q: %v, want %s", resource, problems, want)
		}
	}
}

// TestCredentialOfACall has calls change the directory, whose steps then may name what the file does not.
func TestCredentialOfACall(t *testing.T) {
	t.Parallel()
	const src = "name: github/x\nabout: x\nissuer: {platform: github}\nentra: {app: x}\nsteps:\n" +
		"  - call: {url: \"https://graph.microsoft.com/v1.0/applications\", token: \"\", method: %s}\n  - credential: {remove: made}\n"
	for method, want := range map[string]int{"GET": 1, "POST": 0, "patch": 0, `"${{ env.METHOD }}"`: 0} {
		if _, problems := scenario.Load("x.yaml", fmt.Appendf(nil, src, method), names); len(problems) != want {
			t.Errorf("%s: problems %v, want %d", method, problems, want)
		}
	}
}

// TestBad compares the problems of each broken file with the .out file beside it.
func TestBad(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files in testdata/bad, want at least 20 (%v)", len(files), err)
	}
	rewrite := flag.Lookup("update").Value.String() == "true"
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f, problems := scenario.Load(filepath.Base(path), src, names)
			if f != nil || len(problems) == 0 {
				t.Fatalf("Load = %v with %d problems, want no file and some", f, len(problems))
			}
			var got strings.Builder
			for _, p := range problems {
				fmt.Fprintln(&got, p.Error())
				if p.Hint != "" {
					fmt.Fprintf(&got, "\thint: %s\n", p.Hint)
				}
			}
			golden := strings.TrimSuffix(path, ".yaml") + ".out"
			if rewrite {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRenamed has old names of presets mean the new ones, and a warning at each place that has one.
func TestRenamed(t *testing.T) {
	t.Parallel()
	today := names
	today.Renamed = func(platform, preset string) (string, string, bool) {
		if kind, old := strings.CutPrefix(preset, "gitlab-"); old && platform == "generic" {
			return "gitlab", kind, true
		}
		return platform, preset, false
	}
	const rest = "entra: {app: x}\nsteps:\n  - mint: {}\n  - exchange: {}\n"
	const said, hint = `warning: the preset "gitlab-tag" of generic has other names now`, "write platform: gitlab, preset: tag"
	at := func(line, column, width int) document.Problems {
		return document.Problems{{File: "f.yaml", Position: document.Position{Line: line, Column: column, Width: width}, Message: said, Hint: hint}}
	}
	for _, tt := range []struct {
		name, issuer string
		want         document.Problems // warnings
		err          string
	}{
		{"constant", "issuer:\n  platform: generic\n  preset: gitlab-tag\n", at(5, 11, 10), ""},
		{"rows", "issuer: {platform: generic, preset: \"${{ case.p }}\"}\ncases:\n  - {name: a, p: plain}\n  - {name: b, p: gitlab-tag}\n",
			at(6, 18, 10), ""},
		{"rows with one place", "issuer: {platform: generic, preset: gitlab-tag}\ncases:\n  - {name: a}\n  - {name: b}\n",
			at(3, 37, 10), ""},
		{"today's", "issuer: {platform: generic, preset: plain}\n", nil, ""},
		{"never", "issuer: {platform: generic, preset: gitlab-stage}\n", nil, `f.yaml:3:37: gitlab has no preset "stage"`},
	} {
		f, problems := scenario.Load("f.yaml", []byte("name: generic/x\nabout: x\n"+tt.issuer+rest), today)
		switch {
		case tt.err != "":
			if len(problems) != 1 || problems[0].Error() != tt.err {
				t.Errorf("%s: problems %v, want %s", tt.name, problems, tt.err)
			}
		case len(problems) > 0:
			t.Errorf("%s: problems %v", tt.name, problems)
		default:
			for i, warning := range f.Warnings {
				if !strings.Contains(warning.Source, "gitlab-tag") {
					t.Errorf("%s: source line %q", tt.name, warning.Source)
				}
				f.Warnings[i].Source = ""
			}
			if diff := cmp.Diff(tt.want, f.Warnings); diff != "" {
				t.Errorf("%s: warnings (-want +got):\n%s", tt.name, diff)
			}
		}
	}
}
