package scenario_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/scenario"
)

// TestExpressionMemory has what an expression can grow by, without end. Expressions without names of the run are
// evaluated when a file is loaded. Thirty-two doublings of "x" are 4 GB.
func TestExpressionMemory(t *testing.T) { // not in parallel with others, whose memory would count
	const tooMuch, library = "makes more than 64 MB", "memory budget exceeded"
	large := `repeat("x", 1000000)`
	for _, tt := range []struct{ expression, want string }{
		{`reduce(1..32, #acc + #acc, "x")`, tooMuch},
		{`len(reduce(1..32, #acc + #acc, "x"))`, tooMuch},
		{`reduce(1..32, #acc + #acc, [1])`, "invalid operation"},
		{`toJSON(reduce(1..32, [#acc, #acc], "x"))`, tooMuch},
		{`reduce(1..32, [#acc, #acc], 1) == reduce(1..32, [#acc, #acc], 1)`, tooMuch},
		{`reduce(1..32, ({"a": #acc, "b": #acc}), "x")`, tooMuch},
		{`reduce(1..32, concat(#acc, #acc), [1])`, library},
		{`repeat(` + large + `, 1000000)`, tooMuch},
		{`repeat("x", 1000001)`, library},
		{`join(map(1..1000, ` + large + `), "")`, tooMuch},
		{`join(map(1..100000, "x"), ` + large + `)`, tooMuch},
		{`join(map(1..1000, [` + large + `] | first()), ",")`, tooMuch},
		{`replace(` + large + `, "x", ` + large + `)`, tooMuch},
		{`replace(` + large + `, "", ` + large + `, 1000000)`, tooMuch},
		{`map(1..100, ` + large + ` + "y")`, tooMuch},
		{`map(1..1000, string(1..1000))`, tooMuch + "|" + library},
		{`map(1..100, upper(` + large + `))`, tooMuch},
		{`map(1..100, toBase64(` + large + `))`, tooMuch},
		{`map(1..100, toJSON(` + large + `))`, tooMuch},
		{`map(1..100, split(` + large + `, ""))`, tooMuch},
		{`map(1..100, splitAfter(` + large + `, ""))`, tooMuch},
		{`fromJSON("[" + repeat("[],", 1000000) + "1]")`, tooMuch},
		{`1..1000000000`, library},
		{`map(1..1000, 1..1000)`, library},
		{`sort(1..1000000000)`, library},
		{`uniq(map(1..100000, #))`, tooMuch},
		{`"x" matches repeat("a?", 100000)`, "the regular expression has 200000 bytes, the limit is 4096"},
		{`repeat("ab", 1000000) matches "(a|b){1000}c"`, "the text to match has 2000000 bytes, the limit is 1048576"},
	} {
		t.Run(tt.expression, func(t *testing.T) {
			var problems document.Problems
			taken := allocated(func() { _, problems = scenario.Load("x.yaml", grown(tt.expression), names) })
			if len(problems) == 0 || !containsAny(problems[0].Message, strings.Split(tt.want, "|")) {
				t.Errorf("problems %v, want %q", problems, tt.want)
			}
			if taken > 400<<20 {
				t.Errorf("%d MB are taken", taken>>20)
			}
		})
	}
}

// TestExpressionMemoryOfAFile has many expressions, each within its bound.
func TestExpressionMemoryOfAFile(t *testing.T) {
	var claims strings.Builder
	for i := range 500 {
		fmt.Fprintf(&claims, "c%d: '${{ repeat(\"x\", 1000000) }}', ", i)
	}
	src := "name: github/x\nabout: x\nissuer: {platform: github}\nentra: {app: x}\nsteps:\n  - mint: {claims: {" + claims.String() + "}}\n"
	var problems document.Problems
	taken := allocated(func() { _, problems = scenario.Load("x.yaml", []byte(src), names) })
	if len(problems) == 0 || !strings.Contains(problems[0].Message, "the expressions up to here have values of more than 64 MB") {
		t.Errorf("problems %.300v", problems)
	}
	if taken > 2000<<20 {
		t.Errorf("%d MB are taken", taken>>20)
	}
	var ranges strings.Builder
	for i := range 500 {
		fmt.Fprintf(&ranges, "c%d: '${{ len(1..900000) }}', ", i)
	}
	src = strings.Replace(src, claims.String(), ranges.String(), 1)
	file, problems := scenario.Load("x.yaml", []byte(src), names)
	if file == nil {
		t.Fatal(problems)
	}
	runtime.GC()
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	if after.HeapAlloc > 200<<20 {
		t.Errorf("a file of 500 constant ranges keeps %d MB", after.HeapAlloc>>20)
	}
	runtime.KeepAlive(file)
}

// TestExpressionsThatAreNotLarge work as they do without a bound.
func TestExpressionsThatAreNotLarge(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		`"a" + "b" + string(1 + 2)`, `join(["a", "b"], "-")`, `join(split("a,b", ","))`, `upper("x") + lower("Y") + repeat("z", 3)`,
		`replace("a.b", ".", "-")`, `toJSON({"a": [1, "x"]})`, `fromJSON("{\"a\": \"x\"}").a`, `toBase64("x") | fromBase64()`,
		`"abc" matches "^a.c$" ? "yes" : "no"`, `join(map(filter(["a", "bb"], len(#) > 1), # + "!"), "")`, `reduce(["a", "b"], #acc + #, "")`,
		`join(uniq(["a", "a"]), "")`, `keys({"a": 1})[0]`, `first(sort(["b", "a"]))`, `replace("aaa", "a", "b", 2)`, `trim(" x ")`,
		`let x = ["a"]; x[0] + "b"`, `string(sum(map(1..1000, # + 1)))`, `"a" in ["a", "b"] ? "y" : "n"`,
	} {
		if _, problems := scenario.Load("x.yaml", grown(expression), names); len(problems) > 0 {
			t.Errorf("%s: %v", expression, problems)
		}
	}
}

func grown(expression string) []byte {
	quoted := "'${{ " + strings.ReplaceAll(expression, "'", "''") + " }}'"
	return []byte("name: github/x\nabout: x\nissuer: {platform: github}\nentra: {app: x}\nsteps:\n  - mint: {claims: {a: " + quoted + "}}\n")
}

func containsAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
