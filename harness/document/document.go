package document

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Position is a place in a file. Lines and columns count from 1, columns and the width in characters; a width is at
// least 1.
type Position struct{ Line, Column, Width int }

// Problem is why a text is not read, and where.
type Problem struct {
	Position
	Message   string // in lower case and without a full stop
	Hint      string // what to do about it; empty where the message says so
	Reference bool   // the file has an anchor, an alias or a merge key
}

// Error is "line:column: message (hint)".
func (p *Problem) Error() string {
	text := fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message)
	if p.Hint != "" {
		text += " (" + p.Hint + ")"
	}
	return text
}

// Clean returns a text with \n as its line ends and without a byte order mark. It refuses one of more than limit bytes,
// and one that is not UTF-8 or has control characters. The error is a [*Problem].
func Clean(src []byte, limit int) (string, error) {
	if len(src) > limit {
		return "", &Problem{Position: Position{1, 1, 1}, Message: fmt.Sprintf("the file has %d bytes, the limit is %d", len(src), limit)}
	}
	text := strings.TrimPrefix(string(src), "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	line, column := 1, 1
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return "", &Problem{Position: Position{line, column, 1}, Message: fmt.Sprintf("byte 0x%02x is not UTF-8", text[i]), Hint: "save the file as UTF-8"}
		case r < ' ' && r != '\n' && r != '\t', r == 0x7f, r == 0xfeff:
			return "", &Problem{Position: Position{line, column, 1}, Message: fmt.Sprintf("control character %U", r), Hint: "write it as an escape in double quotes"}
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
	}
	return text, nil
}

// Parse reads a text that Clean has returned, and returns the roots of the documents in it that are not empty. Options
// are the parser's. It measures the text before the parser sees it; the package's comment has the bounds. The error is
// a [*Problem].
func Parse(text string, options ...parser.Option) (roots []ast.Node, err error) {
	if p := countMarks(text); p != nil {
		return nil, p
	}
	defer func() {
		if r := recover(); r != nil { // input that makes the parser panic is no document either
			roots, err = nil, &Problem{Position: Position{1, 1, 1}, Message: "the YAML cannot be parsed"}
		}
	}()
	tokens := lexer.Tokenize(text)
	if p := measure(tokens); p != nil {
		return nil, p
	}
	file, err := parser.Parse(tokens, 0, options...)
	if err != nil {
		return nil, syntaxProblem(err)
	}
	for _, document := range file.Docs {
		if document.Body != nil && document.Body.Type() != ast.DirectiveType {
			roots = append(roots, document.Body)
		}
	}
	return roots, nil
}

func syntaxProblem(err error) *Problem {
	if syntax := (*yaml.SyntaxError)(nil); errors.As(err, &syntax) {
		return &Problem{Position: At(syntax.Token), Message: strings.ReplaceAll(syntax.Message, "\t", `\t`)}
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return &Problem{Position: Position{1, 1, 1}, Message: first}
}

// At returns the place of a token. The parser reports tokens that follow a block scalar at column 0; nil is the start
// of the file.
func At(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{1, 1, 1}
	}
	written, _, _ := strings.Cut(strings.TrimSpace(t.Origin), "\n")
	return Position{max(1, t.Position.Line), max(1, t.Position.Column), max(1, utf8.RuneCountInString(written))}
}

// Start returns where a node begins: the token of a map in block style is its first colon.
func Start(n ast.Node) Position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return At(n.Values[0].Key.GetToken())
		}
	case *ast.MappingValueNode:
		return At(n.Key.GetToken())
	}
	return At(n.GetToken())
}
