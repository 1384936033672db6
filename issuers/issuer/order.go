package issuer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
)

// marshalOrdered writes v as JSON with the members of every object in the given order; names not listed follow
// alphabetically. HTML characters stay as they are, since no issuer escapes them. The result has no white space unless
// indent is set.
func marshalOrdered(v any, order []string, indent string) ([]byte, error) {
	w := &orderedWriter{rank: make(map[string]int, len(order))}
	for i, name := range order {
		w.rank[name] = i - len(order) // unlisted names rank 0, after every listed one
	}
	w.enc = json.NewEncoder(&w.Buffer)
	w.enc.SetEscapeHTML(false)
	if err := w.value(v); err != nil {
		return nil, err
	}
	if indent == "" {
		return w.Bytes(), nil
	}
	var out bytes.Buffer
	err := json.Indent(&out, w.Bytes(), "", indent)
	return out.Bytes(), err
}

type orderedWriter struct {
	bytes.Buffer
	enc  *json.Encoder
	rank map[string]int
}

func (w *orderedWriter) value(v any) error {
	switch v := v.(type) {
	case map[string]any:
		return w.object(v)
	case []any:
		w.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				w.WriteByte(',')
			}
			if err := w.value(item); err != nil {
				return err
			}
		}
		w.WriteByte(']')
		return nil
	default:
		if err := w.enc.Encode(v); err != nil {
			return err
		}
		w.Truncate(w.Len() - 1) // Encode ends with a newline
		return nil
	}
}

func (w *orderedWriter) object(members map[string]any) error {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(w.rank[a], w.rank[b]), cmp.Compare(a, b))
	})
	w.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			w.WriteByte(',')
		}
		if err := w.value(name); err != nil {
			return err
		}
		w.WriteByte(':')
		if err := w.value(members[name]); err != nil {
			return err
		}
	}
	w.WriteByte('}')
	return nil
}
