package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/issuerd/issuerd/harness/report"
)

// runs are what every form must be able to tell.
var runs = map[string]report.Run{
	"one of each kind": run,
	"nothing":          {Version: 1, Target: "emulator"},
	"a shard": {
		Version: 1, Target: "http://127.0.0.1:8446", Issuerd: "v1.2.3", Job: "github 12", Shard: &report.Shard{Index: 2, Total: 5},
		Selection: &report.Selection{Digest: "abc", Cases: 9}, Started: run.Started, Results: run.Results[:1],
	},
	"odd letters": {Version: 1, Target: "emulator", Results: []report.Result{{
		Name: "github/odd", File: "a b,c:d.yaml", Line: 1, Status: report.Fail, Problem: &report.Problem{Message: "\x00\x1b[31m \xff \u202e \r\n% # ]]>", Source: "\x07"},
	}}},
}

// TestJUnitSchemas validates with libxml2 and two public schemas.
func TestJUnitSchemas(t *testing.T) {
	t.Parallel()
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		if os.Getenv("ISSUERD_REQUIRE_CLIENTS") != "" {
			t.Fatal("ISSUERD_REQUIRE_CLIENTS is set, and there is no xmllint (Debian's libxml2-utils)")
		}
		t.Skip("the schemas of JUnit's XML: no xmllint on PATH")
	}
	validate := func(schema, document string) (string, error) {
		cmd := exec.CommandContext(t.Context(), xmllint, "--nonet", "--noout", "--schema", "testdata/schemas/"+schema, "-")
		cmd.Stdin = strings.NewReader(document)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for _, schema := range []string{"junit-ant.xsd", "junit-jenkins.xsd"} {
		for name, run := range runs {
			var b strings.Builder
			if err := report.JUnit(&b, run); err != nil {
				t.Fatal(err)
			}
			if out, err := validate(schema, b.String()); err != nil {
				t.Errorf("%s, %s: %v\n%s\n%s", schema, name, err, out, b.String())
			}
		}
		if out, err := validate(schema, `<testsuites><testsuite name="x"/></testsuites>`); err == nil || !strings.Contains(out, "tests") {
			t.Errorf("%s takes a suite without counts: %v, %s", schema, err, out)
		}
	}
}

// TestJUnitCounts adds up what viewers show.
func TestJUnitCounts(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := report.JUnit(&b, run); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Suites []struct {
			Tests, Failures, Errors, Skipped int
			Name                             string `xml:"name,attr"`
			T                                int    `xml:"tests,attr"`
			F                                int    `xml:"failures,attr"`
			E                                int    `xml:"errors,attr"`
			S                                int    `xml:"skipped,attr"`
			Cases                            []struct {
				Name    string `xml:"name,attr"`
				Failure string `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	var tests, failures, errs, skipped int
	for _, s := range doc.Suites {
		tests, failures, errs, skipped = tests+s.T, failures+s.F, errs+s.E, skipped+s.S
	}
	if got := fmt.Sprint(tests, failures, errs, skipped); got != "5 2 1 1" || len(doc.Suites) != 5 {
		t.Errorf("%s tests, failures, errors and skips in %d suites, want 5 2 1 1 in 5", got, len(doc.Suites))
	}
	if name := doc.Suites[1].Cases[0].Name; name != "github/aadsts700213-subject-mismatch[other-branch]" {
		t.Errorf("the case is called %q, want its row in it", name)
	}
}

// TestCTRFSchema validates with the public schema.
func TestCTRFSchema(t *testing.T) {
	t.Parallel()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("testdata/schemas/ctrf-0.0.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, run := range runs {
		var b bytes.Buffer
		if err := report.CTRF(&b, run); err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		doc.(map[string]any)["other"] = 1
		if schema.Validate(doc) == nil {
			t.Errorf("%s: the schema takes everything", name)
		}
	}
}

// TestSameText wants the text of a failure in every form, letter for letter but for the form's own escapes.
func TestSameText(t *testing.T) {
	t.Parallel()
	failed := run
	failed.Results = run.Results[1:2]
	var b strings.Builder
	if err := text(&b, failed); err != nil {
		t.Fatal(err)
	}
	_, want, _ := strings.Cut(b.String(), "\n") // behind the line of the case
	want, _, _ = strings.Cut(want, "\n\n")
	if strings.Count(want, "\n") < 7 {
		t.Fatalf("the text is\n%s", want)
	}
	write := func(format func(io.Writer, report.Run) error) string {
		var b strings.Builder
		if err := format(&b, failed); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	var junit struct {
		Failure string `xml:"testsuite>testcase>failure"`
	}
	if err := xml.Unmarshal([]byte(write(report.JUnit)), &junit); err != nil {
		t.Fatal(err)
	}
	var ctrf struct {
		Results struct{ Tests []struct{ Trace string } }
	}
	if err := json.Unmarshal([]byte(write(report.CTRF)), &ctrf); err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(write(report.TAP), "  ---\n")
	block, _, _ = strings.Cut(block, "  ...\n")
	var tap struct{ Text string }
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll("\n"+block, "\n  ", "\n")), &tap); err != nil {
		t.Fatal(err)
	}
	_, annotation, _ := strings.Cut(write(annotations), "github/aadsts700213-subject-mismatch[other-branch]::")
	annotation = strings.NewReplacer("%0A", "\n", "%25", "%").Replace(annotation)
	_, summary, _ := strings.Cut(write(report.Summary), "```text\n")
	summary, _, _ = strings.Cut(summary, "\n```")
	for form, got := range map[string]string{
		"junit": junit.Failure, "ctrf": ctrf.Results.Tests[0].Trace, "tap": tap.Text, "annotation": annotation, "summary": summary,
	} {
		if got := strings.TrimRight(got, "\n"); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", form, got, want)
		}
	}
}

// TestSummaryIsBounded has more failures than the summary of a step takes.
func TestSummaryIsBounded(t *testing.T) {
	t.Parallel()
	many := report.Run{Version: 1, Target: "emulator"}
	for range 10_000 {
		many.Results = append(many.Results, run.Results[1])
	}
	var b strings.Builder
	if err := report.Summary(&b, many); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 1<<20 || !strings.Contains(b.String(), " cases left out here: see the log.") {
		t.Errorf("%d bytes, want at most 1 MiB and the number of cases left out", b.Len())
	}
}
