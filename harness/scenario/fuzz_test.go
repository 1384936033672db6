package scenario_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/scenario"
)

// FuzzLoad checks that any bytes give either a file or problems with positions
// inside it, never a panic, and that a file that loads can be resolved.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/bad/*.yaml", "testdata/good/*/*.yaml"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			f.Fatalf("no seeds in %s (%v)", pattern, err)
		}
		for _, path := range paths {
			src, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Add([]byte(resolveFile))
	f.Fuzz(func(t *testing.T, src []byte) {
		wantLoad(t, src)
	})
}

// FuzzExpression does the same for the text of one value.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{
		"${{ vars.a }}", "a ${{ case.b }} $${{ c", "${{ {'a': {'b': \"}}\"}} }}", "${{ let x = 1; x + vars.a }}",
		"${{ filter([1, 2], # > 1) }}", "${{ $env }}", "${{ steps?.a?.token ?? 'x' }}", "${{\n1 }}", "${{", "${{ `}}` }}", "é${{ é }}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
		wantLoad(t, []byte("name: github/x\nabout: x\nvars: {a: 1}\nissuer: {platform: github}\nentra: {app: x}\n"+
			"cases: [{name: a, b: 1}]\nsteps:\n  - id: a\n    mint: {audience: "+quoted+"}\n    expect: {that: ["+quoted+"]}\n"))
	})
}

func wantLoad(t *testing.T, src []byte) {
	t.Helper()
	file, problems := scenario.Load("fuzz.yaml", src, names)
	if (file == nil) == (len(problems) == 0) {
		t.Fatalf("file %v with %d problems", file, len(problems))
	}
	lines := strings.Split(strings.ReplaceAll(string(src), "\r\n", "\n"), "\n")
	if slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "\r") }) {
		lines = strings.Split(strings.ReplaceAll(strings.Join(lines, "\n"), "\r", "\n"), "\n")
	}
	for _, p := range problems {
		if p.Line < 1 || p.Line > len(lines)+1 || p.Column < 1 || p.Message == "" {
			t.Errorf("problem %v is not in the %d lines of the file", &p, len(lines))
		}
		if strings.Contains(p.Message, "scenario.") || strings.Contains(p.Message, "ast.") {
			t.Errorf("message %q names a Go type", p.Message)
		}
	}
	if file == nil {
		return
	}
	env := scenario.Env{"vars": file.Vars, "run": map[string]any{}, "env": map[string]any{}}
	for _, s := range file.Steps {
		if _, err := s.Resolve(env); err != nil && err.Error() == "" {
			t.Error("an error without a text")
		}
	}
}
