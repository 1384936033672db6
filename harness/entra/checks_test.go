package entra

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// elsewhere are the codes that the emulator answers, but no check names.
var elsewhere = map[int]string{
	50049:  "instance discovery answers it",
	50166:  "the option discoveryFailureCode is it",
	501661: "the option discoveryFailureCode is it",
}

// TestChecksAndCodesArePairs: what the checks of checks_X.go answer is in codes_X.go, and the other way round, so that
// who knows one finds the other.
func TestChecksAndCodesArePairs(t *testing.T) {
	t.Parallel()
	checks, codes := parsed(t, "checks"), parsed(t, "codes")
	tabled, refused := make(map[int]bool), make(map[int]bool)
	for x, file := range codes {
		if checks[x] == nil {
			t.Errorf("codes_%s.go has no checks_%s.go", x, x)
			continue
		}
		answers := refusals(t, checks[x])
		for _, row := range rows(t, file) {
			tabled[row.number] = true
			if row.answered && !answers[row.number] && elsewhere[row.number] == "" {
				t.Errorf("codes_%s.go: %d is answered, but not in checks_%s.go", x, row.number, x)
			}
		}
	}
	for x, file := range checks {
		if codes[x] == nil {
			t.Errorf("checks_%s.go has no codes_%s.go", x, x)
		}
		for code := range refusals(t, file) {
			refused[code] = true
			if !tabled[code] {
				t.Errorf("checks_%s.go: %d has no row", x, code)
			}
		}
	}
	if len(tabled) != len(Codes) {
		t.Errorf("the files codes_X.go have %d codes, the table has %d", len(tabled), len(Codes))
	}
	for code, why := range elsewhere {
		if !tabled[code] || refused[code] {
			t.Errorf("%d: the exception (%s) is out of date", code, why)
		}
	}
}

// TestChecksAreInTheirFiles: every check of the list, and nothing else of its kind, is in a file checks_X.go.
func TestChecksAreInTheirFiles(t *testing.T) {
	t.Parallel()
	declared := make(map[string]bool)
	for x, file := range parsed(t, "checks") {
		before := len(declared)
		for _, d := range file.Decls {
			if f, isFunc := d.(*ast.FuncDecl); isFunc && f.Recv == nil && strings.HasPrefix(f.Name.Name, "check") {
				declared[f.Name.Name] = true
			}
		}
		if len(declared) == before {
			t.Errorf("checks_%s.go has no check", x)
		}
	}
	list, err := parser.ParseFile(token.NewFileSet(), "checks.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]bool)
	ast.Inspect(list, func(n ast.Node) bool {
		if id, isIdent := n.(*ast.Ident); isIdent && declared[id.Name] {
			listed[id.Name] = true
		}
		return true
	})
	if len(listed) != len(checks) {
		t.Errorf("%d checks are in files checks_X.go, the list has %d", len(listed), len(checks))
	}
	for name := range declared {
		if !listed[name] {
			t.Errorf("%s is not in the list", name)
		}
	}
}

// parsed are the files called kind_X.go, by X.
func parsed(t *testing.T, kind string) map[string]*ast.File {
	t.Helper()
	paths, err := filepath.Glob(kind + "_*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]*ast.File)
	for _, path := range paths {
		x := strings.TrimSuffix(strings.TrimPrefix(path, kind+"_"), ".go")
		if strings.HasSuffix(x, "test") {
			continue
		}
		if files[x], err = parser.ParseFile(token.NewFileSet(), path, nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	if len(files) == 0 {
		t.Fatalf("there are no files %s_X.go", kind)
	}
	return files
}

// refusals are the codes that a file calls refuse with.
func refusals(t *testing.T, file *ast.File) map[int]bool {
	t.Helper()
	found := make(map[int]bool)
	ast.Inspect(file, func(n ast.Node) bool {
		call, isCall := n.(*ast.CallExpr)
		if !isCall || len(call.Args) == 0 {
			return true
		}
		name, isIdent := call.Fun.(*ast.Ident)
		if code, isLiteral := call.Args[0].(*ast.BasicLit); isIdent && isLiteral && name.Name == "refuse" {
			found[number(t, code.Value)] = true
		}
		return true
	})
	return found
}

// row is what the test reads of a row of the table.
type row struct {
	number   int
	answered bool
}

// rows are those of a file of the table.
func rows(t *testing.T, file *ast.File) []row {
	t.Helper()
	var found []row
	ast.Inspect(file, func(n ast.Node) bool {
		literal, isLiteral := n.(*ast.CompositeLit)
		if !isLiteral || literal.Type != nil {
			return true
		}
		var r row
		for _, element := range literal.Elts {
			switch member := element.(*ast.KeyValueExpr); member.Key.(*ast.Ident).Name {
			case "Number":
				r.number = number(t, member.Value.(*ast.BasicLit).Value)
			case "Answered":
				r.answered = member.Value.(*ast.Ident).Name == "true"
			}
		}
		found = append(found, r)
		return false
	})
	return found
}

func number(t *testing.T, digits string) int {
	t.Helper()
	n, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
