package scenario

import (
	"errors"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits on a file. They keep the parsers, which are recursive and partly
// quadratic, away from input that no scenario needs.
const (
	maxSize  = 64 << 10 // bytes
	maxDepth = 64       // lists and maps inside each other
)

// parse returns the tree and the lines of a file. The tree is nil if src is
// not one YAML document with a map at its root.
func parse(src []byte, ps *problems) (*node, []string) {
	text, ok := clean(src, ps)
	if !ok {
		return nil, nil
	}
	lines := strings.Split(text, "\n")
	if !shallow(lines, ps) {
		return nil, lines
	}
	file, err := parseYAML(text)
	if err != nil {
		at := syntaxPosition(err)
		hint := ""
		if at.Line <= len(lines) && strings.Contains(lines[at.Line-1], "${{") {
			hint = "a string with ${{ }} inside {…} or […] must be quoted"
		}
		ps.add(at, hint, "%s", syntaxMessage(err))
		return nil, lines
	}
	var root ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.DirectiveType:
		case root == nil:
			root = doc.Body
		default:
			ps.add(nodeStart(doc.Body), "put it in a file of its own", "a second YAML document starts here: a file holds one scenario")
			return nil, lines
		}
	}
	if root == nil {
		ps.add(Position{1, 1, 1}, `a scenario starts with "name:"`, "the file is empty")
		return nil, lines
	}
	c := converter{ps}
	n := c.convert(root, 0)
	if n != nil && n.kind != mapNode {
		ps.add(n.pos, `a scenario starts with "name:"`, "want a map at the top of the file, got %s", kindOf(n.plain()))
		return nil, lines
	}
	return n, lines
}

// clean returns src as text with \n line ends and without a byte order mark.
func clean(src []byte, ps *problems) (string, bool) {
	if len(src) > maxSize {
		ps.add(Position{1, 1, 1}, "", "the file has %d bytes, the limit is %d", len(src), maxSize)
		return "", false
	}
	text := strings.TrimPrefix(string(src), "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	line, column := 1, 1
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			ps.add(Position{line, column, 1}, "save the file as UTF-8", "byte 0x%02x is not UTF-8", text[i])
			return "", false
		case r < ' ' && r != '\n' && r != '\t', r == 0x7f, r == 0xfeff:
			ps.add(Position{line, column, 1}, "write it as an escape in double quotes", "control character %U", r)
			return "", false
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
	}
	return text, true
}

// shallow reports whether brackets and dashes nest no deeper than maxDepth. It
// does not know about quotes, so it may count a bracket in a string, never miss one.
func shallow(lines []string, ps *problems) bool {
	depth := 0
	for i, line := range lines {
		for rest, n := strings.TrimLeft(line, " "), 0; len(rest) > 1 && strings.ContainsRune("-?", rune(rest[0])) && rest[1] == ' '; n++ {
			if n == maxDepth {
				ps.add(Position{i + 1, 1, 1}, "", "more than %d lists inside each other", maxDepth)
				return false
			}
			rest = strings.TrimLeft(rest[1:], " ")
		}
		column := 0
		for _, r := range line {
			column++
			switch r {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			}
			if depth > maxDepth {
				ps.add(Position{i + 1, column, 1}, "", "more than %d brackets inside each other", maxDepth)
				return false
			}
		}
	}
	return true
}

// parseYAML guards against panics of the parser: input that makes it panic is
// not a scenario either.
func parseYAML(text string) (file *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			file, err = nil, errors.New("the YAML cannot be parsed")
		}
	}()
	return parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
}

func syntaxPosition(err error) Position {
	if syntax := (*yaml.SyntaxError)(nil); errors.As(err, &syntax) && syntax.Token != nil {
		return tokenPosition(syntax.Token)
	}
	return Position{1, 1, 1}
}

func syntaxMessage(err error) string {
	if syntax := (*yaml.SyntaxError)(nil); errors.As(err, &syntax) {
		return strings.ReplaceAll(syntax.Message, "\t", `\t`)
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

// tokenPosition returns the place of a token. The parser reports tokens that
// follow a block scalar at column 0.
func tokenPosition(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{1, 1, 1}
	}
	written, _, _ := strings.Cut(strings.TrimSpace(t.Origin), "\n")
	return Position{max(1, t.Position.Line), max(1, t.Position.Column), max(1, utf8.RuneCountInString(written))}
}

// nodeStart returns where n begins: a map's own token is its first colon.
func nodeStart(n ast.Node) Position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return tokenPosition(n.Values[0].Key.GetToken())
		}
	case *ast.MappingValueNode:
		return tokenPosition(n.Key.GetToken())
	}
	return tokenPosition(n.GetToken())
}

