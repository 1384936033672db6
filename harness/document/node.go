package document

import (
	"reflect"
	"strconv"
	"strings"
)

// Kind is the kind of a node.
type Kind int

// The kinds there are.
const (
	Scalar Kind = iota
	Map
	List
)

// Node is a YAML value with its place in the file. All that comes after the parser works on nodes, so that each message
// can point at what it is about.
type Node struct {
	Kind Kind
	Position
	Style   byte    // how a string is written: 0 plain, '"', '\'' or '|' for a block; '{' for a map in braces
	Value   any     // a scalar's: string, int, uint64, float64, bool or nil
	Entries []Entry // a map's, in the order of the file
	Items   []*Node // a list's
	Note    any     // whatever the reader of a format wants to keep with the value, such as an expression in it
}

// Entry is a key of a map and its value.
type Entry struct {
	Key string
	Position
	Value *Node
}

// Get returns the value of a key, or nil if n is nil, is not a map or has no such key.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, e := range n.Entries {
		if e.Key == key {
			return e.Value
		}
	}
	return nil
}

// KeyPosition returns where a key stands, or where n begins if it has no such key.
func (n *Node) KeyPosition(key string) Position {
	for _, e := range n.Entries {
		if e.Key == key {
			return e.Position
		}
	}
	return n.Start()
}

// Keys are those of a map, in the order of the file.
func (n *Node) Keys() []string {
	keys := make([]string, 0, len(n.Entries))
	for _, e := range n.Entries {
		keys = append(keys, e.Key)
	}
	return keys
}

// List returns the items of n, none if n is nil or not a list.
func (n *Node) List() []*Node {
	if n == nil {
		return nil
	}
	return n.Items
}

// Plain returns the value of n without places: map[string]any, []any and scalars.
func (n *Node) Plain() any {
	switch n.Kind {
	case Map:
		m := make(map[string]any, len(n.Entries))
		for _, e := range n.Entries {
			m[e.Key] = e.Value.Plain()
		}
		return m
	case List:
		l := make([]any, 0, len(n.Items))
		for _, item := range n.Items {
			l = append(l, item.Plain())
		}
		return l
	}
	return n.Value
}

// Walk calls f for n and every node below it; n may be nil.
func (n *Node) Walk(f func(*Node)) {
	if n == nil {
		return
	}
	f(n)
	for _, e := range n.Entries {
		e.Value.Walk(f)
	}
	for _, item := range n.Items {
		item.Walk(f)
	}
}

// Descend follows a path as far as it goes, a string for a key and an int for an index. It returns the last node found,
// and the part of the path that led to it.
func (n *Node) Descend(path []any) (*Node, []any) {
	for i, step := range path {
		var next *Node
		switch s := step.(type) {
		case string:
			next = n.Get(s)
		case int:
			if s >= 0 && s < len(n.Items) {
				next = n.Items[s]
			}
		}
		if next == nil {
			return n, path[:i]
		}
		n = next
	}
	return n, path
}

// Path takes a path such as applications[0].credentials[1] apart, for Descend.
func Path(path string) []any {
	var all []any
	for _, part := range strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(".[]", r) }) {
		if i, err := strconv.Atoi(part); err == nil {
			all = append(all, i)
		} else {
			all = append(all, part)
		}
	}
	return all
}

// Start returns where a message about n as a whole points: a map in block style has no token of its own, so it is its
// first key.
func (n *Node) Start() Position {
	if n.Kind == Map && len(n.Entries) > 0 && n.Style == 0 {
		return n.Entries[0].Position
	}
	return n.Position
}

func kindOfOther(v any) string {
	switch r := reflect.ValueOf(v); {
	case r.Kind() == reflect.Map && r.Type().Key().Kind() == reflect.String:
		return "a map"
	case r.Kind() == reflect.Slice:
		return "a list"
	}
	return "something else"
}
