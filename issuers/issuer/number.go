package issuer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
)

// DecodeJSON reads one JSON value and keeps whole numbers exact: those that fit are an int64 or else a uint64, every
// other number is a float64. encoding/json alone makes each a float64, which changes those above 2^53, such as an
// account's or a run's number.
func DecodeJSON(text []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the JSON value")
	}
	return exact(v)
}

// exact returns v with plain numbers, as DecodeJSON has them, in the place of each json.Number, at every depth of maps
// and lists. It changes nothing in v itself. The error names a number that fits none of them, such as 1e999.
func exact(v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		return exactNumber(v)
	case map[string]any:
		return ExactMembers(v)
	case []any:
		list := slices.Clone(v)
		for i := range list {
			var err error
			if list[i], err = exact(list[i]); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return v, nil
}

// ExactMembers is exact for the members of an object. A nil object stays nil.
func ExactMembers(object map[string]any) (map[string]any, error) {
	out := maps.Clone(object)
	for name, value := range out {
		plain, err := exact(value)
		if err != nil {
			return nil, fmt.Errorf("member %q: %w", name, err)
		}
		out[name] = plain
	}
	return out, nil
}

func exactNumber(n json.Number) (any, error) {
	if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
		return i, nil
	}
	if u, err := strconv.ParseUint(n.String(), 10, 64); err == nil {
		return u, nil
	}
	f, err := n.Float64()
	if err != nil {
		return nil, fmt.Errorf("number %q: %w", n.String(), err)
	}
	return f, nil
}
