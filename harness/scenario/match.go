package scenario

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// Mismatch is a place where a document differs from what was wanted of it.
type Mismatch struct {
	// Path leads to it, such as xms_mirid or kubernetes.io.namespace.
	Path []string
	// Want is the wanted value. Got is the actual one; Missing is set if there is none.
	Want, Got any
	Missing   bool
}

// String returns `path: want …, got …`, without the path if it is the whole document. Tokens in it are cut short.
func (m Mismatch) String() string {
	got := "nothing"
	if !m.Missing {
		got = document.Show(m.Got)
	}
	s := fmt.Sprintf("want %s, got %s", document.Show(m.Want), got)
	if len(m.Path) > 0 {
		s = strings.Join(m.Path, ".") + ": " + s
	}
	return s
}

// Match compares the document got with the partial document want and returns
// the differences in the order of their paths, none if got matches. Maps nest
// and may have members that want does not mention, lists are compared whole,
// and numbers by their value. A nil in want is met by null and by nothing at all.
func Match(want, got any) []Mismatch { return match(want, got, nil) }

func match(want, got any, path []string) []Mismatch {
	if !isMap(want) || !isMap(got) {
		if equal(want, got) {
			return nil
		}
		return []Mismatch{{Path: path, Want: want, Got: got}}
	}
	var mismatches []Mismatch
	w, g := toMap(want), toMap(got)
	for _, key := range sortedKeys(w) {
		at := append(slices.Clone(path), key)
		member, ok := g[key]
		switch {
		case !ok && w[key] != nil:
			mismatches = append(mismatches, Mismatch{Path: at, Want: w[key], Missing: true})
		case ok:
			mismatches = append(mismatches, match(w[key], member, at)...)
		}
	}
	return mismatches
}

// equal compares whole values: numbers by value, lists and maps member by member.
func equal(a, b any) bool {
	if isList(a) && isList(b) {
		return slices.EqualFunc(toList(a), toList(b), equal)
	}
	if isMap(a) && isMap(b) {
		m, n := toMap(a), toMap(b)
		for k, v := range m {
			if w, ok := n[k]; !ok || !equal(v, w) {
				return false
			}
		}
		return len(m) == len(n)
	}
	x, y := number(a), number(b)
	if x != nil && y != nil {
		return x.Cmp(y) == 0
	}
	return reflect.DeepEqual(a, b)
}

// number returns the exact value of v if it is a finite number, else nil.
func number(v any) *big.Rat {
	if n, ok := v.(json.Number); ok {
		if i, ok := new(big.Int).SetString(n.String(), 10); ok {
			return new(big.Rat).SetInt(i)
		}
		f, err := n.Float64() // not SetString: an exponent could make it fill the memory
		if err != nil {
			return nil
		}
		v = f
	}
	switch r := reflect.ValueOf(v); {
	case r.CanInt():
		return new(big.Rat).SetInt64(r.Int())
	case r.CanUint():
		return new(big.Rat).SetUint64(r.Uint())
	case r.CanFloat():
		return new(big.Rat).SetFloat64(r.Float())
	}
	return nil
}

func isMap(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Map && r.Type().Key().Kind() == reflect.String
}

func isList(v any) bool {
	return reflect.ValueOf(v).Kind() == reflect.Slice
}

func toMap(v any) map[string]any {
	if m, ok := v.(map[string]any); ok {
		return m
	}
	m := map[string]any{}
	for it := reflect.ValueOf(v).MapRange(); it.Next(); {
		m[it.Key().String()] = it.Value().Interface()
	}
	return m
}

func toList(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	r := reflect.ValueOf(v)
	l := make([]any, 0, r.Len())
	for i := range r.Len() {
		l = append(l, r.Index(i).Interface())
	}
	return l
}
