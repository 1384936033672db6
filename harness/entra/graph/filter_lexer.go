package graph

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

type tokenKind int

const (
	tokenEnd    tokenKind = iota
	tokenName             // also eq, and, true, null …
	tokenString           // text is without quotes
	tokenBare             // a number, GUID or time
	tokenSymbol
)

type token struct {
	kind tokenKind
	text string
	at   int // in bytes from the start
}

// lexer splits a $filter.
type lexer struct {
	text string
	at   int // behind the last token, which is where the library's syntax errors point
}

// lex returns the next token, or a message.
func (l *lexer) lex() (token, string) {
	for l.at < len(l.text) && (l.text[l.at] == ' ' || l.text[l.at] == '\t') {
		l.at++
	}
	start := l.at
	if start == len(l.text) {
		return token{tokenEnd, "", start}, ""
	}
	c, width := utf8.DecodeRuneInString(l.text[start:])
	switch {
	case strings.ContainsRune("(),/:", c):
		l.at++
		return token{tokenSymbol, string(c), start}, ""
	case c == '\'':
		return l.quoted()
	case isDigit(c) || c == '-' || c == '+':
		l.skip(func(c rune) bool { return isDigit(c) || unicode.IsLetter(c) || strings.ContainsRune("-+:.", c) })
		return token{tokenBare, l.text[start:l.at], start}, ""
	case unicode.IsLetter(c) || c == '_' || c == '$':
		l.skip(func(c rune) bool { return isDigit(c) || unicode.IsLetter(c) || strings.ContainsRune("_$.@", c) })
		// A GUID may begin with a letter.
		if end := start + 36; end <= len(l.text) && directory.IsGUID(l.text[start:end]) {
			l.at = end
			return token{tokenBare, l.text[start:end], start}, ""
		}
		return token{tokenName, l.text[start:l.at], start}, ""
	}
	return token{}, fmt.Sprintf("Syntax error: character '%s' is not valid at position %d in '%s'.", l.text[start:start+width], start, l.text)
}

func (l *lexer) skip(while func(rune) bool) {
	for l.at < len(l.text) {
		c, width := utf8.DecodeRuneInString(l.text[l.at:])
		if !while(c) {
			return
		}
		l.at += width
	}
}

// quoted reads a string, in which two quotes stand for one.
func (l *lexer) quoted() (token, string) {
	start := l.at
	var text strings.Builder
	for rest := l.text[start+1:]; ; {
		part, after, closed := strings.Cut(rest, "'")
		if !closed {
			l.at = len(l.text)
			return token{}, fmt.Sprintf("There is an unterminated string literal at position %d in '%s'.", len(l.text), l.text)
		}
		text.WriteString(part)
		if !strings.HasPrefix(after, "'") {
			l.at = len(l.text) - len(after)
			return token{tokenString, text.String(), start}, ""
		}
		text.WriteByte('\'')
		rest = after[1:]
	}
}

func isDigit(c rune) bool { return c >= '0' && c <= '9' }

// literal is a constant in a $filter.
type literal struct {
	kind   string // the type; "": null
	text   string
	number float64
	time   time.Time
}

func (p *filterParser) literal() literal {
	t := p.token
	out := literal{text: t.text}
	switch {
	case t.kind == tokenString:
		out.kind = "Edm.String"
	case t.kind == tokenName && (t.text == "true" || t.text == "false"):
		out.kind = "Edm.Boolean"
	case t.kind == tokenName && t.text == "null":
	case t.kind == tokenBare && directory.IsGUID(t.text):
		out.kind = "Edm.Guid"
	case t.kind == tokenBare:
		var err error
		if out.number, err = strconv.ParseFloat(t.text, 64); err == nil {
			out.kind = "Edm.Int32"
			break
		}
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", time.DateOnly} {
			if out.time, err = time.Parse(layout, t.text); err == nil {
				out.kind = "Edm.DateTimeOffset"
				break
			}
		}
		if err != nil {
			p.fail("Syntax error at position %d in '%s'.", p.at, p.text)
		}
	case p.failure == nil:
		p.fail("Expression expected at position %d in '%s'.", t.at, p.text)
	}
	p.next()
	return out
}

// compare applies an operator to a value and the literal. Strings are compared without regard to case, as the directory
// does.
func (want literal) compare(have any, operator string) bool {
	order := 0
	switch have := have.(type) {
	case nil:
		if want.kind == "" {
			return operator == "eq"
		}
		return operator == "ne"
	case bool:
		if strconv.FormatBool(have) != want.text {
			return operator == "ne"
		}
	case int:
		order = sign(float64(have) - want.number)
	case float64:
		order = sign(have - want.number)
	case string:
		switch {
		case want.kind == "":
			return operator == "ne"
		case want.kind == "Edm.DateTimeOffset":
			t, err := time.Parse(time.RFC3339Nano, have)
			if err != nil {
				return operator == "ne"
			}
			order = t.Compare(want.time)
		default:
			order = strings.Compare(strings.ToLower(have), strings.ToLower(want.text))
		}
	default:
		return operator == "ne"
	}
	switch operator {
	case "eq":
		return order == 0
	case "ne":
		return order != 0
	case "gt":
		return order > 0
	case "ge":
		return order >= 0
	case "lt":
		return order < 0
	}
	return order <= 0
}

func sign(f float64) int {
	switch {
	case f < 0:
		return -1
	case f > 0:
		return 1
	}
	return 0
}
