package scenario

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// decoder evaluates nodes and puts them into the structs of types.go. The
// first error is in err, all are in list.
type decoder struct {
	file *File
	env  Env
	// row is the current row if the file is being checked, for messages.
	row *node
	// static is set while the file is checked. Expressions that need more
	// than vars and the row are unknown then, and left alone.
	static bool
	list   []Problem
	// size is what the values of expressions take so far, in bytes.
	size int
}

// unknown stands for a value that is not known before the scenario runs.
type unknown struct{}

func (d *decoder) err() error {
	if len(d.list) == 0 {
		return nil
	}
	return &d.list[0]
}

func (d *decoder) fail(n *node, hint, format string, args ...any) {
	at := d.where(n)
	d.list = append(d.list, Problem{d.file.Path, at.Line, at.Column, Redact(fmt.Sprintf(format, args...)), hint})
}

// where returns the place to point at for a wrong value: the cell of the row
// if the value is just that.
func (d *decoder) where(n *node) Position {
	if n.text != nil {
		if e := n.text.pure(); e != nil && d.row != nil {
			if path := memberPath(e.tree); len(path) == 2 && path[0] == "case" {
				if cell := d.row.get(path[1]); cell != nil {
					return cell.start()
				}
			}
		}
	}
	return n.start()
}

// value returns the value of n with its expressions evaluated. Unknown parts
// are unknown{}; after an error the value is unknown{} too.
func (d *decoder) value(n *node) any {
	switch n.kind {
	case mapNode:
		m := make(map[string]any, len(n.entries))
		for _, e := range n.entries {
			m[e.key] = d.value(e.value)
		}
		return m
	case listNode:
		l := make([]any, 0, len(n.items))
		for _, item := range n.items {
			l = append(l, d.value(item))
		}
		return l
	}
	if n.text == nil {
		return n.value
	}
	if e := n.text.pure(); e != nil {
		return d.eval(e)
	}
	return d.interpolate(n)
}

