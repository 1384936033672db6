package input

import "github.com/issuerd/issuerd/harness/document"

// str is the text that a node is; "" if it is none.
func str(n *document.Node) string {
	if n == nil {
		return ""
	}
	s, _ := n.Value.(string)
	return s
}

// first is the text of the first of the keys that a map has.
func first(n *document.Node, keys ...string) string {
	for _, key := range keys {
		if s := str(n.Get(key)); s != "" {
			return s
		}
	}
	return ""
}

// has tells whether a map has all of the keys.
func has(n *document.Node, keys ...string) bool {
	for _, key := range keys {
		if n.Get(key) == nil {
			return false
		}
	}
	return true
}
