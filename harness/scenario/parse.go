package scenario

import (
	"errors"
	"math"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/issuerd/issuerd/harness/document"
)

// maxSize bounds a file in bytes; package document bounds what is in it.
const maxSize = 64 << 10

// parse returns the tree and the lines of a file. The tree is nil if src is
// not one YAML document with a map at its root.
func parse(src []byte, ps *problems) (*node, []string) {
	text, err := document.Clean(src, maxSize)
	if err != nil {
		ps.addDocument(err, nil)
		return nil, nil
	}
	lines := strings.Split(text, "\n")
	roots, err := document.Parse(text, parser.AllowDuplicateMapKey())
	switch {
	case err != nil:
		ps.addDocument(err, lines)
		return nil, lines
	case len(roots) == 0:
		ps.add(Position{1, 1, 1}, `a scenario starts with "name:"`, "the file is empty")
		return nil, lines
	case len(roots) > 1:
		ps.add(Position(document.Start(roots[1])), "put it in a file of its own", "a second YAML document starts here: a file holds one scenario")
		return nil, lines
	}
	c := converter{ps}
	n := c.convert(roots[0])
	if n != nil && n.kind != mapNode {
		ps.add(n.pos, `a scenario starts with "name:"`, "want a map at the top of the file, got %s", kindOf(n.plain()))
		return nil, lines
	}
	return n, lines
}

// addDocument adds why a file is no document.
func (ps *problems) addDocument(err error, lines []string) {
	p := (*document.Problem)(nil)
	if !errors.As(err, &p) {
		ps.add(Position{1, 1, 1}, "", "%s", err)
		return
	}
	hint := p.Hint
	switch {
	case p.Reference:
		hint = "put the value under vars and use ${{ vars.name }}"
	case hint == "" && p.Line <= len(lines) && strings.Contains(lines[p.Line-1], "${{"):
		hint = "a string with ${{ }} inside {…} or […] must be quoted"
	}
	ps.add(Position(p.Position), hint, "%s", p.Message)
}

// converter turns the parser's tree into nodes, and refuses what a scenario
// has no use for.
type converter struct{ *problems }

// convert returns nil if n or something in it was refused.
func (c converter) convert(n ast.Node) *node {
	at := Position(document.Start(n))
	switch n := n.(type) {
	case *ast.MappingNode:
		return c.convertMap(n.Values, n.IsFlowStyle, at)
	case *ast.MappingValueNode:
		return c.convertMap([]*ast.MappingValueNode{n}, false, at)
	case *ast.SequenceNode:
		list := &node{kind: listNode, pos: at}
		for _, v := range n.Values {
			if item := c.convert(v); item != nil {
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

func (c converter) convertMap(values []*ast.MappingValueNode, flow bool, at Position) *node {
	m := &node{kind: mapNode, pos: at}
	if flow {
		m.style = '{'
	}
	first := map[string]Position{}
	for _, v := range values {
		pos := Position(document.At(v.Key.GetToken()))
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			c.add(pos, "quote it", "key %s is not a string", v.Key.GetToken().Value)
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
		value := c.convert(v.Value)
		if value == nil {
			value = &node{pos: Position(document.Start(v.Value)), value: ""}
		}
		m.entries = append(m.entries, entry{key.Value, pos, value})
	}
	return m
}
