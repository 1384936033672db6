package reproduce_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
	"github.com/issuerd/issuerd/harness/explain/paste"
	"github.com/issuerd/issuerd/harness/explain/reproduce"
)

// publicReport is one that the facts about Entra list.
type publicReport struct {
	Row     int    `yaml:"row"`
	Reports string `yaml:"reports"` // where it was
	Text    string `yaml:"text"`
	Ends    string `yaml:"ends"` // the code that is reproduced, or none
	Why     string `yaml:"why"`  // there is no refusal to reproduce
}

func publicReports(t *testing.T) []publicReport {
	t.Helper()
	src, err := os.ReadFile("testdata/reports.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var reports []publicReport
	if err := yaml.UnmarshalWithOptions(src, &reports, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return reports
}

// TestReports takes the texts of all public reports through the reader of what people paste, and reproduces them.
// docs/reproduce.md has the counts.
func TestReports(t *testing.T) {
	t.Parallel()
	var all []*reproduce.Scenario
	reproduced, renewed, none, rows := 0, 0, 0, map[int]bool{}
	for _, r := range publicReports(t) {
		rows[r.Row] = true
		read := paste.Read(r.Text)
		found := input.Found{Input: "refusal.txt", Text: &read}
		s, err := reproduce.Make(explain.Case{Inputs: []input.Found{found}}, reproduce.Options{})
		if r.Ends == "none" {
			if none++; err == nil || !strings.Contains(err.Error(), "no message of Entra's") || r.Why == "" {
				t.Errorf("row %d (%s): %v, want no refusal", r.Row, r.Why, err)
			}
			continue
		}
		if err != nil || s.Code != r.Ends {
			t.Errorf("row %d: %v %v, want %s", r.Row, s, err, r.Ends)
			continue
		}
		reproduced++
		if s.Seen != "" {
			renewed++
		}
		for _, v := range s.Values {
			if !v.Given && !(r.Row == 45 && v.Name == "sub") && !slices.Contains([]string{"list", "appId", "appDisplayName"}, v.Name) {
				t.Errorf("row %d: %s %q was not read from %s", r.Row, v.Name, v.Text, r.Text)
			}
		}
		all = append(all, s)
	}
	target := emulator(t, all...)
	for _, s := range all {
		if out, err := s.Play(t.Context(), target); err != nil || !out.Reproduced {
			t.Errorf("%s: got %q: %s %v\n%s", s.Code, out.Got, out.Problem, err, s.Source)
		}
	}
	page, err := os.ReadFile("../../../docs/reproduce.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf("%d kinds of them, have %d texts", len(rows), reproduced+none), fmt.Sprintf("\n| %d | reproduced, with the code and the values of the text; %d of them", reproduced, renewed),
		fmt.Sprintf("\n| %d | no refusal of a sign-in", none),
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("docs/reproduce.md does not say %q", want)
		}
	}
}
