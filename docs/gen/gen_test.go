package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/issuers"
)

const root = "../.."

// TestPageIsUpToDate fails when the code says something else than docs/fidelity.md.
func TestPageIsUpToDate(t *testing.T) {
	t.Parallel()
	want, err := render(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../fidelity.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("docs/fidelity.md is out of date, run make generate (-want +got):\n%s", diff)
	}
}

// TestFaultsPageIsUpToDate is the same for docs/faults.md.
func TestFaultsPageIsUpToDate(t *testing.T) {
	t.Parallel()
	want, err := renderFaults()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(read(t, "../faults.md"), "\n")); diff != "" {
		t.Errorf("docs/faults.md is out of date, run make generate (-want +got):\n%s", diff)
	}
}

// TestFaultsOfThePageLoad loads a scenario with each fault as the page writes it.
func TestFaultsOfThePageLoad(t *testing.T) {
	t.Parallel()
	for _, c := range faults.Catalogue {
		text, err := flow(c.Fault)
		if err != nil {
			t.Fatal(err)
		}
		file := "name: generic/x\nabout: x\nissuer:\n  platform: generic\n  preset: plain\n  faults:\n    - " + text +
			"\nentra: {app: worker}\nsteps:\n  - mint: {audience: a}\n"
		loaded, problems := scenario.Load("x.yaml", []byte(file), runner.Names())
		if len(problems) > 0 {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		iss, err := loaded.ResolveIssuer(map[string]any{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for name, parameters := range iss.Faults[0] {
			if err := faults.Validate(name, parameters); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}

// TestPageIsComplete keeps what is read out of comments and lists from getting lost on the way.
func TestPageIsComplete(t *testing.T) {
	t.Parallel()
	page, err := render(root)
	if err != nil {
		t.Fatal(err)
	}
	var wants []string
	for _, p := range issuers.All() {
		for _, s := range p.Services {
			wants = append(wants, "| `"+s.Issuer+"` |")
		}
		for _, preset := range p.Presets {
			wants = append(wants, "\n| `"+preset.Name+"` | ")
		}
		wants = append(wants, "\n### Limits of `"+p.Name+"`\n")
	}
	seen, err := readConformance(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, routes := range seen.Routes {
		for route := range routes {
			wants = append(wants, "\n| "+escapeCell(routeName(route))+" | ")
		}
	}
	for client, version := range seen.Clients {
		wants = append(wants, "`"+client+"` "+version)
	}
	for _, c := range entra.Codes {
		wants = append(wants, escapeCell(c.Message))
	}
	for _, route := range entra.New(entra.Config{}).Routes() {
		wants = append(wants, "| `"+route[strings.Index(route, "/"):]+"` | ")
	}
	wants = append(wants, "\n1. method\n", "\n| `clockSkew` | `5m` | ")
	for _, want := range wants {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(string(page), "Not faithful"); n != len(issuers.All())+len(parts["kubernetes"])+3 {
		t.Errorf("%d paragraphs say what is not faithful, want one for each of %d platforms, one for the API server of Kubernetes, and three for Entra, Microsoft Graph and Azure Resource Manager", n, len(issuers.All()))
	}
}

func TestUnfaithfulWantsItsParagraph(t *testing.T) {
	t.Parallel()
	if text, err := unfaithful(root, "docs/gen"); err == nil {
		t.Errorf("a package without the paragraph gave %q, want an error", text)
	}
}

// TestConformanceIsChecked keeps rows that no section of the page would show from passing.
func TestConformanceIsChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]conformance{
		"platform": {Clients: map[string]string{"c": "v1"}, Routes: map[string]map[string][]string{"gihtub": {"jwks": {"c"}}}},
		"version":  {Routes: map[string]map[string][]string{"github": {"jwks": {"c"}}}},
	} {
		if err := c.validate(); err == nil {
			t.Errorf("%s: accepted %v", name, c)
		}
	}
	if err := new(conformance).clients(io.Discard, "github"); err == nil {
		t.Error("a platform without clients got a table")
	}
}

func TestEscapeCell(t *testing.T) {
	t.Parallel()
	if got, want := escapeCell("a | b\n  c"), `a \| b c`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
