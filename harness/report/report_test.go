package report_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/report"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// run holds one result of each kind.
var run = report.Run{
	Version: 1,
	Target:  "emulator",
	Ms:      1234.567,
	Started: time.Date(2026, 11, 30, 14, 0, 0, 0, time.UTC),
	Results: []report.Result{
		{
			Name: "github/branch", File: "scenarios/github/branch.yaml", Line: 2, Status: report.Pass, Ms: 41, Labels: []string{"happy", "cache"},
			Steps: []report.Step{
				{Action: "mint", Status: report.Pass, Claims: map[string]any{"sub": "repo:contoso/web:ref:refs/heads/main", "exp": 1796049453.0, "html": "<b>&</b>"}},
				{
					Action: "exchange", ID: "first", Status: report.Pass, HTTP: 401, OAuth: "invalid_client", Error: "AADSTS700213",
					Text:    "AADSTS700213: No matching federated identity record found. Trace ID: 1",
					Fetched: []string{"discovery", "jwks"}, Checks: []report.Check{{Name: "issuer", OK: true}},
				},
				{Action: "call", Status: report.Pass, HTTP: 200, Text: `{"value":[]}`},
			},
		},
		{
			Name: "github/aadsts700213-subject-mismatch", Case: "other-branch", Status: report.Fail, Ms: 7,
			File: "scenarios/github/aadsts700213-subject-mismatch.yaml", Line: 21,
			Steps: []report.Step{
				{Action: "mint", Status: report.Pass},
				{
					Action: "exchange", Status: report.Fail, Fetched: []string{}, Attempts: 3,
					Checks: []report.Check{
						{Name: "issuer", OK: true},
						{Name: "audience", OK: true, Note: "credential main-branch"},
						{Name: "subject", Want: "repo:contoso/web:ref:refs/heads/main", Got: "repo:contoso/web:ref:refs/heads/dev"},
						{Name: "signature"},
					},
					Problem: &report.Problem{
						Line: 35, Col: 14, Width: 17, Message: "want AADSTS700213, got a token", Value: "AADSTS700213",
						Hint:   "the credential's subject was changed to match; the row no longer reproduces the error",
						Source: "      error: ${{ case.error }}",
					},
				},
			},
		},
		{
			Name: "gcp/service-account", File: "scenarios/gcp/service-account.yaml", Line: 2, Status: report.Error,
			Problem: &report.Problem{Message: "the issuer cannot be made: <no key> & \"50%\" | # *x*,\n]]> ``` :::"},
		},
		{
			Name: "gcp/é", File: "scenarios/gcp/e.yaml", Line: 2, Status: report.Fail, Ms: 0.4,
			Steps: []report.Step{{Action: "exchange", Status: report.Fail, Error: "AADSTS700213", Checks: []report.Check{{Name: "issuer", OK: true}}}},
			Problem: &report.Problem{
				File: "scenarios/gcp/é.yaml", Line: 7, Col: 12, Width: 99, Message: "want a token, got AADSTS700213",
				Source: "\té: {\"ä\", b}  ",
			},
		},
		{Name: "gcp/rotation", File: "scenarios/gcp/rotation.yaml", Line: 2, Status: report.Skip, Reason: "clock needs virtual-clock, which entra has not"},
	},
}

func text(w io.Writer, run report.Run) error        { return report.Text(w, run, report.TextOptions{}) }
func annotations(w io.Writer, run report.Run) error { return report.Annotations(w, run, "tests") }

func verbose(w io.Writer, run report.Run) error {
	return report.Text(w, run, report.TextOptions{Verbose: true})
}

func colored(w io.Writer, run report.Run) error {
	return report.Text(w, run, report.TextOptions{Color: true})
}

