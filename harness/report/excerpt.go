package report

import (
	"fmt"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/wording"
)

// Problems writes what is wrong with files as [Text] writes what is wrong with a case: each with its source line, where
// that is known, carets below its place, and its hint.
func Problems(problems document.Problems) string {
	var b strings.Builder
	for i := range problems {
		p := &problems[i]
		fmt.Fprintln(&b, wording.PrintableLines(p.Error()))
		margin := writeSource(&b, &Problem{Line: p.Line, Col: p.Column, Width: p.Width, Source: p.Source})
		if p.Hint != "" {
			fmt.Fprintf(&b, "%shint: %s\n", margin, wording.PrintableLines(p.Hint))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// maxLine bounds the characters that are shown of a source line; of a longer one, those around the place.
const maxLine = 160

// window cuts a long line, and returns it with the column in what is left.
func window(text []rune, column int) ([]rune, int) {
	if len(text) <= maxLine {
		return text, column
	}
	from := max(0, min(column-1-maxLine/4, len(text)-maxLine))
	to := min(len(text), from+maxLine)
	cut := append([]rune{}, text[from:to]...)
	if to < len(text) {
		cut = append(cut, '…')
	}
	if from > 0 {
		return append([]rune{'…'}, cut...), column - from + 1
	}
	return cut, column
}
