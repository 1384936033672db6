package scenario

import "strings"

type nodeKind int

const (
	scalarNode nodeKind = iota
	mapNode
	listNode
)

// node is a YAML value with its place in the file. Everything after the parser
// works on nodes, so that each message can point at what it is about.
type node struct {
	kind nodeKind
	pos  Position
	// style is how a string is written: 0 plain, '"', '\'' or '|' for a block.
	style byte
	// value is a scalar's: string, int, uint64, float64, bool or nil.
	value any
	// entries are a map's, in file order.
	entries []entry
	// items are a list's.
	items []*node
	// text is set for a string that holds an expression or an escape.
	text *template
	// condition is set for an item of expect.that.
	condition *Condition
}

type entry struct {
	key   string
	pos   Position
	value *node
}

// get returns the value of key, or nil if n is not a map or has no such key.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, e := range n.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// keyPosition returns where a key stands, or where n starts if it has no such key.
func (n *node) keyPosition(key string) Position {
	for _, e := range n.entries {
		if e.key == key {
			return e.pos
		}
	}
	return n.start()
}

func (n *node) keys() []string {
	keys := make([]string, 0, len(n.entries))
	for _, e := range n.entries {
		keys = append(keys, e.key)
	}
	return keys
}

// list returns the items of n, none if n is not a list.
func (n *node) list() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// constant returns the string of n, if it is one without an expression.
func (n *node) constant() (string, bool) {
	if n == nil || n.kind != scalarNode || n.text != nil && !n.text.literal() {
		return "", false
	}
	if n.text != nil {
		return n.text.parts[0].literal, true
	}
	s, ok := n.value.(string)
	return s, ok
}

// plain returns the value of n as the schema sees it: maps, lists and scalars,
// with expressions still in their strings.
func (n *node) plain() any {
	switch n.kind {
	case mapNode:
		m := make(map[string]any, len(n.entries))
		for _, e := range n.entries {
			m[e.key] = e.value.plain()
		}
		return m
	case listNode:
		l := make([]any, 0, len(n.items))
		for _, item := range n.items {
			l = append(l, item.plain())
		}
		return l
	}
	return n.value
}

// walk calls f for n and every node below it.
func (n *node) walk(f func(*node)) {
	if n == nil {
		return
	}
	f(n)
	for _, e := range n.entries {
		e.value.walk(f)
	}
	for _, item := range n.items {
		item.walk(f)
	}
}

// descend follows path as far as it goes, and returns the last node found and
// the part of the path that led to it.
func (n *node) descend(path []any) (*node, []any) {
	for i, step := range path {
		var next *node
		switch s := step.(type) {
		case string:
			next = n.get(s)
		case int:
			if s >= 0 && s < len(n.items) {
				next = n.items[s]
			}
		}
		if next == nil {
			return n, path[:i]
		}
		n = next
	}
	return n, path
}

// start returns where a message about n as a whole points: a map in block
// style has no token of its own, so it is its first key.
func (n *node) start() Position {
	if n.kind == mapNode && len(n.entries) > 0 && n.style == 0 {
		return n.entries[0].pos
	}
	return n.pos
}

// kindOf names the type of a value as an author of YAML would.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case string:
		return "a string"
	case bool:
		return "true or false"
	case int, int64, uint64, float64:
		return "a number"
	}
	switch {
	case isMap(v):
		return "a map"
	case isList(v):
		return "a list"
	}
	return "something else"
}

// locate returns where in lines the rune at offset of the string n stands. It
// follows quotes, escapes and line folding, which make the text in the file
// longer than the value.
func (n *node) locate(lines []string, offset int) Position {
	line, column, indent := n.pos.Line-1, n.pos.Column-1, 0
	switch n.style {
	case '"', '\'':
		column++
	case '|':
		line++
		for line < len(lines) && strings.TrimSpace(lines[line]) == "" {
			line++
			offset--
		}
		if line < len(lines) {
			indent = len(lines[line]) - len(strings.TrimLeft(lines[line], " "))
		}
		column = indent
	}
	for line < len(lines) {
		text := []rune(lines[line])
		for ; column < len(text); offset-- {
			if offset <= 0 {
				return Position{line + 1, column + 1, 1}
			}
			column += n.written(text[column:])
		}
		if offset <= 0 {
			return Position{line + 1, column + 1, 1}
		}
		offset--
		line++
		column = indent
		if n.style != '|' && line < len(lines) {
			column = len(lines[line]) - len(strings.TrimLeft(lines[line], " "))
		}
	}
	return n.pos
}

// written returns how many runes of the file the first rune of the value takes.
func (n *node) written(text []rune) int {
	if len(text) < 2 {
		return 1
	}
	switch {
	case n.style == '\'' && text[0] == '\'' && text[1] == '\'':
		return 2
	case n.style == '"' && text[0] == '\\':
		switch text[1] {
		case 'x':
			return 4
		case 'u':
			return 6
		case 'U':
			return 10
		}
		return 2
	}
	return 1
}
