package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/report"
)

// TestProblems writes a problem with its line, one without, and one in a line that is too long to be shown whole.
func TestProblems(t *testing.T) {
	t.Parallel()
	got := report.Problems(document.Problems{
		{File: "a.yaml", Position: document.Position{Line: 3, Column: 5, Width: 2}, Message: "no", Hint: "yes", Source: "x: [ab]"},
		{File: "b.yaml", Message: "no such file"},
		{File: "c.yaml", Position: document.Position{Line: 1, Column: 501, Width: 3}, Message: "far", Source: strings.Repeat("x", 500) + "abc" + strings.Repeat("y", 500)},
	})
	want := "a.yaml:3:5: no\n  |\n3 | x: [ab]\n  |     ^^\n  |\n  hint: yes\n\nb.yaml: no such file\n\nc.yaml:1:501: far\n  |\n1 | …" +
		strings.Repeat("x", 40) + "abc" + strings.Repeat("y", 117) + "…\n  | " + strings.Repeat(" ", 41) + "^^^\n  |\n\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
