package main

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const source = `package p

import "errors"

type named string

const limit = 3

func open(a, b int, s string) (ok bool, err error) {
	if a < b && !(s == "" || s == "two words") {
		return true, errors.New("no")
	}
	for i := 0; i < limit; i++ {
		ok = !ok
	}
	switch named(s) {
	case "x":
		return a == 1, nil
	}
	return
}
`

// mutate applies every change to a source.
func mutate(t *testing.T, src string) (string, []mutant) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	if _, err := config.Check("p", fset, []*ast.File{file}, info); err != nil {
		t.Fatal(err)
	}
	m := &mutator{fset: fset, info: info, src: []byte(src), file: "p.go", keys: map[string]int{}}
	number := 0
	m.next = func() int { number++; return number }
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok {
			m.function(f)
		}
	}
	return string(m.apply()), m.mutants
}

// TestMutants has the changes of a small source, which compiles with all of them in it and has as many lines.
func TestMutants(t *testing.T) {
	t.Parallel()
	changed, mutants := mutate(t, source)
	var got []string
	for i, m := range mutants {
		if m.number != i+1 {
			t.Errorf("mutant %d has the number %d", i+1, m.number)
		}
		got = append(got, fmt.Sprint(m.pos.Line, " ", strings.TrimPrefix(m.key, "p.go open: ")))
	}
	slices.Sort(got)
	want := []string{
		`10 "" → "mutant"`, `10 a < b → <=`, `10 a < b → false`, `10 a < b → true`, `10 s == "" → false`, `10 s == "" → true`,
		`10 s == "two words" → false`, `10 s == "two words" → true`,
		`11 "no" → ""`, `11 return true, errors.New("no") → no error`,
		`13 0 → 0 + 1`, `13 i < limit → <=`, `13 i < limit → false`,
		`14 ok = !ok → left out`, `14 ok → false`, `14 ok → true`,
		`18 1 → 1 + 1`, `18 a == 1 → false`, `18 a == 1 → true`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mutants (-want +got):\n%s\n%s", diff, changed)
	}
	if strings.Count(changed, "\n") != strings.Count(source, "\n") {
		t.Errorf("lines have moved:\n%s", changed)
	}

	fset := token.NewFileSet()
	var files []*ast.File
	for name, src := range map[string]string{"p.go": changed, "zz.go": fmt.Sprintf(helpers, "p", endless)} {
		file, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		files = append(files, file)
	}
	if _, err := (&types.Config{Importer: importer.ForCompiler(fset, "source", nil)}).Check("p", fset, files, nil); err != nil {
		t.Errorf("%v\n%s", err, changed)
	}
}

// TestReasons: a survivor without a reason is an error, and so is a reason without a survivor.
func TestReasons(t *testing.T) {
	t.Parallel()
	if err := unexplained(0); err != nil {
		t.Error(err)
	}
	if err := unexplained(2); err == nil || !strings.HasPrefix(err.Error(), "2 survivors") {
		t.Errorf("two survivors: %v", err)
	}
	all := map[string]bool{}
	for key, reason := range reasons {
		if all[key] = true; reason == "" {
			t.Errorf("%s: no reason", key)
		}
	}
	if err := stale(all, ""); err != nil {
		t.Error(err)
	}
	for key := range reasons {
		delete(all, key)
		if err := stale(all, ""); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", key)) {
			t.Errorf("%v, want %q", err, key)
		}
		break
	}
}

// TestReasonsAreAboutWhatIsThere: the file and the function that a reason names are among what is changed. Whether the
// change is, a run tells.
func TestReasonsAreAboutWhatIsThere(t *testing.T) {
	t.Parallel()
	for key := range reasons {
		path, change, _ := strings.Cut(key, " ")
		name, _, _ := strings.Cut(change, ":")
		if dir, file := filepath.Dir(path), filepath.Base(path); !slices.Contains(targets[filepath.ToSlash(dir)], file) {
			t.Errorf("%s: %s is none of the targets", key, path)
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", path), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			continue
		}
		if !slices.ContainsFunc(file.Decls, func(d ast.Decl) bool {
			f, isFunc := d.(*ast.FuncDecl)
			return isFunc && f.Name.Name == name
		}) {
			t.Errorf("%s: %s has no function %s", key, path, name)
		}
	}
}
