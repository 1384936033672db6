package clients

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/report"
)

// tapParsed is what npm's tap-parser finds in a report, in its strict mode.
type tapParsed struct {
	Version, Count, Fail, Skip, Plan int
	Extra, Faults                    []string // what is no TAP
	Points                           []struct {
		OK   bool
		ID   int
		Name string
		Skip any
		Diag struct {
			Severity, Message, Text string
			At                      struct {
				File         string
				Line, Column int
			}
		}
	}
}

func parseTAP(t *testing.T, text []byte) tapParsed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), nodeWithClients(t), filepath.Join(nodeScripts, "tap.mjs"))
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var parsed tapParsed
	if err := json.Unmarshal(out, &parsed); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return parsed
}

// TestTAPReport has a parser that is not ours read a report with a case of each kind and letters that mean something in TAP or YAML.
func TestTAPReport(t *testing.T) {
	t.Parallel()
	const odd = "want \"a: b\" # not c,\n  - got \\d, ok 7 - x\n...\n---\nnot ok 9"
	run := report.Run{Version: 1, Target: "emulator", Results: []report.Result{
		{Name: "github/one", File: "one.yaml", Line: 1, Ms: 4, Status: report.Pass},
		{Name: "github/two", Case: `# \ x`, File: "two.yaml", Line: 1, Status: report.Fail, Problem: &report.Problem{Line: 7, Col: 3, Message: odd, Source: "\te: {f}", Hint: "h"}},
		{Name: "github/three", File: "three.yaml", Line: 1, Status: report.Error, Problem: &report.Problem{Message: "no"}},
		{Name: "github/four", File: "four.yaml", Line: 1, Status: report.Skip, Reason: "a # reason"},
	}}
	var b bytes.Buffer
	if err := report.TAP(&b, run); err != nil {
		t.Fatal(err)
	}
	got := parseTAP(t, b.Bytes())
	if len(got.Extra)+len(got.Faults) > 0 {
		t.Errorf("no TAP: %q %q\n%s", got.Extra, got.Faults, b.String())
	}
	if got.Version != 14 || got.Count != 4 || got.Plan != 4 || got.Fail != 2 || got.Skip != 1 {
		t.Errorf("version %d, %d points of %d, %d failed, %d skipped; want 14, 4 of 4, 2, 1", got.Version, got.Count, got.Plan, got.Fail, got.Skip)
	}
	var names []string
	for _, p := range got.Points {
		names = append(names, p.Name)
	}
	if diff := cmp.Diff([]string{"github/one", `github/two[# \ x]`, "github/three", "github/four"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if reason := got.Points[3].Skip; reason != "a # reason" {
		t.Errorf("skipped because %q, want %q", reason, "a # reason")
	}
	diag := got.Points[1].Diag
	if diag.Severity != "fail" || diag.Message != odd || diag.At.File != "two.yaml" || diag.At.Line != 7 || diag.At.Column != 3 {
		t.Errorf("diagnostics %+v", diag)
	}
	if want := "two.yaml:7:3: " + odd + "\n  |\n7 |  e: {f}\n"; !strings.HasPrefix(diag.Text, want) {
		t.Errorf("text\n%s\nwant it to begin with\n%s", diag.Text, want)
	}
}

// TestTAPParserIsStrict makes sure that the parser would notice.
func TestTAPParserIsStrict(t *testing.T) {
	t.Parallel()
	if got := parseTAP(t, []byte("TAP version 14\n1..2\nok 1\nnonsense\n")); len(got.Faults) == 0 || len(got.Extra) == 0 {
		t.Errorf("the parser finds nothing wrong: %+v", got)
	}
}
