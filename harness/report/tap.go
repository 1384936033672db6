package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/issuerd/issuerd/wording"
)

// TAP writes run to w as version 14 of the Test Anything Protocol: a test point for each case, with a YAML block for one
// that did not pass. Errors are those of w.
func TAP(w io.Writer, run Run) error {
	var b strings.Builder
	fmt.Fprintf(&b, "TAP version 14\n1..%d", len(run.Results))
	if len(run.Results) == 0 {
		b.WriteString(" # SKIP no case")
	}
	b.WriteByte('\n')
	for i, r := range run.Results {
		word := "ok"
		if r.Status > Pass {
			word = "not ok"
		}
		fmt.Fprintf(&b, "%s %d - %s", word, i+1, tapText(r.Title()))
		if r.Status == Skip {
			b.WriteString(" # SKIP " + tapText(r.Reason))
		}
		b.WriteByte('\n')
		writeTAPBlock(&b, r)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("report: tap: %w", err)
	}
	return nil
}

// writeTAPBlock writes what there is to say about a case that ran.
func writeTAPBlock(b *strings.Builder, r Result) {
	if r.Status == Skip {
		return
	}
	fmt.Fprintf(b, "  ---\n  duration_ms: %.3f\n", r.Ms)
	if r.Status > Pass {
		file, line, col := r.place()
		fmt.Fprintf(b, "  severity: %s\n  message: %s\n  at:\n    file: %s\n    line: %d\n", r.Status, oneLine(r.message()), oneLine(file), line)
		if col > 0 {
			fmt.Fprintf(b, "    column: %d\n", col)
		}
		b.WriteString("  text: |\n")
		for line := range strings.Lines(failure(r)) {
			b.WriteString(strings.TrimRight("    "+strings.TrimSuffix(line, "\n"), " ") + "\n")
		}
	}
	b.WriteString("  ...\n")
}

// tapText escapes what has a meaning behind a test point.
func tapText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `#`, `\#`).Replace(wording.Printable(s))
}
