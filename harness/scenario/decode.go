package scenario

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// decoder evaluates nodes and puts them into the structs of types.go.
type decoder struct {
	document.Decoder
	file *File
	env  Env
	// row is the current row if the file is being checked, for messages.
	row *document.Node
	// static is set while the file is checked. Expressions that need more
	// than what is in env are unknown then, and left alone.
	static bool
	// unknown are the values that were left alone.
	unknown map[*document.Node]bool
	// size is what the values of expressions take so far, in bytes.
	size int
}

// newDecoder returns a decoder that adds what is wrong to log.
func newDecoder(f *File, env Env, log *document.Log) *decoder {
	d := &decoder{file: f, env: env, unknown: map[*document.Node]bool{}}
	d.Decoder = document.Decoder{Log: log, Resolve: d.resolve, Place: d.where}
	return d
}

// unknown stands for a value that is not known before the scenario runs.
type unknown struct{}

// where returns the place to point at for a wrong value: the cell of the row
// if the value is just that.
func (d *decoder) where(n *document.Node) document.Position {
	if text := textOf(n); text != nil && d.row != nil {
		if e := text.pure(); e != nil {
			if path := memberPath(e.tree); len(path) == 2 && path[0] == "case" {
				if cell := d.row.Get(path[1]); cell != nil {
					return cell.Start()
				}
			}
		}
	}
	return n.Start()
}

// resolve puts the value of a string with expressions in its place.
func (d *decoder) resolve(n *document.Node, target reflect.Value) *document.Node {
	if target.Type() == reflect.TypeFor[*Condition]() {
		condition, _ := n.Note.(*Condition) // nil only if it did not compile
		target.Set(reflect.ValueOf(condition))
		return nil
	}
	if n.Kind != document.Scalar || textOf(n) == nil {
		return n
	}
	switch value := d.value(n).(type) {
	case unknown:
		d.unknown[n] = true
		return nil
	case nil:
		if target.Kind() == reflect.Pointer {
			return nil // null is the same as leaving it out
		}
		return document.Known(nil, d.where(n))
	default:
		return document.Known(value, d.where(n))
	}
}

// hasUnknown tells whether a value in n was left alone.
func (d *decoder) hasUnknown(n *document.Node) (has bool) {
	n.Walk(func(n *document.Node) { has = has || d.unknown[n] })
	return has
}

// value returns the value of n with its expressions evaluated. Unknown parts
// are unknown{}; after an error the value is unknown{} too.
func (d *decoder) value(n *document.Node) any {
	switch n.Kind {
	case document.Map:
		m := make(map[string]any, len(n.Entries))
		for _, e := range n.Entries {
			m[e.Key] = d.value(e.Value)
		}
		return m
	case document.List:
		l := make([]any, 0, len(n.Items))
		for _, item := range n.Items {
			l = append(l, d.value(item))
		}
		return l
	}
	text := textOf(n)
	if text == nil {
		return n.Value
	}
	if e := text.pure(); e != nil {
		return d.eval(e)
	}
	return d.interpolate(text)
}

func (d *decoder) interpolate(text *template) any {
	var b strings.Builder
	for _, p := range text.parts {
		if !p.isCode {
			b.WriteString(p.literal)
			continue
		}
		if p.code == nil {
			return unknown{} // did not compile, which has its own problem
		}
		v := d.eval(p.code)
		if v == (any)(unknown{}) {
			return v
		}
		s, err := format(v)
		if err != nil {
			d.Add(p.code.at(0, 1), "", "%s", err)
			return unknown{}
		}
		b.WriteString(s)
	}
	return b.String()
}

func (d *decoder) eval(e *expression) any {
	if d.static && !d.knows(e) {
		return unknown{}
	}
	v, err := e.eval(d.file.Path, d.env)
	if p, ok := err.(*document.Problem); ok {
		d.Add(p.Position, p.Hint, "%s", p.Message)
		return unknown{}
	}
	if d.size += sizeOf(v, maxMemory); d.size > maxMemory {
		d.Add(e.at(0, 1), "", "the expressions up to here have values of more than %d MB", maxMemory>>20)
		return unknown{}
	}
	return v
}

// knows reports whether all that e uses is known before the scenario runs.
func (d *decoder) knows(e *expression) bool {
	for _, root := range e.roots {
		if _, known := d.env[root]; !known && root != "case" {
			return false
		}
	}
	columns, _ := d.env["case"].(map[string]any)
	needed := e.columns
	if e.wholeCase {
		needed = slices.Collect(maps.Keys(columns))
	}
	for _, c := range needed {
		if v, ok := columns[c]; !ok || hasUnknown(v) {
			return false
		}
	}
	return true
}

func hasUnknown(v any) bool {
	switch v := v.(type) {
	case unknown:
		return true
	case []any:
		return slices.ContainsFunc(v, hasUnknown)
	case map[string]any:
		for _, m := range v {
			if hasUnknown(m) {
				return true
			}
		}
	}
	return false
}

// validateShape finds what is wrong with a file whatever its expressions are: keys and kinds of values.
func validateShape(root *document.Node, log *document.Log) {
	d := document.Decoder{Log: log, Elsewhere: elsewhere}
	d.Resolve = func(n *document.Node, target reflect.Value) *document.Node {
		text, isString := n.Value.(string)
		switch {
		case target.Type() == reflect.TypeFor[*Condition]():
			if !isString {
				d.Decode(n, new(string))
			}
			return nil
		case isString && strings.Contains(text, "${{") && mayBeExpression(target.Type()):
			return nil
		}
		return n
	}
	d.Decode(root, new(wholeFile))
}

// mayBeExpression reports whether an expression may stand in place of a whole value of a type: anything of the
// directory's, in which rows of cases may differ, but no step and no part of one, nor the issuer.
func mayBeExpression(t reflect.Type) bool {
	switch {
	case t == reflect.TypeFor[[]FederatedCredential](), t == reflect.TypeFor[*Tenant]():
		return true
	case t.Kind() == reflect.Pointer, t.Kind() == reflect.Slice:
		return mayBeExpression(t.Elem())
	}
	return t.Kind() != reflect.Struct || t.PkgPath() != reflect.TypeFor[wholeFile]().PkgPath()
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