// converter turns the parser's tree into nodes, and refuses what a scenario
// has no use for.
type converter struct{ *problems }

// convert returns nil if n or something in it was refused.
func (c converter) convert(n ast.Node, depth int) *node {
	at := nodeStart(n)
	if depth > maxDepth {
		c.add(at, "", "more than %d lists and maps inside each other", maxDepth)
		return nil
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return c.convertMap(n.Values, n.IsFlowStyle, at, depth)
	case *ast.MappingValueNode:
		return c.convertMap([]*ast.MappingValueNode{n}, false, at, depth)
	case *ast.SequenceNode:
		list := &node{kind: listNode, pos: at}
		for _, v := range n.Values {
			if item := c.convert(v, depth+1); item != nil {
				list.items = append(list.items, item)
			}
		}
		return list
	case *ast.StringNode:
		s := &node{pos: at, value: n.Value}
		switch n.Token.Type {
		case token.DoubleQuoteType:
			s.style = '"'
		case token.SingleQuoteType:
			s.style = '\''
		}
		return s
	case *ast.LiteralNode:
		return &node{pos: at, value: n.Value.Value, style: '|'}
	case *ast.BoolNode:
		return &node{pos: at, value: n.Value}
	case *ast.NullNode:
		return &node{pos: at, value: nil}
	case *ast.IntegerNode:
		return c.convertInteger(n, at)
	case *ast.FloatNode:
		return &node{pos: at, value: n.Value}
	case *ast.InfinityNode, *ast.NanNode:
		c.add(at, "quote it if it is text", "%s is not a number JSON knows", n.GetToken().Value)
	case *ast.AnchorNode, *ast.AliasNode:
		c.add(at, "put the value under vars and use ${{ vars.name }}", "anchors and aliases are not supported")
	case *ast.TagNode:
		c.add(at, "leave the tag out", "tag %s is not supported", n.GetToken().Value)
	default:
		c.add(at, "", "this kind of YAML is not supported here")
	}
	return nil
}

func (c converter) convertInteger(n *ast.IntegerNode, at Position) *node {
	written := strings.TrimLeft(n.Token.Value, "+-")
	if strings.Contains(written, "_") || len(written) > 1 && written[0] == '0' {
		c.add(at, "quote it if it is text", "%s is a different number to different YAML readers", n.Token.Value)
		return nil
	}
	switch v := n.Value.(type) {
	case int64:
		return &node{pos: at, value: int(v)}
	case uint64:
		if v <= math.MaxInt {
			return &node{pos: at, value: int(v)}
		}
	}
	return &node{pos: at, value: n.Value}
}

func (c converter) convertMap(values []*ast.MappingValueNode, flow bool, at Position, depth int) *node {
	m := &node{kind: mapNode, pos: at}
	if flow {
		m.style = '{'
	}
	first := map[string]Position{}
	for _, v := range values {
		pos := tokenPosition(v.Key.GetToken())
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			hint := "quote it"
			if _, merge := v.Key.(*ast.MergeKeyNode); merge {
				hint = "merge keys are not supported: put the value under vars and use ${{ vars.name }}"
			}
			c.add(pos, hint, "key %s is not a string", v.Key.GetToken().Value)
			continue
		}
		if before, dup := first[key.Value]; dup {
			c.add(pos, "", "key %q is already at %d:%d", key.Value, before.Line, before.Column)
			continue
		}
		if strings.Contains(key.Value, "${{") {
			c.add(pos, "", "a key holds no expression")
			continue
		}
		first[key.Value] = pos
		// A refused value keeps its key, so that the key is not also missing.
		value := c.convert(v.Value, depth+1)
		if value == nil {
			value = &node{pos: nodeStart(v.Value), value: ""}
		}
		m.entries = append(m.entries, entry{key.Value, pos, value})
	}
	return m
}
