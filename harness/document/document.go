package document

import (
	"cmp"
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

// MaxSize is the size in bytes above which no file is read. It is what a directory needs: 20,000 applications with a
// federated credential each are 8.7 MB, and take about 430 MB of memory while they are read.
const MaxSize = 16 << 20

// Format is a kind of file. The texts are for what is wrong with a file as a whole.
type Format struct {
	Name  string // as in "scenario"
	Start string // how one begins, as in `a scenario starts with "name:"`
	Limit int    // bytes of a file; 0: MaxSize
	// Hint says what to do about a text that is not read as YAML, from its line; reference is set for an anchor, an
	// alias or a merge key. It may return "" and may be nil.
	Hint func(line string, reference bool) string
}

// File is a file that was read.
type File struct {
	Root  *Node    // a map
	Lines []string // without their ends
}

// Read reads a file: one YAML document with a map at its root. It returns nil, and says why in log, if it is not. A
// file that is read may have problems, too, such as a key that is there twice.
func (f Format) Read(src []byte, log *Log) *File {
	text, bad := clean(src, cmp.Or(f.Limit, MaxSize))
	if bad != nil {
		log.Add(bad.Position, bad.Hint, "%s", bad.Message)
		return nil
	}
	file := &File{Lines: strings.Split(text, "\n")}
	log.AddSource(log.File, file.Lines)
	roots, bad := parse(text, false)
	switch {
	case bad != nil:
		hint := bad.Hint
		if f.Hint != nil && (hint == "" || bad.reference) {
			hint = f.Hint(file.line(bad.Line), bad.reference)
		}
		log.Add(bad.Position, hint, "%s", bad.Message)
		return nil
	case len(roots) == 0:
		log.Add(Position{Line: 1, Column: 1, Width: 1}, f.Start, "the file is empty")
		return nil
	case len(roots) > 1:
		log.Add(start(roots[1]), "put it in a file of its own", "a second YAML document starts here: a file holds one %s", f.Name)
		return nil
	}
	file.Root = converter{log}.convert(roots[0])
	if file.Root == nil {
		return nil
	}
	if file.Root.Kind != Map {
		log.Add(file.Root.Position, f.Start, "want a map at the top of the file, got %s", KindOf(file.Root.Plain()))
		return nil
	}
	return file
}

func (f *File) line(n int) string {
	if n < 1 || n > len(f.Lines) {
		return ""
	}
	return f.Lines[n-1]
}

// fault is why a text is not read as YAML.
type fault struct {
	Position
	Message, Hint string
	reference     bool // it is an anchor, an alias or a merge key
}

// Error serves tests.
func (p *fault) Error() string {
	text := fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message)
	if p.Hint != "" {
		text += " (" + p.Hint + ")"
	}
	return text
}

// clean returns a text with \n as its line ends and without a byte order mark. It refuses one of more than limit bytes,
// and one that is not UTF-8 or has control characters.
func clean(src []byte, limit int) (string, *fault) {
	if len(src) > limit {
		return "", faultAt(Position{Line: 1, Column: 1, Width: 1}, "want at most %d bytes, got %d", limit, len(src))
	}
	text := strings.TrimPrefix(string(src), "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	line, column := 1, 1
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return "", &fault{Position: Position{Line: line, Column: column, Width: 1}, Message: fmt.Sprintf("byte 0x%02x is not UTF-8", text[i]), Hint: "save the file as UTF-8"}
		case r < ' ' && r != '\n' && r != '\t', r == 0x7f, r == 0xfeff:
			return "", &fault{Position: Position{Line: line, Column: column, Width: 1}, Message: fmt.Sprintf("control character %U", r), Hint: "write it as an escape in double quotes"}
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
	}
	return text, nil
}

// parse reads a text that clean has returned, and returns the roots of the documents in it that are not empty. It
// measures the text before the parser sees it; the package's comment has the bounds.
func parse(text string, foreign bool) (roots []ast.Node, bad *fault) {
	if p := countMarks(text); p != nil {
		return nil, p
	}
	defer func() {
		if r := recover(); r != nil { // input that makes the parser panic is no document either
			roots, bad = nil, faultAt(Position{Line: 1, Column: 1, Width: 1}, "the YAML cannot be parsed")
		}
	}()
	tokens := lexer.Tokenize(text)
	if p := measure(tokens, foreign); p != nil {
		return nil, p
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // the converter says where the first one is
	if err != nil {
		return nil, syntaxFault(err)
	}
	for _, document := range file.Docs {
		if document.Body != nil && document.Body.Type() != ast.DirectiveType {
			roots = append(roots, document.Body)
		}
	}
	return roots, nil
}

func syntaxFault(err error) *fault {
	if syntax := (*yaml.SyntaxError)(nil); errors.As(err, &syntax) {
		found := &fault{Position: at(syntax.Token), Message: strings.ReplaceAll(syntax.Message, "\t", `\t`)}
		if found.Message != syntax.Message {
			found.Hint = "indent with spaces: YAML has no tabs there"
		}
		return found
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return faultAt(Position{Line: 1, Column: 1, Width: 1}, "%s", first)
}

// at returns the place of a token. The parser reports tokens that follow a block scalar at column 0; nil is the start
// of the file.
func at(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{Line: 1, Column: 1, Width: 1}
	}
	written, _, _ := strings.Cut(strings.TrimSpace(t.Origin), "\n")
	return Position{Line: max(1, t.Position.Line), Column: max(1, t.Position.Column), Width: max(1, utf8.RuneCountInString(written))}
}

// start returns where a node begins: the token of a map in block style is its first colon.
func start(n ast.Node) Position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return at(n.Values[0].Key.GetToken())
		}
	case *ast.MappingValueNode:
		return at(n.Key.GetToken())
	}
	return at(n.GetToken())
}