func TestFormats(t *testing.T) {
	t.Parallel()
	tests := []struct {
		golden string
		format func(io.Writer, report.Run) error
		run    report.Run
	}{
		{"testdata/run.txt", text, run},
		{"testdata/run.color.txt", colored, run},
		{"testdata/run.json", report.JSON, run},
		{"testdata/run.verbose.txt", verbose, run},
		{"testdata/run.junit.xml", report.JUnit, run},
		{"testdata/run.tap", report.TAP, run},
		{"testdata/run.ctrf.json", report.CTRF, run},
		{"testdata/run.annotations.txt", annotations, run},
		{"testdata/run.summary.md", report.Summary, run},
		{"testdata/empty.junit.xml", report.JUnit, report.Run{Version: 1, Target: "emulator"}},
		{"testdata/empty.tap", report.TAP, report.Run{Version: 1, Target: "emulator"}},
		{"testdata/empty.ctrf.json", report.CTRF, report.Run{Version: 1, Target: "emulator"}},
		{"testdata/empty.txt", text, report.Run{Version: 1, Target: "emulator"}},
		{"testdata/empty.json", report.JSON, report.Run{Version: 1, Target: "emulator"}},
	}
	for _, tt := range tests {
		t.Run(tt.golden, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := tt.format(&got, tt.run); err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(tt.golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(tt.golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.golden, diff)
			}
		})
	}
}

// TestJSONRoundTrip checks that the document holds all there is, so that every form can be made of it.
func TestJSONRoundTrip(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := report.JSON(&b, run); err != nil {
		t.Fatal(err)
	}
	got, err := report.Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(run, got); diff != "" {
		t.Errorf("run (-want +got):\n%s", diff)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		statuses []report.Status
		want     report.Status
	}{
		{"nothing ran", nil, report.Pass},
		{"only skips", []report.Status{report.Skip}, report.Pass},
		{"pass over skip", []report.Status{report.Pass, report.Skip}, report.Pass},
		{"fail over pass", []report.Status{report.Fail, report.Pass}, report.Fail},
		{"error over fail", []report.Status{report.Error, report.Fail}, report.Error},
	}
	for _, tt := range tests {
		var r report.Run
		for _, s := range tt.statuses {
			r.Results = append(r.Results, report.Result{Status: s})
		}
		if got := r.Status(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	if err := new(report.Status).UnmarshalText([]byte("passed")); err == nil || !strings.Contains(err.Error(), `no status "passed"`) {
		t.Errorf("error %v for an unknown status", err)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestWriteError(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	formats := maps.Clone(report.Formats)
	maps.Copy(formats, map[string]func(io.Writer, report.Run) error{"text": text, "annotations": annotations, "summary": report.Summary})
	for name, format := range formats {
		if err := format(brokenWriter{full}, run); !errors.Is(err, full) {
			t.Errorf("%s: error %v, want %v", name, err, full)
		}
	}
}

// TestGitHubCommands has cases whose words would be commands of GitHub Actions, or do something to a terminal or a page.
func TestGitHubCommands(t *testing.T) {
	t.Parallel()
	hostile := report.Run{Version: 1, Target: "emulator", Results: []report.Result{{
		Name: "github/odd", Case: "b\x1b[31m\n::error::x", File: "a\x1b.yaml", Line: 1, Status: report.Fail,
		Problem: &report.Problem{Message: "want a\n::stop-commands::x\n \t::add-mask::y\n##[error]z [a](http://b.example) ![c](https://d.example) www.e.example \\| @f", Hint: "a\n::error::b"},
	}}}
	var b strings.Builder
	if err := report.Text(&b, hostile, report.TextOptions{GitHub: true, Verbose: true}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
			t.Errorf("a command: %q", line)
		}
	}
	if want := "\\x3a:stop-commands::x\n \t\\x3a:add-mask::y\n#\\x23[error]z [a]"; !strings.Contains(b.String(), want) {
		t.Errorf("%s\ndoes not have %s", b.String(), want)
	}
	b.Reset()
	if err := annotations(&b, hostile); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `title=FAIL github/odd[b\x1b[31m\n%3A%3Aerror%3A%3Ax]::`) {
		t.Errorf("annotation %q", got)
	}
	if strings.Contains(b.String(), "\x1b") {
		t.Errorf("annotation %q has an escape", b.String())
	}
	b.Reset()
	if err := report.Summary(&b, hostile); err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(b.String(), "<details>")
	for _, want := range []string{`\[a\](http&#58;//b.example)`, `!\[c\](https&#58;//d.example)`, "www&#46;e.example", `\\\| &#64;f`} {
		if !strings.Contains(table, want) {
			t.Errorf("%s\ndoes not have %s", table, want)
		}
	}
}
