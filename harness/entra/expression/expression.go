package expression

import (
	"fmt"
	"slices"
	"strings"
)

// LanguageVersion is the only version of the language there is.
const LanguageVersion = 1

// The operators of a clause.
const (
	eq      = "eq"
	matches = "matches"
)

var operators = []string{eq, matches}

// Expression is a parsed expression. It is immutable and safe for concurrent use.
type Expression struct {
	clauses []Clause
}

// Clause is a comparison of one claim.
type Clause struct {
	Claim    string
	Operator string // eq or matches
	Want     string // without the quotes
}

// SyntaxError says why a text is no expression.
type SyntaxError struct {
	Offset int    // in bytes from the start of the text
	Want   string // what was expected there
	Got    string // what is there; "": the text ends
}

func (e *SyntaxError) Error() string {
	got := "the end"
	if e.Got != "" {
		got = fmt.Sprintf("%q", e.Got)
	}
	return fmt.Sprintf("expression: position %d: expected %s, got %s", e.Offset+1, e.Want, got)
}

// MaxLength is the most bytes of an expression, and of a claim that matches can hold for: a matching takes time in
// proportion to the product. The limit is this package's own, as no other is documented; expressions that people have
// shown are shorter than 400.
const MaxLength = 4096

// Parse reads an expression. The error is a [*SyntaxError].
func Parse(text string) (*Expression, error) {
	p := &parser{text: text}
	if len(text) > MaxLength {
		return nil, &SyntaxError{Offset: MaxLength, Want: fmt.Sprintf("the end after at most %d bytes", MaxLength), Got: fmt.Sprintf("%d more", len(text)-MaxLength)}
	}
	e := &Expression{}
	for {
		c, err := p.clause()
		if err != nil {
			return nil, err
		}
		e.clauses = append(e.clauses, c)
		if p.rest() == "" {
			return e, nil
		}
		if !p.skip(" and ") {
			return nil, p.expected(`" and " and another clause, or the end`)
		}
	}
}

// Match tells whether every clause holds for the claims of an assertion. emptyStar lets * stand for nothing. What is
// longer than [MaxLength] is matched by none.
func (e *Expression) Match(claims map[string]any, emptyStar bool) bool {
	return !slices.ContainsFunc(e.clauses, func(c Clause) bool { return !c.Match(claims, emptyStar) })
}

// Clauses are those of the expression, in its order. They must not be changed.
func (e *Expression) Clauses() []Clause { return e.clauses }

// Match tells whether the clause holds, as [Expression.Match] does for all.
func (c Clause) Match(claims map[string]any, emptyStar bool) bool {
	got, isString := claims[c.Claim].(string)
	if c.Operator == eq {
		return got == c.Want // which is never empty
	}
	return isString && len(got) <= MaxLength && glob(c.Want, got, emptyStar)
}

// String is the text of the clause.
func (c Clause) String() string {
	return fmt.Sprintf("claims['%s'] %s '%s'", c.Claim, c.Operator, strings.ReplaceAll(c.Want, "'", "''"))
}

// String is the text of the expression.
func (e *Expression) String() string {
	parts := make([]string, len(e.clauses))
	for i, c := range e.clauses {
		parts[i] = c.String()
	}
	return strings.Join(parts, " and ")
}

// parser reads a text from left to right.
type parser struct {
	text string
	at   int
}

func (p *parser) rest() string { return p.text[p.at:] }

// skip goes beyond a word, if that is what comes next.
func (p *parser) skip(word string) bool {
	if !strings.HasPrefix(p.rest(), word) {
		return false
	}
	p.at += len(word)
	return true
}

func (p *parser) expected(what string) *SyntaxError {
	const shown = 20
	got := p.rest()
	if len(got) > shown {
		got = strings.ToValidUTF8(got[:shown], "") + "…"
	}
	return &SyntaxError{Offset: p.at, Want: what, Got: got}
}

func (p *parser) clause() (c Clause, err error) {
	if !p.skip("claims['") {
		return c, p.expected("claims['NAME']")
	}
	name, _, closed := strings.Cut(p.rest(), "']")
	if !closed || name == "" || strings.ContainsAny(name, "'[] ") {
		return c, p.expected("the name of a claim and ']")
	}
	c.Claim = name
	p.at += len(name) + len("']")

	i := slices.IndexFunc(operators, func(word string) bool { return p.skip(" " + word + " ") })
	if i < 0 {
		return c, p.expected(`" eq " or " matches "`)
	}
	c.Operator = operators[i]
	c.Want, err = p.quoted()
	return c, err
}

// quoted reads text in single quotes, in which two stand for one.
func (p *parser) quoted() (string, error) {
	start := p.at
	if !p.skip("'") {
		return "", p.expected("text in single quotes")
	}
	var text strings.Builder
	for {
		part, _, closed := strings.Cut(p.rest(), "'")
		if !closed {
			p.at = len(p.text)
			return "", p.expected(fmt.Sprintf("a single quote that ends the text from position %d", start+1))
		}
		text.WriteString(part)
		p.at += len(part) + 1
		if !p.skip("'") {
			break
		}
		text.WriteByte('\'')
	}
	if text.Len() == 0 {
		p.at = start
		return "", p.expected("text that is not empty")
	}
	return text.String(), nil
}
