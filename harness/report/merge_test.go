package report_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/report"
)

// shards are a run divided in three.
func shards() []report.Named {
	of := func(index int, results ...report.Result) report.Named {
		return report.Named{Name: report.Shard{Index: index, Total: 3}.String() + ".json", Run: report.Run{
			Version: 1, Target: "emulator", Issuerd: "v1", Job: "github 1", Ms: float64(index), Started: run.Started,
			Shard: &report.Shard{Index: index, Total: 3}, Selection: &report.Selection{Digest: "abc", Cases: 5}, Results: results,
		}}
	}
	all := run.Results
	return []report.Named{of(1, all[2], all[0]), of(2, all[1]), of(3, all[4], all[3])}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	parts := shards()
	slices.Reverse(parts)
	merged, err := report.Merge(parts)
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, r := range merged.Results {
		titles = append(titles, r.Title())
	}
	want := []string{"gcp/é", "gcp/rotation", "gcp/service-account", "github/aadsts700213-subject-mismatch[other-branch]", "github/branch"}
	if diff := cmp.Diff(want, titles); diff != "" {
		t.Errorf("cases (-want +got):\n%s", diff)
	}
	if merged.Shard != nil || merged.Ms != 3 || merged.Selection.Cases != 5 || merged.Status() != report.Error {
		t.Errorf("merged: %+v", merged)
	}
	if whole, err := report.Merge([]report.Named{{Name: "run.json", Run: run}}); err != nil || len(whole.Results) != len(run.Results) {
		t.Errorf("a single report of a whole run: %v", err)
	}
}

func TestMergeRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(parts []report.Named) []report.Named
		want   string
	}{
		{"nothing", func([]report.Named) []report.Named { return nil }, "no report to merge"},
		{"another target", func(p []report.Named) []report.Named { p[1].Run.Target = "container"; return p }, `the reports are of different runs: the target is "emulator" in 1/3.json and "container" in 2/3.json`},
		{"another version", func(p []report.Named) []report.Named { p[2].Run.Issuerd = "v2"; return p }, `the version of issuerd is "v1" in 1/3.json and "v2" in 3/3.json`},
		{"another run", func(p []report.Named) []report.Named { p[2].Run.Job = "github 2"; return p }, `the run of the CI system is "github 1" in 1/3.json and "github 2" in 3/3.json`},
		{"other files", func(p []report.Named) []report.Named {
			p[2].Run.Selection = &report.Selection{Digest: "def", Cases: 5}
			return p
		}, `the selection of cases, or the text of their files is "abc, 5 cases" in 1/3.json and "def, 5 cases" in 3/3.json`},
		{"another division", func(p []report.Named) []report.Named { p[2].Run.Shard.Total = 4; return p }, `the number of shards is "3" in 1/3.json and "4" in 3/3.json`},
		{"a whole run", func(p []report.Named) []report.Named { p[0].Run.Shard = nil; return p }, "1/3.json is the report of a whole run, and not of a shard"},
		{"one is missing", func(p []report.Named) []report.Named { return p[1:] }, "not whole without shard 1/3"},
		{"one alone", func(p []report.Named) []report.Named { return p[1:2] }, "not whole without shard 1/3, 3/3"},
		{"a billion are missing", func(p []report.Named) []report.Named { p[0].Run.Shard.Total = 1e9; return p[:1] }, "11/1000000000, 999999989 more"},
		{"one is there twice", func(p []report.Named) []report.Named { return append(p, p[0]) }, "shard 1/3 is in 1/3.json and in 1/3.json"},
		{"one that is not there", func(p []report.Named) []report.Named { p[0].Run.Shard.Index = 4; return p }, "1/3.json: there is no shard 4/3"},
		{"a case twice", func(p []report.Named) []report.Named {
			p[1].Run.Results = append(p[1].Run.Results, p[0].Run.Results[0])
			return p
		}, "the case gcp/service-account is in 1/3.json and in 2/3.json"},
		{"a case too few", func(p []report.Named) []report.Named { p[1].Run.Results = nil; return p }, "the run has 5 cases, its shards have 4 together"},
	} {
		_, err := report.Merge(tt.change(shards()))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"empty":               {"", "got an empty file: the run that should write it did not come to its end"},
		"cut":                 {`{"version":1,"target":"emul`, "unexpected end of JSON input"},
		"no JSON":             {"\x00\x01", "invalid character"},
		"another document":    {`{"items":[]}`, "got another document (version 0)"},
		"CTRF":                {`{"reportFormat":"CTRF","results":{}}`, `got another document, whose member "results" is of type object`},
		"a later version":     {`{"version":2,"target":"emulator","results":[]}`, "of version 1, got another document (version 2)"},
		"a status of nowhere": {`{"version":1,"target":"x","results":[{"status":"flaky"}]}`, `no status "flaky"`},
	} {
		if _, err := report.Read(bytes.NewReader([]byte(tt.text))); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}
