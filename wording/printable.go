package wording

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable is text of others as a terminal and a reader of lines can take it: what can't be printed, line ends and
// escape sequences among it, is escaped as in Go, such as \x1b and \n. All else stays.
func Printable(text string) string { return escape(text, "") }

// PrintableLines is Printable for text of several lines: line ends and tabs stay.
func PrintableLines(text string) string { return escape(text, "\n\t") }

func escape(text, kept string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		part := text[i : i+size]
		i += size
		if unicode.IsPrint(r) && (r != utf8.RuneError || size > 1) || strings.Contains(kept, part) {
			b.WriteString(part)
			continue
		}
		quoted := strconv.Quote(part)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}
