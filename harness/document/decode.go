package document

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/wording"
)

// Decoder puts nodes into Go values and logs all that is wrong with them, each at its own key or value.
//
// A map goes into a struct by the JSON names of its fields; a field tagged yaml:",inline", a map, takes the keys that
// no other has. Durations are text such as 90s, times are text in RFC 3339. What the tag jsonschema of a field says
// holds: required, minLength, minItems, minimum, maximum, and enum, which is about the items of a list; so a schema for
// editors has the same rules. The tag document:"nonzero" refuses a duration of zero; document:"prefix=X" says of a number
// in the place of a text that X goes before it.
//
// What the file does not say keeps its value: a target may have defaults.
type Decoder struct {
	*Log
	// Resolve, which may be nil, sees each value first. It returns the node to decode in its place, or nil if there is
	// none: it has set the target itself, or the value is not known.
	Resolve func(n *Node, target reflect.Value) *Node
	// Place, which may be nil, returns where a problem of a value is shown; without it that is where the value begins.
	Place func(n *Node) Position
	// Elsewhere, which may be nil, says where a key belongs that is unknown where it stands; "" if nowhere.
	Elsewhere func(key string) string

	unread map[*Node]bool // without a value in the target, or with a key that has no field
}

// Decode puts n into the variable that target points to.
func (d *Decoder) Decode(n *Node, target any) { d.into(n, reflect.ValueOf(target).Elem(), nil) }

// Fail adds a problem of a value.
func (d *Decoder) Fail(n *Node, hint, format string, args ...any) {
	place := n.Start()
	if d.Place != nil {
		place = d.Place(n)
	}
	d.Add(place, hint, format, args...)
}

// FailAt adds a problem of the value at a path such as applications[0].credentials[1].issuer, at its own place. A value
// that is not in the file has its problem where the value around it begins. Nothing is added where a value was not put
// into the target, or may stand under a key that is misspelt: then the problem may be one of the target alone.
func (d *Decoder) FailAt(root *Node, path []any, hint, format string, args ...any) {
	n, found := root.Descend(path)
	if !d.unread[n] || n.Kind == Map && len(found) == len(path) {
		d.Fail(n, hint, format, args...)
	}
}

func (d *Decoder) leave(n *Node) {
	if d.unread == nil {
		d.unread = map[*Node]bool{}
	}
	d.unread[n] = true
}

// into decodes n into v. limits are those of the field that v is, or nil.
func (d *Decoder) into(n *Node, v reflect.Value, limits *limits) {
	written := n
	if d.Resolve != nil {
		if n = d.Resolve(n, v); n == nil {
			d.leave(written)
			return
		}
	}
	before := d.Len()
	if number, isNumber := n.Value.(int); isNumber && limits != nil && limits.prefix != "" {
		d.Fail(n, fmt.Sprintf("write %s%d", limits.prefix, number), "want a string, got a number")
	} else {
		d.value(n, v)
	}
	if d.Len() == before && limits != nil {
		limits.check(d, n, v, n != written)
	}
	if d.Len() > before && written.Kind == Scalar {
		d.leave(written)
	}
}

func (d *Decoder) value(n *Node, v reflect.Value) {
	switch v.Interface().(type) {
	case time.Duration:
		d.duration(n, v)
		return
	case time.Time:
		d.time(n, v)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		d.value(n, p.Elem())
		v.Set(p)
	case reflect.Struct:
		if d.want(n, Map, "a map") {
			d.structure(n, v)
		}
	case reflect.Map:
		if d.want(n, Map, "a map") {
			v.Set(reflect.MakeMapWithSize(v.Type(), len(n.Entries)))
			for _, e := range n.Entries {
				d.member(e, v)
			}
		}
	case reflect.Slice:
		if d.want(n, List, "a list") {
			v.Set(reflect.MakeSlice(v.Type(), len(n.Items), len(n.Items)))
			for i, item := range n.Items {
				d.into(item, v.Index(i), nil)
			}
		}
	case reflect.Interface:
		d.any(n, v)
	default:
		d.scalar(n, v)
	}
}

func (d *Decoder) member(e Entry, m reflect.Value) {
	value := reflect.New(m.Type().Elem()).Elem()
	d.into(e.Value, value, nil)
	m.SetMapIndex(reflect.ValueOf(e.Key), value)
}

