package document

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// shape is what a decoder needs to know of a struct.
type shape struct {
	fields   map[string]*field // by key
	names    []string
	required []string
	rest     []int // the field for keys that no other has; nil: there is none
}

type field struct {
	index  []int
	limits limits
}

// limits are what the tags of a field say about its value.
type limits struct {
	words    []string // what it, or each item, may be; none: anything
	notEmpty bool     // text
	nonzero  bool     // a duration
	prefix   string   // what a text begins with, where people leave it out and write a number
	minItems int      // of a list
	number   [2]int   // at least, at most
}

var shapes sync.Map // *shape by reflect.Type

func shapeOf(t reflect.Type) *shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*shape)
	}
	s := &shape{fields: map[string]*field{}}
	for _, f := range reflect.VisibleFields(t) {
		if f.Tag.Get("yaml") == ",inline" {
			s.rest = f.Index
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		l, required := limitsOf(f.Tag)
		s.fields[name] = &field{f.Index, l}
		s.names = append(s.names, name)
		if required {
			s.required = append(s.required, name)
		}
	}
	actual, _ := shapes.LoadOrStore(t, s)
	return actual.(*shape)
}

func limitsOf(tag reflect.StructTag) (l limits, required bool) {
	l = limits{number: [2]int{math.MinInt, math.MaxInt}, nonzero: tag.Get("document") == "nonzero"}
	l.prefix, _ = strings.CutPrefix(tag.Get("document"), "prefix=")
	if l.prefix == tag.Get("document") {
		l.prefix = ""
	}
	for _, option := range strings.Split(tag.Get("jsonschema"), ",") {
		key, value, _ := strings.Cut(option, "=")
		number, _ := strconv.Atoi(value)
		switch key {
		case "required":
			required = true
		case "enum":
			l.words = append(l.words, value)
		case "minLength":
			l.notEmpty = true
		case "minItems":
			l.minItems = number
		case "minimum":
			l.number[0] = number
		case "maximum":
			l.number[1] = number
		}
	}
	return l, required
}

// check looks at a value that has been decoded. An empty text that does not stand in the file itself is one left out.
func (l *limits) check(d *Decoder, n *Node, v reflect.Value, computed bool) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch {
	case v.Kind() == reflect.String && !computed && l.notEmpty && v.String() == "":
		d.Fail(n, "", "must not be empty")
	case v.Kind() == reflect.String:
		if !computed || v.String() != "" {
			l.word(d, n, v.String())
		}
	case v.Type() == reflect.TypeFor[time.Duration]():
		if l.nonzero && v.Int() == 0 {
			d.Fail(n, "leave it out for the default", "a duration of 0 has no effect")
		}
	case v.Kind() == reflect.Int:
		l.word(d, n, int(v.Int()))
		if v.Int() < int64(l.number[0]) {
			d.Fail(n, "", "want at least %d, got %d", l.number[0], v.Int())
		}
		if v.Int() > int64(l.number[1]) {
			d.Fail(n, "", "want at most %d, got %d", l.number[1], v.Int())
		}
	case v.Kind() == reflect.Slice:
		l.list(d, n, v)
	}
}

func (l *limits) list(d *Decoder, n *Node, v reflect.Value) {
	if v.Len() < l.minItems {
		d.Fail(n, "", "want at least %d, got %d", l.minItems, v.Len())
	}
	for i := range v.Len() {
		if item := v.Index(i); item.Kind() == reflect.String && !d.unread[n.Items[i]] {
			l.word(d, n.Items[i], item.String())
		}
	}
}

func (l *limits) word(d *Decoder, n *Node, word any) {
	if len(l.words) > 0 && !slices.Contains(l.words, fmt.Sprint(word)) {
		hint, message := NotOneOf(word, l.words)
		d.Fail(n, hint, "%s", message)
	}
}
