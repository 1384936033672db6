package document_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"

	"github.com/issuerd/issuerd/harness/document"
)

func TestParse(t *testing.T) {
	t.Parallel()
	var wide, indented strings.Builder
	for i := range document.MaxKeys {
		fmt.Fprintf(&wide, "key%d: {a: [1, 2], b: x}\n", i)
	}
	for i := range document.MaxDepth - 2 {
		fmt.Fprintf(&indented, "%sa:\n", strings.Repeat(" ", i))
	}
	fmt.Fprintf(&indented, "%sa: [1, 2]\n", strings.Repeat(" ", document.MaxDepth-2))
	legal := map[string]string{
		"brackets in quotes":     "a: \"" + strings.Repeat("[", 5000) + "\"\nb: '" + strings.Repeat("{", 5000) + "'\n",
		"brackets in a comment":  "a: b # " + strings.Repeat("[", 5000) + "\n",
		"brackets in plain text": "a: b" + strings.Repeat("[", 5000) + "\n",
		"a block of dashes":      "a: |\n  " + strings.Repeat("- ", 5000) + "\n  " + strings.Repeat("[", 5000) + "\nb: c\n",
		"apostrophes":            "a: it's\nb: [it's, \"]\", ']']\n",
		"many items":             "a:\n" + strings.Repeat("- b: c\n  d:\n  - e\n", 20_000),
		"many in brackets":       "[" + strings.Repeat("{a: [b], c: {d: e}}, ", 20_000) + "x]",
		"JSON":                   strings.Repeat(`{"a": [`, 30) + strings.Repeat("]}", 30),
		"as deep as it may":      strings.Repeat("[", document.MaxDepth) + strings.Repeat("]", document.MaxDepth),
		"as wide as it may":      wide.String(),
		"as indented as it may":  indented.String(),
		"nothing":                "# nothing\n",
	}
	for name, text := range legal {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := document.Parse(text); err != nil {
				t.Error(err)
			}
		})
	}
}

// bombs are what the parser alone would take far too much memory or time for, each with what refuses it. The time is
// that of the whole of the parser's work, which grows with the square.
var bombs = []struct{ name, unit, want string }{
	{"brackets", "[", "1:65: more than 64 lists and maps inside each other"},
	{"braces", "{a: ", "more than 64 lists and maps inside each other"},
	{"brackets and quoted brackets", `["]", `, "more than 64 lists and maps inside each other"},
	{"brackets and commented brackets", "[ # ]\n", "more than 64 lists and maps inside each other"},
	{"brackets and what they do not close", "[ } ", "more than 64 lists and maps inside each other"},
	{"dashes", "- ", "1:129: more than 64 lists and maps inside each other"},
	{"question marks", "? ", "more than 64 lists and maps inside each other"},
	{"lists of lists of one", "[[], ", "more than 64 lists and maps inside each other"},
	{"dashes in brackets", "[- ", "more than 64 lists and maps inside each other"},
	{"dashes before brackets", "- [", "more than 64 lists and maps inside each other"},
	{"keys before brackets", "a: [", "more than 64 lists and maps inside each other"},
	{"keys in a line", "a: ", "more than 64 lists and maps inside each other"},
	{"a key behind an empty dash", "-\na:\n", "more than 64 lists and maps inside each other"},
	{"a dash behind an empty key", "a:\n-\n", "more than 64 lists and maps inside each other"},
	{"keys", "a: b\n", "1001:1: more than 1000 keys in a map"},
	{"explicit keys", "? a\n: b\n", "more than 1000 keys in a map"},
	{"empty keys", "a:\n", "more than 1000 keys"},
	{"empty dashes", "-\n", "more than 1000 keys and dashes without a value"},
	{"documents", "--- a\n", "more than 1000 documents"},
	{"anchors", "a: &b\n", "anchors and aliases are not supported"},
	{"aliases", "- *b\n", "anchors and aliases are not supported"},
	{"merge keys", "<<: b\n", "merge keys are not supported"},
	{"tags", "!!a\n- ", "tag !!a is not supported"},
	{"maps as keys", "{a}: ", "a list or map is no key"},
}

// TestBombs grows each of them. What is taken grows with the text, and not with its square: the largest took 23 GB at
// 600 kB.
func TestBombs(t *testing.T) { // not in parallel with others, whose memory would count
	for _, bomb := range bombs {
		t.Run(bomb.name, func(t *testing.T) {
			for _, size := range []int{10_000, 200_000} {
				text := strings.Repeat(bomb.unit, size/len(bomb.unit))
				var err error
				taken := allocated(func() { _, err = document.Parse(text) })
				if err == nil || !strings.Contains(err.Error(), bomb.want) {
					t.Fatalf("%d bytes: error %v, want %q", size, err, bomb.want)
				}
				if limit := 400 * uint64(size); taken > limit {
					t.Errorf("%d bytes take %d, more than %d", size, taken, limit)
				}
			}
		})
	}
}

