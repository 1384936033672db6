package issuertest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// Decode returns the header and the payload of a compact token. Numbers are json.Number, so that 1 and "1" differ.
func Decode(t testing.TB, compact string) (header, payload map[string]any) {
	t.Helper()
	head, body := Parts(t, compact)
	return Object(t, head), Object(t, body)
}

// Parts returns the JSON texts of the header and the payload of a compact token.
func Parts(t testing.TB, compact string) (header, payload []byte) {
	t.Helper()
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		t.Fatalf("token has %d parts, want 3", len(parts))
	}
	texts := make([][]byte, 2)
	for n := range texts {
		text, err := base64.RawURLEncoding.DecodeString(parts[n])
		if err != nil {
			t.Fatalf("token part %d: %v", n, err)
		}
		texts[n] = text
	}
	return texts[0], texts[1]
}

// Object parses a JSON object. Numbers are json.Number.
func Object(t testing.TB, text []byte) map[string]any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil {
		t.Fatalf("JSON object: %v", err)
	}
	return object
}

// Members returns the member names of a JSON object in their order, those of nested objects as "outer.inner" after
// their own, and those of objects in arrays as "outer.0.inner".
func Members(t testing.TB, text []byte) []string {
	t.Helper()
	names, err := members(text, "")
	if err != nil {
		t.Fatalf("JSON object: %v", err)
	}
	return names
}

func members(text []byte, prefix string) ([]string, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	open, err := dec.Token()
	if err != nil || open != json.Delim('{') && open != json.Delim('[') {
		return nil, err // a string, a number: nothing inside
	}
	var names []string
	for n := 0; dec.More(); n++ {
		path := prefix + strconv.Itoa(n)
		if open == json.Delim('{') {
			name, err := dec.Token()
			if err != nil {
				return nil, err
			}
			path = prefix + name.(string)
			names = append(names, path)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		inner, err := members(value, path+".")
		if err != nil {
			return nil, err
		}
		names = append(names, inner...)
	}
	return names, nil
}
