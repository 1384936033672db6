package harness_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"reflect"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness"
)

// TestTypesAreNamed walks from what the library's functions take and return over all that can be reached from it. A
// type of another package of this module must have a name in types.go.
func TestTypesAreNamed(t *testing.T) {
	t.Parallel()
	named := aliases(t)
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		if ours := strings.HasPrefix(typ.PkgPath(), "github.com/issuerd/issuerd/"); typ.PkgPath() != "" && !ours {
			return // the standard library's
		} else if name := path.Base(typ.PkgPath()) + "." + typ.Name(); ours && !strings.HasPrefix(name, "harness.") && !named[name] {
			t.Errorf("%s can be reached from harness, and has no name in it", name)
		}
		for i := range typ.NumMethod() {
			if method := typ.Method(i); method.IsExported() {
				walk(method.Type)
			}
		}
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice:
			walk(typ.Elem())
		case reflect.Map:
			walk(typ.Key())
			walk(typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				if typ.Field(i).IsExported() {
					walk(typ.Field(i).Type)
				}
			}
		case reflect.Func:
			for i := range typ.NumIn() {
				walk(typ.In(i))
			}
			for i := range typ.NumOut() {
				walk(typ.Out(i))
			}
		}
	}
	for _, value := range []any{
		harness.Start, harness.WithTenants, harness.WithEntraOptions, new(harness.Farm), new(harness.Issuer), new(harness.App), new(harness.Workload),
		new(harness.Refusal), harness.UnreachableFault{}, harness.StatusFault{}, harness.DiscoveryFault{}, harness.JWKSFault{}, harness.NativeStatusFault{},
		harness.HeaderFault{}, harness.TamperedFault{},
	} {
		walk(reflect.TypeOf(value))
	}
	if len(seen) < 50 {
		t.Errorf("%d types were reached, want more: is this the whole library?", len(seen))
	}
}

// aliases are the types of other packages that types.go names, as package.Name.
func aliases(t *testing.T) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "types.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		if spec, ok := node.(*ast.TypeSpec); ok {
			if of, ok := spec.Type.(*ast.SelectorExpr); ok && spec.Assign.IsValid() {
				all[of.X.(*ast.Ident).Name+"."+of.Sel.Name] = true
			}
		}
		return true
	})
	return all
}
