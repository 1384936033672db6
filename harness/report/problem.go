package report

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/issuerd/issuerd/wording"
)

// failure is why a case did not pass: where, what was wanted, and what the verifier saw. Every format has it in these
// words. It is empty for a case that passed or was skipped.
func failure(r Result) string {
	var b strings.Builder
	var last *Step
	for i := range r.Steps {
		last = &r.Steps[i]
		writeProblem(&b, r.File, last.Problem, last)
	}
	writeProblem(&b, r.File, r.Problem, last)
	return b.String()
}

// details is what was answered in each step of a case.
func details(r Result) string {
	var b strings.Builder
	for _, s := range r.Steps {
		name := s.Action
		if s.ID != "" {
			name += " " + s.ID
		}
		fmt.Fprintf(&b, "   %s\n", wording.Printable(name))
		line := func(label, text string) {
			if text != "" {
				fmt.Fprintf(&b, "      %-8s %s\n", label, wording.Printable(text))
			}
		}
		line("answer", s.answer())
		line("text", s.Text)
		if s.Claims != nil {
			line("claims", oneLine(s.Claims))
		}
		line("checks", checks(s.Checks))
		if s.Fetched != nil {
			line("fetched", fetched(s.Fetched))
		}
		if s.Attempts > 1 {
			line("attempts", fmt.Sprint(s.Attempts))
		}
	}
	return b.String()
}

// answer is the status of the answer with its error and code, where there was one.
func (s Step) answer() string {
	var parts []string
	if s.HTTP > 0 {
		parts = append(parts, fmt.Sprintf("HTTP %d", s.HTTP))
	}
	for _, part := range []string{s.OAuth, s.Error} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " ")
}

// oneLine is a value as JSON.
func oneLine(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprintf("a %T", v)
	}
	return strings.TrimSuffix(b.String(), "\n")
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
	text, column := window(text, min(max(1, p.Col), len(text)+1))
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
