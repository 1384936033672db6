package reproduce

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"
)

// object is a map of the file, whose members keep their order.
type object struct{ members yaml.MapSlice }

// of makes an object of pairs of key and value.
func of(pairs ...any) *object {
	o := &object{}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// set puts a member in, in the place of one with its name.
func (o *object) set(key string, value any) {
	for i := range o.members {
		if o.members[i].Key == key {
			o.members[i].Value = value
			return
		}
	}
	o.members = append(o.members, yaml.MapItem{Key: key, Value: value})
}

// get is a member that is an object, which it makes if it is not there.
func (o *object) get(key string) *object {
	for _, m := range o.members {
		if under, ok := m.Value.(*object); ok && m.Key == key {
			return under
		}
	}
	under := &object{}
	o.set(key, under)
	return under
}

func (o *object) has(key string) bool {
	return slices.ContainsFunc(o.members, func(m yaml.MapItem) bool { return m.Key == key })
}

// computed is the text of a scenario with ${{ }} in it. Every other string means what it says.
type computed string

// text is a scalar as it stands in the file.
type text string

// MarshalYAML writes it plain where that means the same to every reader, else in double quotes with what cannot be seen
// escaped.
func (t text) MarshalYAML() ([]byte, error) {
	if isPlain(string(t)) {
		return []byte(t), nil
	}
	return []byte(quote(string(t))), nil
}

var (
	plain  = regexp.MustCompile(`^([A-Za-z/][A-Za-z0-9 _./@+()=,:;'\[\]&*-]*|\d+[hms])$`)
	notKey = regexp.MustCompile(`:( |$)| $|  `)
	words  = regexp.MustCompile(`(?i)^(true|false|yes|no|on|off|null|y|n)$`)
)

func isPlain(s string) bool {
	return plain.MatchString(s) && !notKey.MatchString(s) && !words.MatchString(s)
}

// quote writes a string of YAML in double quotes.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r != ' ' && !unicode.IsGraphic(r) || r != ' ' && unicode.IsSpace(r) || r == '\ufeff':
			if r > 0xffff {
				fmt.Fprintf(&b, `\U%08x`, r)
			} else {
				fmt.Fprintf(&b, `\u%04x`, r)
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// written turns a value into what the encoder writes: strings so that they mean what they say, maps in an order that
// is always the same.
func written(v any) any {
	switch v := v.(type) {
	case *object:
		out := yaml.MapSlice{}
		for _, m := range v.members {
			out = append(out, yaml.MapItem{Key: m.Key, Value: written(m.Value)})
		}
		return out
	case map[string]any:
		out := yaml.MapSlice{}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out = append(out, yaml.MapItem{Key: key, Value: written(v[key])})
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = written(v[i])
		}
		return out
	case []string:
		out := make([]any, len(v))
		for i := range v {
			out[i] = written(v[i])
		}
		return out
	case []*object:
		out := make([]any, len(v))
		for i := range v {
			out[i] = written(v[i])
		}
		return out
	case string:
		return text(strings.ReplaceAll(v, "${{", "$${{"))
	case computed:
		return text(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case float64:
		if n := int64(v); float64(n) == v {
			return n // as people write it, and as it was before JSON
		}
	}
	return v
}

// encode writes the file: its head as comments, then its members, with a blank line between those of the first level.
func encode(head []string, root *object, comments yaml.CommentMap) ([]byte, error) {
	var b strings.Builder
	for _, line := range head {
		b.WriteString(strings.TrimRight("# "+printable(line), " ") + "\n")
	}
	for i, m := range root.members {
		_, isObject := m.Value.(*object)
		_, isList := m.Value.([]*object)
		if i > 0 && (isObject || isList) {
			b.WriteByte('\n')
		}
		out, err := yaml.MarshalWithOptions(yaml.MapSlice{{Key: m.Key, Value: written(m.Value)}}, yaml.IndentSequence(true), yaml.WithComment(commentsOn(m.Key, comments)))
		if err != nil {
			return nil, fmt.Errorf("reproduce: %s: %w", m.Key, err)
		}
		b.Write(out)
	}
	return []byte(b.String()), nil
}

// commentsOn are the comments on a member of the first level: those on what is not there would be an error.
func commentsOn(key any, all yaml.CommentMap) yaml.CommentMap {
	on := yaml.CommentMap{}
	for path, comments := range all {
		if strings.HasPrefix(path, fmt.Sprintf("$.%v[", key)) {
			on[path] = comments
		}
	}
	return on
}

// printable is a text as a comment can hold it.
func printable(s string) string {
	q := quote(s)
	q = q[1 : len(q)-1]
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(q)
}

// value is a member's; nil: it is not there.
func (o *object) value(key string) any {
	for _, m := range o.members {
		if m.Key == key {
			return m.Value
		}
	}
	return nil
}

// drop takes a member out.
func (o *object) drop(key string) {
	o.members = slices.DeleteFunc(o.members, func(m yaml.MapItem) bool { return m.Key == key })
}
