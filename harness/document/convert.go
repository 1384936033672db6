package document

import (
	"math"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// converter turns the parser's tree into nodes, and refuses what no format has a use for.
type converter struct{ *Log }

// convert returns nil if n was refused.
func (c converter) convert(n ast.Node) *Node {
	place := start(n)
	switch n := n.(type) {
	case *ast.MappingNode:
		return c.convertMap(n.Values, n.IsFlowStyle, place)
	case *ast.MappingValueNode:
		return c.convertMap([]*ast.MappingValueNode{n}, false, place)
	case *ast.SequenceNode:
		list := &Node{Kind: List, Position: place}
		for _, v := range n.Values {
			list.Items = append(list.Items, c.member(v))
		}
		return list
	case *ast.StringNode:
		s := &Node{Position: place, Value: n.Value}
		switch n.Token.Type {
		case token.DoubleQuoteType:
			s.Style = '"'
		case token.SingleQuoteType:
			s.Style = '\''
		}
		return s
	case *ast.LiteralNode:
		return &Node{Position: place, Value: n.Value.Value, Style: '|'}
	case *ast.BoolNode:
		return &Node{Position: place, Value: n.Value}
	case *ast.NullNode:
		return &Node{Position: place, Value: nil}
	case *ast.IntegerNode:
		return c.convertInteger(n, place)
	case *ast.FloatNode:
		return &Node{Position: place, Value: n.Value}
	case *ast.InfinityNode, *ast.NanNode:
		c.Add(place, "quote it if it is text", "%s is not a number JSON knows", n.GetToken().Value)
	default:
		c.Add(place, "", "this kind of YAML is not supported here")
	}
	return nil
}

// member converts what is in a list or a map. A value that was refused keeps its place, so that it is not missing, too.
func (c converter) member(n ast.Node) *Node {
	if value := c.convert(n); value != nil {
		return value
	}
	return &Node{Position: start(n), Value: ""}
}

func (c converter) convertInteger(n *ast.IntegerNode, place Position) *Node {
	written := strings.TrimLeft(n.Token.Value, "+-")
	if strings.Contains(written, "_") || len(written) > 1 && written[0] == '0' {
		c.Add(place, "quote it if it is text", "%s is a different number to different YAML readers", n.Token.Value)
		return nil
	}
	switch v := n.Value.(type) {
	case int64:
		return &Node{Position: place, Value: int(v)}
	case uint64:
		if v <= math.MaxInt {
			return &Node{Position: place, Value: int(v)}
		}
	}
	return &Node{Position: place, Value: n.Value}
}

func (c converter) convertMap(values []*ast.MappingValueNode, flow bool, place Position) *Node {
	m := &Node{Kind: Map, Position: place}
	if flow {
		m.Style = '{'
	}
	first := map[string]Position{}
	for _, v := range values {
		pos := at(v.Key.GetToken())
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			c.Add(pos, "quote it", "key %s is not a string", v.Key.GetToken().Value)
			continue
		}
		if before, dup := first[key.Value]; dup {
			c.Add(pos, "", "key %q is already at %d:%d", key.Value, before.Line, before.Column)
			continue
		}
		first[key.Value] = pos
		m.Entries = append(m.Entries, Entry{key.Value, pos, c.member(v.Value)})
	}
	return m
}