func (d *decoder) interpolate(n *node) any {
	var b strings.Builder
	for _, p := range n.text.parts {
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
			at := p.code.at(0, 1)
			d.list = append(d.list, Problem{d.file.Path, at.Line, at.Column, err.Error(), ""})
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
	if p, ok := err.(*Problem); ok {
		d.list = append(d.list, *p)
		return unknown{}
	}
	if d.size += sizeOf(v, maxMemory); d.size > maxMemory {
		at := e.at(0, 1)
		message := fmt.Sprintf("the expressions up to here have values of more than %d MB", maxMemory>>20)
		d.list = append(d.list, Problem{d.file.Path, at.Line, at.Column, message, ""})
		return unknown{}
	}
	return v
}

// knows reports whether all that e uses is known before the scenario runs.
func (d *decoder) knows(e *expression) bool {
	for _, root := range e.roots {
		if root != "vars" && root != "case" {
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

// decode puts n into the variable that target points to. Keys that target has
// no field for are left to the schema.
func (d *decoder) decode(n *node, target any) {
	d.into(n, reflect.ValueOf(target).Elem())
}

// fields puts the members of a map into the fields of the struct that target points to.
func (d *decoder) fields(n *node, target any) {
	d.structFields(n, reflect.ValueOf(target).Elem())
}

func (d *decoder) structFields(n *node, v reflect.Value) {
	for i := range v.NumField() {
		key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if member := n.get(key); member != nil {
			d.into(member, v.Field(i))
			d.words(member, v.Field(i), enum(v.Type().Field(i).Tag))
		}
	}
}

// enum returns the words that a field's schema tag allows, none for any.
func enum(tag reflect.StructTag) []string {
	var words []string
	for _, option := range strings.Split(tag.Get("jsonschema"), ",") {
		if word, ok := strings.CutPrefix(option, "enum="); ok {
			words = append(words, word)
		}
	}
	return words
}

// words checks a string or a list of them against the words it may be. The
// schema has done that for constants; this is for the values of expressions.
func (d *decoder) words(n *node, v reflect.Value, allowed []string) {
	switch {
	case len(allowed) == 0:
	case v.Kind() == reflect.String && v.String() != "" && !slices.Contains(allowed, v.String()):
		hint, message := notOneOf(v.String(), allowed)
		d.fail(n, hint, "%s", message)
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			item := n
			if i < len(n.items) {
				item = n.items[i]
			}
			d.words(item, v.Index(i), allowed)
		}
	}
}

func (d *decoder) into(n *node, v reflect.Value) {
	if v.Type() == reflect.TypeFor[*Condition]() {
		v.Set(reflect.ValueOf(n.condition)) // nil only if it did not compile
		return
	}
	if n.kind == scalarNode && n.text != nil {
		value := d.value(n)
		if value == (any)(unknown{}) {
			return
		}
		n = known(value, d.where(n))
	}
	switch {
	case v.Kind() == reflect.Pointer:
		if n.value == nil && n.kind == scalarNode {
			return // null is the same as leaving it out
		}
		p := reflect.New(v.Type().Elem())
		d.into(n, p.Elem())
		v.Set(p)
	case v.Type() == reflect.TypeFor[time.Time]():
		d.time(n, v)
	case v.Kind() == reflect.Struct:
		if d.want(n, mapNode, "a map") {
			d.structFields(n, v)
		}
	case v.Kind() == reflect.Map:
		if d.want(n, mapNode, "a map") {
			d.mapInto(n, v)
		}
	case v.Kind() == reflect.Slice:
		if d.want(n, listNode, "a list") {
			list := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
			for i, item := range n.items {
				d.into(item, list.Index(i))
			}
			v.Set(list)
		}
	case v.Kind() == reflect.Interface:
		if value := d.value(n); value != nil {
			v.Set(reflect.ValueOf(value))
		}
	default:
		d.scalar(n, v)
	}
}

func (d *decoder) mapInto(n *node, v reflect.Value) {
	m := reflect.MakeMapWithSize(v.Type(), len(n.entries))
	for _, e := range n.entries {
		member := reflect.New(v.Type().Elem()).Elem()
		d.into(e.value, member)
		m.SetMapIndex(reflect.ValueOf(e.key), member)
	}
	v.Set(m)
}

func (d *decoder) want(n *node, kind nodeKind, name string) bool {
	if n.kind == kind {
		return true
	}
	d.fail(n, "", "want %s, got %s", name, kindOf(n.plain()))
	return false
}

func (d *decoder) scalar(n *node, v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Duration]() {
		d.duration(n, v)
		return
	}
	switch value := n.value.(type) {
	case string:
		if v.Kind() == reflect.String {
			v.SetString(value)
			return
		}
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(value)
			return
		}
	case int:
		if v.Kind() == reflect.Int {
			v.SetInt(int64(value))
			return
		}
	}
	name, hint := "a number", ""
	switch v.Kind() {
	case reflect.String:
		name = "a string"
		if n.kind == scalarNode && n.value != nil {
			hint = "quote it"
		}
	case reflect.Bool:
		name = "true or false"
	}
	d.fail(n, hint, "want %s, got %s", name, kindOf(n.plain()))
}

func (d *decoder) duration(n *node, v reflect.Value) {
	s, ok := n.value.(string)
	if !ok {
		d.fail(n, `write a duration, such as 90s, 10m or 1h30m`, "want a duration, got %s", kindOf(n.plain()))
		return
	}
	duration, err := time.ParseDuration(s)
	switch {
	case err != nil:
		d.fail(n, `write a duration, such as 90s, 10m or 1h30m`, "%q is not a duration", s)
	case duration == 0:
		d.fail(n, "leave it out for the default", "a duration of 0 has no effect")
	}
	v.SetInt(int64(duration))
}

func (d *decoder) time(n *node, v reflect.Value) {
	s, ok := n.value.(string)
	if ok && s == "" {
		return
	}
	t, err := time.Parse(time.RFC3339, s)
	if !ok || err != nil {
		d.fail(n, "write it as 2025-06-01T12:00:00Z", "want a time in RFC 3339, got %s", Show(n.plain()))
		return
	}
	v.Set(reflect.ValueOf(t))
}

// known turns a value that an expression returned into a node at the place of the expression.
func known(v any, at Position) *node {
	switch {
	case isMap(v):
		m := &node{kind: mapNode, pos: at, style: '{'}
		values := toMap(v)
		for _, key := range sortedKeys(values) {
			m.entries = append(m.entries, entry{key, at, known(values[key], at)})
		}
		return m
	case isList(v):
		l := &node{kind: listNode, pos: at}
		for _, item := range toList(v) {
			l.items = append(l.items, known(item, at))
		}
		return l
	}
	if f, ok := v.(float64); ok && f == float64(int(f)) {
		v = int(f)
	} else if n, ok := v.(int64); ok && n == int64(int(n)) {
		v = int(n)
	}
	return &node{pos: at, value: v}
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
