package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/issuerd/issuerd/"

// allowed is who may import whom among the packages of this module: below each path, the paths it may import. A path
// ending in a slash stands for everything below it. The longest matching entry counts, and a package that none matches
// is a failure: a new room of the house is a decision to be made here. Tests may import more.
var allowed = map[string][]string{
	"cmd/issuerd":                       {"harness/", "issuers", "issuers/generic", "issuers/issuer", "scenarios", "wording"},
	"docs/gen":                          {"issuers", "issuers/generic", "issuers/issuer", "harness/entra", "harness/entra/", "harness/faults"},
	"e2e":                               {},
	"e2e/":                              {"cmd/", "harness", "harness/", "issuers", "issuers/", "scenarios"},
	"harness":                           {"harness/farm", "harness/plane", "harness/faults", "harness/keyfile", "harness/control", "harness/entra", "harness/entra/directory", "harness/entra/expression", "issuers", "issuers/generic", "issuers/issuer"},
	"harness/document":                  {"wording"},
	"harness/document/comments":         {},
	"harness/control":                   {"issuers/issuer", "harness/document", "harness/entra", "harness/entra/directory", "harness/plane", "wording"},
	"harness/entra":                     {"harness/document", "harness/entra/directory", "harness/entra/expression"},
	"harness/entra/directory":           {"harness/document", "harness/entra/expression", "wording"},
	"harness/entra/expression":          {},
	"harness/entra/arm":                 {"harness/entra", "harness/entra/directory"},
	"harness/entra/graph":               {"harness/entra", "harness/entra/directory", "harness/entra/expression"},
	"harness/explain":                   {"harness/entra", "harness/entra/directory", "harness/entra/expression", "harness/explain/input", "harness/explain/paste", "issuers", "wording"},
	"harness/explain/input":             {"harness/document", "harness/entra", "harness/entra/directory", "harness/explain/paste", "harness/scenario"},
	"harness/explain/paste":             {"harness/entra"},
	"harness/explain/reproduce":         {"harness/control", "harness/entra", "harness/entra/directory", "harness/entra/expression", "harness/explain", "harness/explain/input", "harness/explain/paste", "harness/report", "harness/runner", "harness/scenario", "harness/targets", "issuers", "issuers/generic", "issuers/issuer"},
	"harness/farm":                      {"issuers", "issuers/generic", "issuers/issuer", "harness/entra", "harness/entra/arm", "harness/entra/directory", "harness/entra/graph", "harness/entra/msi", "harness/farm/ca", "harness/plane", "harness/state", "harness/control", "harness/faults", "harness/keyfile", "wording"},
	"harness/entra/msi":                 {"harness/entra", "harness/entra/directory"},
	"harness/farm/ca":                   {},
	"harness/issuercheck":               {"harness/entra", "harness/entra/directory", "wording"},
	"harness/faults":                    {"harness/document", "harness/entra", "harness/farm/ca", "issuers/issuer", "wording"},
	"harness/keyfile":                   {"harness/document", "issuers/issuer"},
	"harness/plane":                     {"issuers", "harness/entra/directory"},
	"harness/report":                    {"harness/document", "wording"},
	"harness/runner":                    {"harness/document", "harness/scenario", "harness/targets", "harness/control", "harness/report", "harness/plane", "harness/entra", "harness/entra/directory", "harness/faults", "issuers", "issuers/generic", "issuers/issuer", "wording"},
	"harness/scenario":                  {"harness/document", "harness/entra/directory", "issuers/generic", "wording"},
	"harness/state":                     {},
	"harness/targets":                   {"harness/farm", "harness/plane", "harness/control"},
	"harness/targets/container":         {"harness/targets", "harness/plane", "harness/targets/container/docker"},
	"harness/targets/container/docker":  {"harness/targets", "harness/plane"},
	"harness/targets/container/docker/": {"harness/"}, // its test helper
	"issuers":                           {"issuers/", "wording"},
	"issuers/generic":                   {"harness/document", "issuers/issuer", "issuers/issuer/ci"},
	"issuers/issuer":                    {"wording"},
	"issuers/issuer/ci":                 {"issuers/issuer"},
	"issuers/issuer/sigv4":              {},
	"issuers/issuer/issuertest":         {"issuers/issuer"},
	"issuers/kubernetes":                {"issuers/issuer", "issuers/kubernetes/apiserver"},
	"issuers/kubernetes/apiserver":      {"issuers/issuer"},
	"issuers/":                          {"issuers/issuer", "issuers/issuer/ci", "issuers/issuer/sigv4"}, // a platform never sees another
	"scenarios":                         {},
	"wording":                           {},
}

