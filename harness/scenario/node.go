package scenario

import (
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// textOf returns the text with expressions or escapes that n is, or nil.
func textOf(n *document.Node) *template {
	t, _ := n.Note.(*template)
	return t
}

// constant returns the string of n, if it is one without an expression.
func constant(n *document.Node) (string, bool) {
	if n == nil || n.Kind != document.Scalar {
		return "", false
	}
	if text := textOf(n); text != nil {
		return text.parts[0].literal, text.literal()
	}
	s, ok := n.Value.(string)
	return s, ok
}

// locate returns where in lines the rune at offset of the string n stands. It
// follows quotes, escapes and line folding, which make the text in the file
// longer than the value.
func locate(n *document.Node, lines []string, offset int) document.Position {
	line, column, indent := n.Position.Line-1, n.Position.Column-1, 0
	switch n.Style {
	case '"', '\'':
		column++
	case '|':
		line++
		for line < len(lines) && strings.TrimSpace(lines[line]) == "" {
			line++
			offset--
		}
		if line < len(lines) {
			indent = len(lines[line]) - len(strings.TrimLeft(lines[line], " "))
		}
		column = indent
	}
	for line < len(lines) {
		text := []rune(lines[line])
		for ; column < len(text); offset-- {
			if offset <= 0 {
				return document.Position{Line: line + 1, Column: column + 1, Width: 1}
			}
			column += written(n, text[column:])
		}
		if offset <= 0 {
			return document.Position{Line: line + 1, Column: column + 1, Width: 1}
		}
		offset--
		line++
		column = indent
		if n.Style != '|' && line < len(lines) {
			column = len(lines[line]) - len(strings.TrimLeft(lines[line], " "))
		}
	}
	return n.Position
}

// written returns how many runes of the file the first rune of the value takes.
func written(n *document.Node, text []rune) int {
	if len(text) < 2 {
		return 1
	}
	switch {
	case n.Style == '\'' && text[0] == '\'' && text[1] == '\'':
		return 2
	case n.Style == '"' && text[0] == '\\':
		switch text[1] {
		case 'x':
			return 4
		case 'u':
			return 6
		case 'U':
			return 10
		}
		return 2
	}
	return 1
}
