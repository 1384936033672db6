package scenario

import "github.com/issuerd/issuerd/harness/document"

// Show returns a step as it is known in env, as values of JSON: the parameters of its action, and what it expects, which
// is nil if it says nothing. An expression that has no value in env stays as it is written.
func (s *Step) Show(env Env) (action, expect any) {
	d := newDecoder(s.file, env, &document.Log{File: s.file.Path})
	return d.show(s.node.Get(s.Kind)), d.show(s.node.Get("expect"))
}

// show is value, with what is not known as it is written.
func (d *decoder) show(n *document.Node) any {
	switch {
	case n == nil:
		return nil
	case n.Kind == document.Map:
		m := make(map[string]any, len(n.Entries))
		for _, e := range n.Entries {
			m[e.Key] = d.show(e.Value)
		}
		return m
	case n.Kind == document.List:
		l := make([]any, len(n.Items))
		for i, item := range n.Items {
			l[i] = d.show(item)
		}
		return l
	}
	if value := d.value(n); value != nil && value != (any)(unknown{}) {
		return value
	}
	return n.Value
}