// only are libraries that a part of the tree keeps to itself, because they are large.
var only = map[string][]string{
	"github.com/testcontainers/": {"harness/targets/container", "e2e"},
	"google.golang.org/grpc":     {"issuers/spiffe"},
	"go.etcd.io/bbolt":           {"harness/state"},
	"github.com/hashicorp/hcl/":  {"harness/explain/input"},
	"github.com/zclconf/":        {"harness/explain/input"},
	"github.com/Azure/":          {},
	"github.com/pb33f/":          {},
	"github.com/aws/":            {},
	"k8s.io/":                    {},
	"cloud.google.com/":          {},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestImports(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, module)
		rule, ok := ruleFor(path)
		if !ok {
			t.Errorf("%s has no row in the table of imports", path)
			continue
		}
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module); ok && !covers(rule, ours) {
				t.Errorf("%s imports %s; it may import %v", path, ours, rule)
			}
			for library, users := range only {
				if strings.HasPrefix(imported, library) && !covers(users, path) {
					t.Errorf("%s imports %s, which is for %v only", path, imported, users)
				}
			}
		}
	}
}

// TestTableNamesWhatExists keeps the tables as small as the tree: their rows, and what those allow.
func TestTableNamesWhatExists(t *testing.T) {
	t.Parallel()
	all := packages(t)
	exists := func(path string) bool {
		return slices.ContainsFunc(all, func(p pkg) bool { return covers([]string{path}, strings.TrimPrefix(p.ImportPath, module)) })
	}
	imports := func(from, path string) bool {
		return slices.ContainsFunc(all, func(p pkg) bool { return p.ImportPath == module+from && slices.Contains(p.Imports, module+path) })
	}
	for row, rule := range allowed {
		if !exists(row) {
			t.Errorf("the table of imports has a row for %s, which does not exist", row)
		}
		for _, path := range rule {
			if !exists(path) {
				t.Errorf("the table of imports lets %s import %s, which does not exist", row, path)
			} else if !strings.HasSuffix(row, "/") && !strings.HasSuffix(path, "/") && !imports(row, path) {
				t.Errorf("the table of imports lets %s import %s, which it does not", row, path)
			}
		}
	}
	for library, users := range only {
		for _, path := range users {
			if !exists(path) {
				t.Errorf("the table of imports keeps %s for %s, which does not exist", library, path)
			}
		}
	}
}

// packages lists the packages of the module with what they import.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages, want the whole module", len(all))
	}
	return all
}

// ruleFor is the row of the table for a package: the one of its own name, or else the longest that it lies below.
func ruleFor(path string) ([]string, bool) {
	if rule, ok := allowed[path]; ok {
		return rule, true
	}
	best := ""
	for row := range allowed {
		if strings.HasSuffix(row, "/") && strings.HasPrefix(path, row) && len(row) > len(best) {
			best = row
		}
	}
	rule, ok := allowed[best]
	return rule, ok
}

func covers(rule []string, path string) bool {
	return slices.ContainsFunc(rule, func(r string) bool {
		return r == path || strings.HasSuffix(r, "/") && strings.HasPrefix(path, r)
	})
}
