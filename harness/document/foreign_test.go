package document_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/document"
)

// TestReadForeign reads what only other programs' files have.
func TestReadForeign(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		src  string
		want []any
	}{
		"empty":         {"# nothing\n", []any{}},
		"list":          {"- a: 1\n- b\n", []any{[]any{map[string]any{"a": 1}, "b"}}},
		"documents":     {"a: 1\n---\nb: 2\n", []any{map[string]any{"a": 1}, map[string]any{"b": 2}}},
		"anchor":        {"a: &x\n  b: 1\nc: *x\n", []any{map[string]any{"a": map[string]any{"b": 1}, "c": map[string]any{"b": 1}}}},
		"no anchor":     {"c: *x\n", []any{map[string]any{"c": nil}}},
		"merge":         {".x: &x\n  b: 1\n  d: 2\nc:\n  <<: *x\n  b: 3\n", []any{map[string]any{".x": map[string]any{"b": 1, "d": 2}, "c": map[string]any{"b": 3, "d": 2}}}},
		"merge of list": {"x: &x {a: 1}\ny: &y {a: 2, b: 2}\nc:\n  <<: [*x, *y]\n", []any{map[string]any{"x": map[string]any{"a": 1}, "y": map[string]any{"a": 2, "b": 2}, "c": map[string]any{"a": 1, "b": 2}}}},
		"tag":           {"a: !reference [x, y]\nb: !Sub text\n", []any{map[string]any{"a": []any{"x", "y"}, "b": "text"}}},
		"keys":          {"1: a\ntrue: b\non: c\nx: 1\nx: 2\n", []any{map[string]any{"1": "a", "true": "b", "on": "c", "x": 1}}},
		"octal":         {"a: 010\n", []any{map[string]any{"a": "010"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &document.Log{File: "f"}
			got := []any{}
			for _, n := range document.ReadForeign([]byte(tt.src), 0, log) {
				got = append(got, n.Plain())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || log.Len() > 0 {
				t.Errorf("(-want +got):\n%s%v", diff, log.Problems())
			}
		})
	}
}

// TestReadForeignIsBounded refuses a short file that stands for a long one, and one that is no YAML.
func TestReadForeignIsBounded(t *testing.T) {
	t.Parallel()
	laughs := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 12; i++ {
		laughs += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	for src, want := range map[string]string{
		laughs:                            "f:1:1: more than 1048576 values with those of the aliases",
		strings.Repeat("[", 70):           "f:1:65: more than 64 lists and maps inside each other",
		"a: [\n":                          "f:1:4: sequence end token ']' not found",
		"a: \x01":                         "f:1:4: control character U+0001",
		strings.Repeat("- ", 70) + "a: 1": "f:1:129: more than 64 lists and maps inside each other",
	} {
		log := &document.Log{File: "f"}
		if got := document.ReadForeign([]byte(src), 0, log); got != nil || log.Len() != 1 || !strings.HasPrefix(log.Problems().Error(), want) {
			t.Errorf("%.40q: %v, problems %v, want %s", src, len(got), log.Problems(), want)
		}
	}
}

// FuzzReadForeign checks that any bytes give nodes or a problem, never a panic, and no more nodes than the bound.
func FuzzReadForeign(f *testing.F) {
	for _, seed := range []string{"a: &x [1]\nb: *x\n", "<<: *x", "- !t\n  a: b\n---\n- <<: {a: 1}\n", "? a\n: b\n", "a: &a *a\n", "&a a: *a\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		log := &document.Log{File: "f"}
		nodes := document.ReadForeign(src, 0, log)
		if nodes == nil && log.Len() == 0 {
			t.Error("no nodes and no problem")
		}
		count := 0
		for _, n := range nodes {
			n.Walk(func(*document.Node) { count++ })
		}
		if count > document.MaxReferred {
			t.Errorf("%d nodes", count)
		}
	})
}
