package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/issuerd/issuerd/wording"
)

// Text writes run to w as a TextWriter does. color turns on ANSI colours. Errors
// are those of w.
func Text(w io.Writer, run Run, color bool) error {
	var titles []string
	for _, r := range run.Results {
		titles = append(titles, r.Title())
	}
	text := NewTextWriter(w, titles, color)
	for _, r := range run.Results {
		if err := text.Result(r); err != nil {
			return err
		}
	}
	return text.End(run)
}

// TextWriter writes results as they come: a line for each case and, below one
// that did not pass, what was wanted, where, and what the verifier saw. It is for one caller at a time.
type TextWriter struct {
	w     io.Writer
	width int // of the column of titles
	color bool
	wrote bool
}

// NewTextWriter returns a writer of the results of cases with these titles.
// color turns on ANSI colours.
func NewTextWriter(w io.Writer, titles []string, color bool) *TextWriter {
	return &TextWriter{w: w, width: titleWidth(titles), color: color}
}

// Result writes what is known about one case. Errors are those of the writer.
func (t *TextWriter) Result(r Result) error {
	t.wrote = true
	var b strings.Builder
	writeResult(&b, r, t.width, t.color)
	return t.write(b.String())
}

// End writes which cases did not pass, in the order of the run, and the summary.
// Errors are those of the writer.
func (t *TextWriter) End(run Run) error {
	var b strings.Builder
	if t.wrote {
		b.WriteByte('\n')
	}
	writeNotPassed(&b, run.Results, t.color)
	b.WriteString(summary(run) + "\n")
	return t.write(b.String())
}

func (t *TextWriter) write(text string) error {
	if _, err := io.WriteString(t.w, text); err != nil {
		return fmt.Errorf("report: text: %w", err)
	}
	return nil
}

// writeNotPassed lists the cases that did not pass, with the place to look at: their own
// lines may be far up, and came in any order. A single case has its line just above.
func writeNotPassed(b *strings.Builder, results []Result, color bool) {
	if len(results) < 2 {
		return
	}
	wrote := false
	for _, r := range results {
		if r.Status <= Pass {
			continue
		}
		where := r.File
		if p := r.problem(); p != nil {
			where = p.place(r.File)
		}
		if !wrote {
			b.WriteString("did not pass:\n")
		}
		fmt.Fprintf(b, "  %s %s  %s\n", paint(r.Status, fmt.Sprintf("%-5s", strings.ToUpper(r.Status.String())), color), wording.Printable(r.Title()), wording.Printable(where))
		wrote = true
	}
	if wrote {
		b.WriteByte('\n')
	}
}

// titleWidth is the width of the column of titles: that of the longest, but
// at most 72, so that one long title does not push all times away.
func titleWidth(titles []string) int {
	width := 0
	for _, title := range titles {
		width = max(width, utf8.RuneCountInString(wording.Printable(title)))
	}
	return min(width, 72)
}

func summary(run Run) string {
	var counts [Error + 1]int
	for _, r := range run.Results {
		counts[r.Status]++
	}
	s := fmt.Sprintf("%d passed, %d failed, %d skipped", counts[Pass], counts[Fail], counts[Skip])
	switch n := counts[Error]; {
	case n == 1:
		s += ", 1 error"
	case n > 1:
		s += fmt.Sprintf(", %d errors", n)
	}
	if run.Took > 0 {
		s += fmt.Sprintf(" in %s", run.Took.Round(time.Millisecond))
	}
	return s
}

func writeResult(b *strings.Builder, r Result, width int, color bool) {
	word := fmt.Sprintf("%-5s", strings.ToUpper(r.Status.String()))
	fmt.Fprintf(b, "%s %-*s %6.0fms", paint(r.Status, word, color), width, wording.Printable(r.Title()), math.Round(r.Ms))
	if r.Reason != "" {
		b.WriteString("  " + wording.Printable(r.Reason))
	}
	b.WriteByte('\n')
	var last *Step
	for i := range r.Steps {
		last = &r.Steps[i]
		writeProblem(b, r.File, last.Problem, last)
	}
	writeProblem(b, r.File, r.Problem, last)
}

// writeProblem writes what is known about a problem, with the step it came up in or after.
func writeProblem(b *strings.Builder, file string, p *Problem, step *Step) {
	if p == nil {
		return
	}
	fmt.Fprintf(b, "%s: %s\n", wording.Printable(p.place(file)), wording.PrintableLines(p.Message))
	margin := writeSource(b, p)
	if step != nil {
		if made := checks(step.Checks); made != "" {
			fmt.Fprintf(b, "%schecks   %s\n", margin, wording.Printable(made))
		}
	}
	if step != nil && step.Fetched != nil {
		fmt.Fprintf(b, "%sfetched  %s\n", margin, wording.Printable(fetched(step.Fetched)))
	}
	if step != nil && step.Attempts > 1 {
		fmt.Fprintf(b, "%sattempts %d\n", margin, step.Attempts)
	}
	if p.Hint != "" {
		fmt.Fprintf(b, "%shint: %s\n", margin, wording.PrintableLines(p.Hint))
	}
	b.WriteByte('\n')
}

// writeSource writes the source line with carets below the place of p, and
// returns the margin that lines up with it.
//
//	   |
//	35 |       error: ${{ case.error }}
//	   |              ^^^^^^^^^^^^^^^^^ AADSTS700213
//	   |
func writeSource(b *strings.Builder, p *Problem) string {
	if p.Line < 1 || p.Source == "" {
		return "   "
	}
	text := []rune(strings.TrimRight(strings.ReplaceAll(p.Source, "\t", " "), " "))
	column := min(max(1, p.Col), len(text)+1)
	width := max(1, min(p.Width, len(text)+1-column))
	number := fmt.Sprint(p.Line)
	margin := strings.Repeat(" ", len(number)+1)
	carets := strings.TrimRight(strings.Repeat(" ", column)+strings.Repeat("^", width)+" "+wording.Printable(p.Value), " ")
	fmt.Fprintf(b, "%s|\n%s | %s\n%s|%s\n%s|\n", margin, number, wording.Printable(string(text)), margin, carets, margin)
	return margin
}

// checks writes `issuer ok · subject "a" ≠ "b"`: a check that held in a word,
// one that did not with both sides, the token's first. A check that held and
// compared nothing is left out.
func checks(list []Check) string {
	parts := make([]string, 0, len(list))
	for _, c := range list {
		if c.OK && c.Want == "" && c.Got == "" {
			continue
		}
		s := c.Name + " ok"
		switch {
		case !c.OK && c.Want == "" && c.Got == "":
			s = c.Name + " not ok"
		case !c.OK:
			s = fmt.Sprintf("%s %q ≠ %q", c.Name, c.Got, c.Want)
		}
		if c.Note != "" {
			s += " (" + c.Note + ")"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " · ")
}

func fetched(documents []string) string {
	if len(documents) == 0 {
		return "nothing"
	}
	return strings.Join(documents, ", ")
}

// paint colours a word for its status.
func paint(s Status, word string, color bool) string {
	if !color {
		return word
	}
	code := [...]string{Skip: "33", Pass: "32", Fail: "31", Error: "35"}[s]
	return "\x1b[" + code + "m" + word + "\x1b[0m"
}
