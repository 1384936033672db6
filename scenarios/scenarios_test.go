package scenarios_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/scenarios"
)

// modeline is what editors look for.
const modeline = "# yaml-language-server: $schema=../scenario.schema.json\n"

var report = regexp.MustCompile(`[A-Za-z0-9][\w.-]*/[\w.-]+#\d+|https://[^\s,;)]+`)

// file is what these tests read of a scenario; harness/scenario checks the rest.
type file struct {
	path, text string
	Name       string   `yaml:"name"`
	About      string   `yaml:"about"`
	Labels     []string `yaml:"labels"`
}

func (f *file) codes() []string {
	var codes []string
	for _, label := range f.Labels {
		if strings.HasPrefix(label, "AADSTS") || strings.HasPrefix(label, "AADB2C") {
			codes = append(codes, label)
		}
	}
	return codes
}

// reports are what the comment lines between the first line and the name of the scenario cite.
func (f *file) reports() []string {
	comment, _, _ := strings.Cut(strings.TrimPrefix(f.text, modeline), "\nname:")
	if !strings.HasPrefix(comment, "# Reports: ") {
		return nil
	}
	return report.FindAllString(comment, -1)
}

func load(t *testing.T) []*file {
	t.Helper()
	paths, err := fs.Glob(scenarios.FS, "*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatal("no scenarios")
	}
	files := make([]*file, len(paths))
	for i, p := range paths {
		raw, err := fs.ReadFile(scenarios.FS, p)
		if err != nil {
			t.Fatal(err)
		}
		files[i] = &file{path: p, text: string(raw)}
		if err := yaml.Unmarshal(raw, files[i]); err != nil {
			t.Fatalf("%s: %v", p, err)
		}
	}
	return files
}

// TestLabels checks that a scenario is either a happy path or a failure, and that the first code of a failure's labels
// begins the file's name; one whose refusal comes from elsewhere begins with the label graph or arm. The tests of e2e
// compare the codes with those that its steps get.
func TestLabels(t *testing.T) {
	t.Parallel()
	for _, f := range load(t) {
		if !strings.HasPrefix(f.text, modeline) {
			t.Errorf("%s: the first line is not %q", f.path, modeline)
		}
		kinds := slices.DeleteFunc(slices.Clone(f.Labels), func(l string) bool { return l != "happy" && l != "failure" && l != "refused" })
		if len(kinds) != 1 {
			t.Errorf("%s: labels %q: want one of happy, failure (at sign-in) and refused (by a platform or a resource)", f.path, f.Labels)
		}
		failure := slices.Contains(kinds, "failure")
		codes := f.codes()
		begins := slices.DeleteFunc([]string{"graph", "arm"}, func(label string) bool { return !slices.Contains(f.Labels, label) })
		if len(codes) > 0 {
			begins = codes[:1]
		}
		if base := path.Base(f.path); failure && (len(begins) == 0 || !strings.HasPrefix(base, strings.ToLower(begins[0])+"-")) {
			t.Errorf("%s: want a name that begins with the first of the labels %q", f.path, begins)
		}
	}
}

// TestReports checks that a failure says in a comment at its top, and in its about, which public report it reproduces
// or where its cause is documented.
func TestReports(t *testing.T) {
	t.Parallel()
	for _, f := range load(t) {
		if !slices.Contains(f.Labels, "failure") {
			continue
		}
		reports := f.reports()
		if len(reports) == 0 {
			t.Errorf("%s: want a comment \"# Reports: owner/repository#number, …\" or a URL below the first line", f.path)
		}
		if !slices.ContainsFunc(reports, func(name string) bool { return strings.Contains(f.About, name) }) {
			t.Errorf("%s: about names none of the reports %q", f.path, reports)
		}
		for _, name := range report.FindAllString(f.About, -1) {
			if strings.Contains(name, "#") && !slices.Contains(reports, name) {
				t.Errorf("%s: about names %s, the comment at the top only %q", f.path, name, reports)
			}
		}
	}
}

// TestPlatforms checks that every platform has a happy path.
func TestPlatforms(t *testing.T) {
	t.Parallel()
	happy := map[string]bool{}
	for _, f := range load(t) {
		happy[path.Dir(f.path)] = happy[path.Dir(f.path)] || slices.Contains(f.Labels, "happy")
	}
	for _, name := range issuers.Names() {
		if !happy[name] {
			t.Errorf("%s: no happy path", name)
		}
	}
}

// TestREADME checks that the README's tables are those of the files.
func TestREADME(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{} // by the path of the scenario
	link := regexp.MustCompile(`\]\(([a-z0-9-]+/[^)]+\.yaml)\)`)
	for line := range strings.Lines(string(raw)) {
		for _, match := range link.FindAllStringSubmatch(line, -1) {
			if _, twice := rows[match[1]]; twice {
				t.Errorf("README.md links to %s twice", match[1])
			}
			rows[match[1]] = line
		}
	}
	for _, f := range load(t) {
		row, ok := rows[f.path]
		delete(rows, f.path)
		if !ok {
			t.Errorf("README.md has no link to %s", f.path)
			continue
		}
		for _, want := range slices.Concat(f.codes(), f.reports()) {
			if !strings.Contains(row, want) {
				t.Errorf("README.md: the row of %s does not name %s", f.path, want)
			}
		}
	}
	for p := range rows {
		t.Errorf("README.md links to %s, which does not exist", p)
	}
}
