package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/issuerd/issuerd/harness/document"
)

// template is a string with expressions in it: literals and ${{ … }} in turn.
type template struct {
	parts []part
}

// part is a literal, or an expression if code is not nil.
type part struct {
	literal string
	code    *expression
	// source is the text between ${{ and }}, and offset the number of runes
	// before it in the string.
	source string
	offset int
	isCode bool
}

// splitTemplate splits s at its expressions. It returns nil if s has neither
// an expression nor an escape, and the offset in runes of a ${{ that is not
// closed, or -1.
func splitTemplate(s string) (*template, int) {
	if !strings.Contains(s, "${{") {
		return nil, -1
	}
	t := &template{}
	var literal strings.Builder
	for i := 0; i < len(s); {
		switch rest := s[i:]; {
		case strings.HasPrefix(rest, "$${{"):
			literal.WriteString("${{")
			i += len("$${{")
		case strings.HasPrefix(rest, "${{"):
			start := i + len("${{")
			end := closing(s[start:])
			if end < 0 {
				return nil, utf8.RuneCountInString(s[:i])
			}
			if literal.Len() > 0 {
				t.parts = append(t.parts, part{literal: literal.String()})
				literal.Reset()
			}
			t.parts = append(t.parts, part{isCode: true, source: s[start : start+end], offset: utf8.RuneCountInString(s[:start])})
			i = start + end + len("}}")
		default:
			literal.WriteByte(s[i])
			i++
		}
	}
	if literal.Len() > 0 {
		t.parts = append(t.parts, part{literal: literal.String()})
	}
	return t, -1
}

// closing returns the index of the }} that ends the expression at the start of
// s, or -1. Braces inside the expression pair up, and those in its strings do not count.
func closing(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\'', '`':
			for i++; i < len(s) && s[i] != c; i++ {
				if s[i] == '\\' && c != '`' {
					i++
				}
			}
		case '{':
			depth++
		case '}':
			if depth == 0 {
				if strings.HasPrefix(s[i:], "}}") {
					return i
				}
				return -1
			}
			depth--
		}
	}
	return -1
}

// literal reports whether t has no expression, only escapes.
func (t *template) literal() bool {
	return len(t.parts) == 1 && !t.parts[0].isCode
}

// pure returns the expression of t if t is nothing else.
func (t *template) pure() *expression {
	if len(t.parts) == 1 {
		return t.parts[0].code
	}
	return nil
}

// format writes the value of an expression that is part of a longer string.
func format(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		// JSON numbers are float64; exp and the like must not become 1.7e+09.
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case int, int64, uint64:
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("%s cannot be part of a string", document.KindOf(v))
}