// TestLongKeys has few tokens, whose paths would be long.
func TestLongKeys(t *testing.T) {
	long := strings.Repeat("k", 100_000)
	for _, text := range []string{
		long + ":\n" + strings.Repeat("- a\n", 100_000),
		"\"" + long + "\": [" + strings.Repeat("a, ", 100_000) + "]",
		strings.Repeat("{"+long[:100]+": ", 50) + strings.Repeat("}", 50),
	} {
		var err error
		taken := allocated(func() { _, err = document.Parse(text) })
		if err == nil || !strings.Contains(err.Error(), "the key has, with those above it,") {
			t.Errorf("%.20s…: error %v", text, err)
		}
		if taken > 400*uint64(len(text)) {
			t.Errorf("%.20s… of %d bytes takes %d", text, len(text), taken)
		}
	}
}

// TestTooLarge has the text refused before the lexer makes tokens of it.
func TestTooLarge(t *testing.T) {
	for _, unit := range []string{"[", "- ", "a: b, ", "@", "'", "\t", "%", "a\n", "&"} {
		text := strings.Repeat(unit, 16<<20/len(unit))
		var err error
		taken := allocated(func() { _, err = document.Parse(text) })
		if err == nil || !strings.Contains(err.Error(), "the file is too large") {
			t.Errorf("%q: error %v", unit, err)
		}
		if taken > 1<<20 {
			t.Errorf("%q: %d bytes were taken", unit, taken)
		}
	}
}

// TestGrowth reads a file of many items: the memory for each stays the same.
func TestGrowth(t *testing.T) {
	each := make(map[int]uint64)
	for _, items := range []int{10, 1000, 20_000} {
		text := "items:\n" + strings.Repeat("- name: item\n  owner: somebody\n  credentials:\n  - name: main\n    issuer: https://example.com\n", items)
		each[items] = allocated(func() {
			if _, err := document.Parse(text); err != nil {
				t.Fatal(err)
			}
		}) / uint64(items)
	}
	if each[20_000] > 2*each[10] {
		t.Errorf("bytes for each item, by how many there are: %v", each)
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	if text, err := document.Clean([]byte("\ufeffa\r\nb\rc"), 10); err != nil || text != "a\nb\nc" {
		t.Errorf("%q, %v", text, err)
	}
	for src, want := range map[string]string{
		"a\nb\xff": "2:2: byte 0xff is not UTF-8", "a\x00": "1:2: control character U+0000", "12345678901": "1:1: want at most 10 bytes, got 11",
	} {
		if _, err := document.Clean([]byte(src), 10); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", src, err, want)
		}
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// FuzzParse makes texts of pieces, which come to nesting sooner than bytes do: nothing that is read lies deeper, or is
// wider, than the bounds say.
func FuzzParse(f *testing.F) {
	pieces := []string{
		"[", "]", "{", "}", ",", "- ", "? ", ": ", "a", "a: ", "\n", "\n ", "\n  ", "\n    ", " ", "\"", "'", "#", " # ]\n", "|\n", ">-\n", "-\n", "a:\n", "\"]\"",
		"it's", "\t", "&a ", "*a ", "!!a ", "<<: ", "---\n", "...\n", "%", "\\", "\"a\": ", "b: c\n",
	}
	for _, bomb := range bombs {
		f.Add([]byte(bomb.unit), true)
	}
	f.Add([]byte{0, 5, 8, 10, 5, 12, 4}, false)
	f.Fuzz(func(t *testing.T, src []byte, verbatim bool) {
		if len(src) == 0 || len(src) > 64 {
			return
		}
		var unit strings.Builder
		for _, b := range src {
			if verbatim {
				unit.WriteByte(b)
			} else {
				unit.WriteString(pieces[int(b)%len(pieces)])
			}
		}
		for _, repeat := range []int{1, 40, 3000} {
			text, err := document.Clean([]byte(strings.Repeat(unit.String(), repeat)), 1<<20)
			if err != nil {
				return
			}
			var roots []ast.Node
			taken := allocated(func() { roots, _ = document.Parse(text) })
			if limit := 64<<20 + 4000*uint64(len(text)); taken > limit {
				t.Fatalf("%q, %d times, takes %d bytes", unit.String(), repeat, taken)
			}
			for _, root := range roots {
				if d := depth(root); d > 2*document.MaxDepth+2 {
					t.Fatalf("%q, %d times, is %d deep", unit.String(), repeat, d)
				}
			}
		}
	})
}

// depth is how deep lists and maps lie inside each other.
func depth(n ast.Node) int {
	deepest := 0
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			deepest = max(deepest, depth(pair.Value))
		}
	case *ast.MappingValueNode:
		return depth(n.Value) + 1
	case *ast.SequenceNode:
		for _, item := range n.Values {
			deepest = max(deepest, depth(item))
		}
	default:
		return 0
	}
	return deepest + 1
}
