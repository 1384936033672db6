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

// TextOptions say how a text looks. The zero value is plain and short.
type TextOptions struct {
	Color   bool // ANSI colours
	Verbose bool // what was answered in each step too, also in cases that pass
	GitHub  bool // it goes into the log of a job of GitHub Actions, in which no line of it may be a command
}

// Text writes run to w as a TextWriter does. Errors are those of w.
func Text(w io.Writer, run Run, options TextOptions) error {
	var titles []string
	for _, r := range run.Results {
		titles = append(titles, r.Title())
	}
	text := NewTextWriter(w, titles, options)
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
	w       io.Writer
	width   int // of the column of titles
	options TextOptions
	open    bool // there is a line that no empty one follows
}

// NewTextWriter returns a writer of the results of cases with these titles.
func NewTextWriter(w io.Writer, titles []string, options TextOptions) *TextWriter {
	return &TextWriter{w: w, width: titleWidth(titles), options: options}
}

// Result writes what is known about one case. Errors are those of the writer.
func (t *TextWriter) Result(r Result) error {
	var b strings.Builder
	writeResult(&b, r, t.width, t.options)
	t.open = !strings.HasSuffix(b.String(), "\n\n")
	return t.write(b.String())
}

// End writes which cases did not pass, in the order of the run, and the summary.
// Errors are those of the writer.
func (t *TextWriter) End(run Run) error {
	var b strings.Builder
	if t.open {
		b.WriteByte('\n')
	}
	writeNotPassed(&b, run.Results, t.options.Color)
	b.WriteString(summary(run) + "\n")
	return t.write(b.String())
}

func (t *TextWriter) write(text string) error {
	if t.options.GitHub {
		text = withoutCommands(text)
	}
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
	if run.Ms > 0 {
		s += fmt.Sprintf(" in %s", time.Duration(math.Round(run.Ms))*time.Millisecond)
	}
	return s
}

func writeResult(b *strings.Builder, r Result, width int, options TextOptions) {
	word := fmt.Sprintf("%-5s", strings.ToUpper(r.Status.String()))
	fmt.Fprintf(b, "%s %-*s %6.0fms", paint(r.Status, word, options.Color), width, wording.Printable(r.Title()), math.Round(r.Ms))
	if r.Reason != "" {
		b.WriteString("  " + wording.Printable(r.Reason))
	}
	b.WriteByte('\n')
	if options.Verbose {
		b.WriteString(details(r))
	}
	if text := failure(r); text != "" {
		b.WriteString(text + "\n")
	}
}

// paint colours a word for its status.
func paint(s Status, word string, color bool) string {
	if !color {
		return word
	}
	code := [...]string{Skip: "33", Pass: "32", Fail: "31", Error: "35"}[s]
	return "\x1b[" + code + "m" + word + "\x1b[0m"
}
