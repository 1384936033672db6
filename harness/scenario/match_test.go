package scenario_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/scenario"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	type m = map[string]any
	tests := []struct {
		name      string
		want, got any
		mismatch  []string
	}{
		{"partial", m{"a": "x"}, m{"a": "x", "b": "y"}, nil},
		{"nested", m{"a": m{"b": 1}}, m{"a": m{"b": 1, "c": 2}}, nil},
		{"numbers by value", m{"a": 1, "b": 2.0, "c": 3}, m{"a": 1.0, "b": int64(2), "c": json.Number("3")}, nil},
		{"whole numbers exactly", m{"a": 9007199254740992, "b": uint64(1<<64 - 1)}, m{"a": int64(9007199254740993), "b": json.Number("18446744073709551615")}, []string{`a: want 9007199254740992, got 9007199254740993`}},
		{"whole number and float", m{"a": 9007199254740993, "b": 1.5}, m{"a": 9007199254740992.0, "b": json.Number("1.5")}, []string{`a: want 9007199254740993, got 9007199254740992`}},
		{"number with a huge exponent", m{"a": 1}, m{"a": json.Number("1e999999999")}, []string{`a: want 1, got 1e999999999`}},
		{"number is not its string", m{"a": 1}, m{"a": "1"}, []string{`a: want 1, got "1"`}},
		{"false is not absent", m{"a": false}, m{}, []string{`a: want false, got nothing`}},
		{"null is absent or null", m{"a": nil, "b": nil}, m{"b": nil}, nil},
		{"null is nothing else", m{"a": nil}, m{"a": ""}, []string{`a: want null, got ""`}},
		{"list whole", m{"a": []any{"x"}}, m{"a": []any{"x", "y"}}, []string{`a: want ["x"], got ["x","y"]`}},
		{"list in order", m{"a": []string{"x", "y"}}, m{"a": []any{"y", "x"}}, []string{`a: want ["x","y"], got ["y","x"]`}},
		{"maps in lists whole", m{"a": []any{m{"x": 1}}}, m{"a": []any{m{"x": 1, "y": 2}}}, []string{`a: want [{"x":1}], got [{"x":1,"y":2}]`}},
		{"typed list", m{"a": []any{"x"}}, m{"a": []string{"x"}}, nil},
		{"string is not a list of it", m{"aud": "x"}, m{"aud": []any{"x"}}, []string{`aud: want "x", got ["x"]`}},
		{"map for string", m{"a": m{"b": 1}}, m{"a": "x"}, []string{`a: want {"b":1}, got "x"`}},
		{"sorted", m{"b": 1, "a": m{"c": 1}}, m{"a": m{}}, []string{`a.c: want 1, got nothing`, `b: want 1, got nothing`}},
		{"no document", m{"a": 1}, nil, []string{`want {"a":1}, got null`}},
		{"nothing wanted", m{}, m{"a": 1}, nil},
		{"no tokens", m{"a": "x"}, m{"a": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"}, []string{`a: want "x", got "eyJ…"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, m := range scenario.Match(tt.want, tt.got) {
				got = append(got, m.String())
			}
			if diff := cmp.Diff(tt.mismatch, got); diff != "" {
				t.Errorf("mismatches (-want +got):\n%s", diff)
			}
		})
	}
}