// any decodes what may be anything, as Plain has it.
func (d *Decoder) any(n *Node, v reflect.Value) {
	switch {
	case n.Kind == Map:
		m := map[string]any{}
		for _, e := range n.Entries {
			d.member(e, reflect.ValueOf(m))
		}
		v.Set(reflect.ValueOf(m))
	case n.Kind == List:
		l := make([]any, len(n.Items))
		for i, item := range n.Items {
			d.into(item, reflect.ValueOf(l).Index(i), nil)
		}
		v.Set(reflect.ValueOf(l))
	case n.Value != nil:
		v.Set(reflect.ValueOf(n.Value))
	}
}

// structure puts the members of a map into the fields of a struct.
func (d *Decoder) structure(n *Node, v reflect.Value) {
	s := shapeOf(v.Type())
	for _, e := range n.Entries {
		switch f := s.fields[e.Key]; {
		case f != nil:
			d.into(e.Value, v.FieldByIndex(f.index), &f.limits)
		case s.rest != nil:
			rest := v.FieldByIndex(s.rest)
			if rest.IsNil() {
				rest.Set(reflect.MakeMap(rest.Type()))
			}
			d.member(e, rest)
		default:
			d.Add(e.Position, d.unknownKey(e.Key, s.names), "unknown key %q", e.Key)
			d.leave(n)
		}
	}
	var missing []string
	for _, key := range s.required {
		if n.Get(key) == nil {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 {
		what := "keys"
		if len(missing) == 1 {
			what = "key"
		}
		d.Fail(n, "", "missing %s %s", what, Quoted(missing))
		d.leave(n)
	}
}

// unknownKey says what to do about an unknown key: how it is spelt, or else where it belongs.
func (d *Decoder) unknownKey(key string, known []string) string {
	if d.Elsewhere != nil {
		if where := d.Elsewhere(key); where != "" && wording.DidYouMean(key, known) == "" {
			return where
		}
	}
	return DidYouMean(key, known)
}

func (d *Decoder) want(n *Node, kind Kind, name string) bool {
	if n.Kind == kind {
		return true
	}
	d.Fail(n, collectionHint(n, kind), "want %s, got %s", name, KindOf(n.Plain()))
	d.leave(n)
	return false
}

func (d *Decoder) scalar(n *Node, v reflect.Value) {
	switch value := n.Value.(type) {
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
	name, got := "a whole number", KindOf(n.Plain())
	switch v.Kind() {
	case reflect.String:
		name = "a string"
	case reflect.Bool:
		name = "true or false"
	default:
		if f, isFloat := n.Value.(float64); isFloat {
			got = fmt.Sprint(f)
		}
	}
	d.Fail(n, scalarHint(n, v.Kind()), "want %s, got %s", name, got)
}

func (d *Decoder) duration(n *Node, v reflect.Value) {
	s, isString := n.Value.(string)
	if !isString {
		d.Fail(n, durationHint(n), "want a duration, got %s", KindOf(n.Plain()))
		return
	}
	duration, err := time.ParseDuration(s)
	if err != nil {
		d.Fail(n, durationHint(n), "%q is not a duration", s)
		return
	}
	v.SetInt(int64(duration))
}

// time leaves the target as it is for an empty text.
func (d *Decoder) time(n *Node, v reflect.Value) {
	s, isString := n.Value.(string)
	if isString && s == "" {
		return
	}
	t, err := time.Parse(time.RFC3339, s)
	if !isString || err != nil {
		d.Fail(n, "write it as 2025-06-01T12:00:00Z", "want a time in RFC 3339, got %s", Show(n.Plain()))
		return
	}
	v.Set(reflect.ValueOf(t))
}

// Known makes a node of a value that is not in the file itself, with everything in it at one place.
func Known(v any, place Position) *Node {
	switch r := reflect.ValueOf(v); {
	case r.Kind() == reflect.Map && r.Type().Key().Kind() == reflect.String:
		m := &Node{Kind: Map, Position: place, Style: '{'}
		for it := r.MapRange(); it.Next(); {
			m.Entries = append(m.Entries, Entry{it.Key().String(), place, Known(it.Value().Interface(), place)})
		}
		slices.SortFunc(m.Entries, func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
		return m
	case r.Kind() == reflect.Slice:
		l := &Node{Kind: List, Position: place}
		for i := range r.Len() {
			l.Items = append(l.Items, Known(r.Index(i).Interface(), place))
		}
		return l
	}
	switch number := v.(type) {
	case float64:
		if number == math.Trunc(number) && math.Abs(number) < 1<<53 {
			v = int(number)
		}
	case int64:
		v = int(number)
	}
	return &Node{Position: place, Value: v}
}
