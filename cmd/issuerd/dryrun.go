package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/targets"
	"github.com/issuerd/issuerd/wording"
)

// previewedCase is a case in the answer of --dry-run with --format json.
type previewedCase struct {
	Name    string               `json:"name"`
	Case    string               `json:"case,omitempty"`
	File    string               `json:"file"`
	Line    int                  `json:"line"`
	Would   string               `json:"would"`            // play, skip or error
	Reason  string               `json:"reason,omitempty"` // why it would be skipped
	Problem *report.Problem      `json:"problem,omitempty"`
	Steps   []runner.PreviewStep `json:"steps,omitempty"`
}

// dryRun says what would be played, and sends nothing.
func (f *runFlags) dryRun(w io.Writer, remote *connection, c *chosen) error {
	target := targets.Unstarted("emulator", true)
	switch {
	case remote != nil:
		target = targets.Unstarted(remote.URL, false)
	case f.target == "container":
		target = targets.Unstarted("container", false)
	}
	previews := runner.PreviewAll(c.files, runner.Options{Target: target, Select: c.selects, Vars: c.vars, Env: environment(), Issuers: c.issuers})
	var counts [report.Error + 1]int
	for _, p := range previews {
		counts[p.Result.Status]++
	}
	var err error
	if f.reports.format == "json" {
		items := make([]previewedCase, len(previews))
		for i, p := range previews {
			r := p.Result
			items[i] = previewedCase{r.Name, r.Case, r.File, r.Line, would(r.Status), r.Reason, r.Problem, p.Steps}
		}
		err = printJSON(w, list(items))
	} else {
		var b strings.Builder
		for _, p := range previews {
			writePreview(&b, p)
		}
		fmt.Fprintf(&b, "\n%s would be played, %d skipped", wording.Count(counts[report.Pass], "case"), counts[report.Skip])
		if n := counts[report.Error]; n > 0 {
			fmt.Fprintf(&b, ", %d can't be carried out", n)
		}
		b.WriteString("; nothing was sent\n")
		_, err = io.WriteString(w, b.String())
	}
	if err == nil && counts[report.Error] > 0 {
		return &exitError{code: exitRun}
	}
	return err
}

// would is what would happen to a case.
func would(s report.Status) string {
	if s == report.Pass {
		return "play"
	}
	return s.String()
}

// writePreview writes a case with its steps, a line each.
func writePreview(b *strings.Builder, p runner.Preview) {
	r := p.Result
	fmt.Fprintf(b, "%-5s %s", strings.ToUpper(would(r.Status)), wording.Printable(r.Title()))
	if r.Reason != "" {
		b.WriteString("  " + wording.Printable(r.Reason))
	}
	b.WriteByte('\n')
	if r.Problem != nil {
		fmt.Fprintf(b, "%s:%d:%d: %s\n", wording.Printable(r.Problem.File), r.Problem.Line, r.Problem.Col, wording.PrintableLines(r.Problem.Message))
	}
	for _, s := range p.Steps {
		fmt.Fprintf(b, "      %-10s %s", s.Action, wording.Printable(compactJSON(s.With)))
		if s.Expect != nil {
			b.WriteString("  expect " + wording.Printable(compactJSON(s.Expect)))
		}
		b.WriteByte('\n')
	}
}

// compactJSON is a value on a line; empty for one that says nothing.
func compactJSON(v any) string {
	if v == nil {
		return "{}"
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "?"
	}
	return strings.TrimSuffix(b.String(), "\n")
}
