package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/issuers"
)

// pages are the pages written by hand, from this folder.
var pages = []string{"../../README.md", "../architecture.md", "../scenarios.md"}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestLinks follows the links to files of this repository.
func TestLinks(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	for _, page := range append(pages, "../fidelity.md", "../faults.md") {
		found := link.FindAllStringSubmatch(read(t, page), -1)
		if len(found) == 0 && page != "../fidelity.md" {
			t.Errorf("%s has no link, want some", page)
		}
		for _, m := range found {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// TestPlatformTable compares the README's table with the list of platforms.
func TestPlatformTable(t *testing.T) {
	t.Parallel()
	readme := read(t, "../../README.md")
	for _, p := range issuers.All() {
		first, err := p.Service(p.Presets[0].Service)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("\n| `%s` | `%s` | %d | %d | ", p.Name, first.Issuer, len(p.Services), len(p.Presets))
		if !strings.Contains(readme, want) {
			t.Errorf("README.md lacks %q", want)
		}
	}
}

// TestScenarioReference wants every word of the format on its page, and its examples to load.
func TestScenarioReference(t *testing.T) {
	t.Parallel()
	page := read(t, "../scenarios.md")
	for _, word := range append(faults.EntraNames(), scenario.Kinds...) {
		if !strings.Contains(page, "\n| `"+word+"` | ") {
			t.Errorf("docs/scenarios.md has no row for %q", word)
		}
	}
	for _, word := range faults.Names() {
		if !strings.Contains(read(t, "../faults.md"), "\n### `"+word+"`\n") {
			t.Errorf("docs/faults.md has no section for %q", word)
		}
	}
	for _, kind := range scenario.Kinds {
		for _, member := range scenario.Results(kind) {
			if !strings.Contains(page, "`"+member+"`") {
				t.Errorf("docs/scenarios.md lacks the result %q of %s", member, kind)
			}
		}
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(page, -1)
	if len(examples) == 0 {
		t.Fatal("docs/scenarios.md has no example")
	}
	for _, m := range examples {
		if _, problems := scenario.Load("docs/scenarios.md", []byte(m[1]), runner.Names()); len(problems) > 0 {
			t.Errorf("an example of docs/scenarios.md does not load: %v", problems)
		}
	}
}
