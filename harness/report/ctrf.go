package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"
)

// The members of the Common Test Report Format (https://ctrf.io) that say something about a run.
type (
	ctrfReport struct {
		Format      string      `json:"reportFormat"`
		Version     string      `json:"specVersion"`
		RunID       string      `json:"runId,omitempty"` // the same in all shards
		GeneratedBy string      `json:"generatedBy"`
		Results     ctrfResults `json:"results"`
	}
	ctrfResults struct {
		Tool        ctrfTool        `json:"tool"`
		Summary     ctrfSummary     `json:"summary"`
		Tests       []ctrfTest      `json:"tests"`
		Environment ctrfEnvironment `json:"environment"`
	}
	ctrfTool struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
	}
	ctrfSummary struct {
		Tests    int   `json:"tests"`
		Passed   int   `json:"passed"`
		Failed   int   `json:"failed"` // errors among them
		Skipped  int   `json:"skipped"`
		Pending  int   `json:"pending"`
		Other    int   `json:"other"`
		Suites   int   `json:"suites"`
		Start    int64 `json:"start"` // milliseconds since 1970
		Stop     int64 `json:"stop"`
		Duration int64 `json:"duration"`
	}
	ctrfTest struct {
		Name      string     `json:"name"`
		Status    string     `json:"status"`
		Duration  int64      `json:"duration"`
		Suite     []string   `json:"suite"`
		Message   string     `json:"message,omitempty"`
		Trace     string     `json:"trace,omitempty"`
		Snippet   string     `json:"snippet,omitempty"`
		Line      int        `json:"line"`
		RawStatus string     `json:"rawStatus"`
		Tags      []string   `json:"tags,omitempty"`
		FilePath  string     `json:"filePath"`
		Steps     []ctrfStep `json:"steps,omitempty"`
	}
	ctrfStep struct {
		Name   string `json:"name"`
		Status string `json:"status"`
		Extra  *Step  `json:"extra,omitempty"` // what was answered
	}
	ctrfEnvironment struct {
		TestEnvironment string `json:"testEnvironment"`
		BuildID         string `json:"buildId,omitempty"`
		ShardID         string `json:"shardId,omitempty"`
	}
)

// CTRF writes run to w in the Common Test Report Format. Errors are those of w.
func CTRF(w io.Writer, run Run) error {
	doc := ctrfReport{Format: "CTRF", Version: "0.0.0", GeneratedBy: "issuerd", Results: ctrfResults{
		Tool:        ctrfTool{"issuerd", run.Issuerd},
		Tests:       []ctrfTest{},
		Environment: ctrfEnvironment{TestEnvironment: run.Target, BuildID: run.Job},
	}}
	if run.Selection != nil {
		doc.RunID = run.Selection.Digest
		if run.Job != "" {
			doc.RunID = run.Job + " " + doc.RunID
		}
	}
	if run.Shard != nil {
		doc.Results.Environment.ShardID = run.Shard.String()
	}
	summary := &doc.Results.Summary
	summary.Start, summary.Duration = run.Started.UnixMilli(), whole(run.Ms)
	summary.Stop = run.Started.Add(time.Duration(run.Ms * float64(time.Millisecond))).UnixMilli()
	for i, r := range run.Results {
		if i == 0 || r.Name != run.Results[i-1].Name {
			summary.Suites++
		}
		summary.Tests++
		switch r.Status {
		case Skip:
			summary.Skipped++
		case Pass:
			summary.Passed++
		default:
			summary.Failed++
		}
		doc.Results.Tests = append(doc.Results.Tests, ctrfTestOf(r))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("report: ctrf: %w", err)
	}
	return nil
}

func ctrfTestOf(r Result) ctrfTest {
	t := ctrfTest{
		Name: r.Title(), Status: ctrfStatus(r.Status), RawStatus: r.Status.String(), Duration: whole(r.Ms), Suite: []string{r.Name},
		FilePath: r.File, Line: r.Line, Tags: r.Labels, Message: r.message(), Trace: failure(r),
	}
	if p := r.problem(); p != nil {
		t.Snippet = p.Source
	}
	for i, s := range r.Steps {
		t.Steps = append(t.Steps, ctrfStep{Name: s.Action, Status: ctrfStatus(s.Status), Extra: &r.Steps[i]})
	}
	return t
}

func ctrfStatus(s Status) string {
	switch s {
	case Skip:
		return "skipped"
	case Pass:
		return "passed"
	}
	return "failed"
}

func whole(ms float64) int64 { return int64(math.Round(ms)) }
