package graph

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// object is a JSON object whose members keep their order, as Microsoft Graph's do.
type object []member

type member struct {
	name  string
	value any // nil, bool, string, int, float64, object, or a list or map of these
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := encode(m.name)
		if err != nil {
			return nil, err
		}
		value, err := encode(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode is json.Marshal that leaves <, > and & alone.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// get returns a member, and whether there is one.
func (o object) get(name string) (any, bool) {
	if i := o.index(name); i >= 0 {
		return o[i].value, true
	}
	return nil, false
}

func (o object) index(name string) int {
	return slices.IndexFunc(o, func(m member) bool { return m.name == name })
}

// text returns a member that is a string, or "".
func (o object) text(name string) string {
	value, _ := o.get(name)
	s, _ := value.(string)
	return s
}

// overlay returns the object with the members of a decoded one in place of its own. Objects inside are overlaid
// likewise, anything else is replaced. Members that it does not have come last, by name.
func (o object) overlay(with map[string]any) object {
	out := slices.Clone(o)
	var more []string
	for name, value := range with {
		i := out.index(name)
		if i < 0 {
			more = append(more, name)
			continue
		}
		below, isObject := out[i].value.(object)
		if changes, isMap := value.(map[string]any); isObject && isMap {
			out[i].value = below.overlay(changes)
		} else {
			out[i].value = value
		}
	}
	slices.Sort(more)
	for _, name := range more {
		out = append(out, member{name, with[name]})
	}
	return out
}

// orNull is a string, or null when it is empty.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// list makes what is nil an empty list.
func list[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

// stamp is a time in whole seconds, or null when it is not known.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}
