package document

import (
	"cmp"

	"github.com/goccy/go-yaml/ast"
)

// MaxReferred is how many values a foreign file may have with those that its aliases stand for.
const MaxReferred = 1 << 20

// ReadForeign reads YAML that was written for another program, such as a pipeline: one document or several, with
// anything at their roots. It has the bounds of [Format.Read], and takes what our own formats refuse:
//
//   - an alias is the value of its anchor, and a merge key gives the members that the map does not have itself;
//   - a tag is left out;
//   - a key that is no string is what is written, and of a key that is there twice the first counts.
//
// Nodes may be in the tree at several places, once for each alias, so they must not be changed. It returns nil, and says
// why in log, for a text that is no YAML, and an empty slice for one with nothing in it. limit is in bytes; 0: MaxSize.
func ReadForeign(src []byte, limit int, log *Log) []*Node {
	text, bad := clean(src, cmp.Or(limit, MaxSize))
	if bad != nil {
		log.Add(bad.Position, bad.Hint, "%s", bad.Message)
		return nil
	}
	roots, bad := parse(text, true)
	if bad != nil {
		log.Add(bad.Position, bad.Hint, "%s", bad.Message)
		return nil
	}
	nodes := make([]*Node, 0, len(roots))
	left := MaxReferred
	for _, root := range roots {
		f := foreigner{converter: converter{&Log{}}, anchors: map[string]sized{}, left: &left}
		n, _ := f.convert(root)
		if left < 0 {
			log.Add(start(root), "", "more than %d values with those of the aliases", MaxReferred)
			return nil
		}
		nodes = append(nodes, n)
	}
	return nodes
}

// foreigner turns the parser's tree into nodes and takes references with it.
type foreigner struct {
	converter // of scalars
	anchors   map[string]sized
	left      *int // how many values more there may be; below 0, values are no longer read
}

// sized is a node with the number of values in it.
type sized struct {
	node *Node
	size int
}

// convert returns a node, never nil, and how many values it has.
func (f foreigner) convert(n ast.Node) (*Node, int) {
	nothing := &Node{Position: Position{Line: 1, Column: 1, Width: 1}}
	if n == nil {
		return nothing, 1
	}
	if *f.left--; *f.left < 0 {
		return nothing, 1
	}
	switch n := n.(type) {
	case *ast.AnchorNode:
		value, size := f.convert(n.Value)
		f.anchors[n.Name.GetToken().Value] = sized{value, size}
		return value, size
	case *ast.AliasNode:
		known, ok := f.anchors[n.Value.GetToken().Value]
		if !ok {
			return nothing, 1
		}
		*f.left -= known.size
		return known.node, known.size
	case *ast.TagNode:
		return f.convert(n.Value)
	case *ast.MappingNode:
		return f.convertMap(n.Values, n.IsFlowStyle, start(n))
	case *ast.MappingValueNode:
		return f.convertMap([]*ast.MappingValueNode{n}, false, start(n))
	case *ast.SequenceNode:
		list, size := &Node{Kind: List, Position: start(n)}, 1
		for _, v := range n.Values {
			item, s := f.convert(v)
			list.Items, size = append(list.Items, item), size+s
		}
		return list, size
	case *ast.IntegerNode:
		if scalar := f.converter.convert(n); scalar != nil {
			return scalar, 1
		}
		return &Node{Position: start(n), Value: n.GetToken().Value}, 1 // 010 is what is written
	}
	if scalar := f.converter.convert(n); scalar != nil {
		return scalar, 1
	}
	return nothing, 1
}

func (f foreigner) convertMap(values []*ast.MappingValueNode, flow bool, place Position) (*Node, int) {
	m, size := &Node{Kind: Map, Position: place}, 1
	if flow {
		m.Style = '{'
	}
	there := map[string]bool{}
	var merged []*Node
	for _, v := range values {
		value, s := f.convert(v.Value)
		size += s
		if v.Key.Type() == ast.MergeKeyType {
			merged = append(merged, value)
			continue
		}
		token := v.Key.GetToken()
		if key, ok := v.Key.(*ast.MappingKeyNode); ok && key.Value != nil { // ? key
			token = key.Value.GetToken()
		}
		if !there[token.Value] {
			there[token.Value] = true
			m.Entries = append(m.Entries, Entry{token.Value, at(token), value})
		}
	}
	for _, from := range merged {
		maps := from.List()
		if from.Kind == Map {
			maps = []*Node{from}
		}
		for _, source := range maps {
			for _, e := range source.Entries {
				if !there[e.Key] {
					there[e.Key] = true
					m.Entries = append(m.Entries, e)
				}
			}
		}
	}
	return m, size
}
