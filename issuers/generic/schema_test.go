package generic_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/issuerd/issuerd/issuers/generic"
)

// TestSchema checks that the embedded schema is what the structs say. With -update, as in go generate, it writes it.
func TestSchema(t *testing.T) {
	want := generateSchema(t)
	if *update {
		if err := os.WriteFile("issuer.schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), string(generic.Schema())); diff != "" {
		t.Errorf("issuer.schema.json is not up to date, run go generate ./issuers/generic (-want +got):\n%s", diff)
	}
}

// TestSchemaAgrees has the schema judge files: it accepts what Parse reads, and refuses misspelt keys, wrong words and
// missing keys.
func TestSchemaAgrees(t *testing.T) {
	t.Parallel()
	document, err := validator.UnmarshalJSON(bytes.NewReader(generic.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := validator.NewCompiler()
	if err := compiler.AddResource("issuer.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("issuer.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	judge := func(path string) error {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if err := yaml.Unmarshal(src, &value); err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		instance, err := validator.UnmarshalJSON(bytes.NewReader(encoded))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(instance)
	}
	for pattern, atLeast := range map[string]int{"testdata/good/*.yaml": 2, "files/*.yaml": 4} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) < atLeast {
			t.Fatalf("%d files in %s, want at least %d (%v)", len(paths), pattern, atLeast, err)
		}
		for _, path := range paths {
			if err := judge(path); err != nil {
				t.Errorf("%s is read, and the schema refuses it: %v", path, err)
			}
		}
	}
	for _, name := range []string{"mistakes", "bounds", "forms", "kinds", "missing", "presets"} {
		if judge("testdata/bad/"+name+".yaml") == nil {
			t.Errorf("the schema accepts testdata/bad/%s.yaml", name)
		}
	}
}

func generateSchema(t *testing.T) []byte {
	t.Helper()
	comments := fieldComments(t, "types.go")
	r := jsonschema.Reflector{
		Anonymous:                  true,
		RequiredFromJSONSchemaTags: true,
		Mapper: func(typ reflect.Type) *jsonschema.Schema {
			if typ == reflect.TypeFor[time.Duration]() {
				return &jsonschema.Schema{Type: "string", Pattern: `^-?([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$`}
			}
			return nil
		},
		LookupComment: func(typ reflect.Type, field string) string {
			if field == "" {
				return comments[typ.Name()]
			}
			return comments[typ.Name()+"."+field]
		},
	}
	schema := r.Reflect(&generic.File{})
	schema.Version = "http://json-schema.org/draft-07/schema#"
	schema.Title = "issuerd issuer"
	for _, def := range schema.Definitions {
		for p := def.Properties.Oldest(); p != nil; p = p.Next() {
			if text := p.Value.Description; len(text) > len(p.Key) && strings.EqualFold(text[:len(p.Key)], p.Key) {
				p.Value.Description = p.Key + text[len(p.Key):] // as the file has it
			}
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(schema); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fieldComments returns the comments of the structs in a file by Type and Type.Field.
func fieldComments(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	comments := map[string]string{}
	text := func(group *ast.CommentGroup) string { return strings.Join(strings.Fields(group.Text()), " ") }
	for _, decl := range file.Decls {
		types, ok := decl.(*ast.GenDecl)
		if !ok || types.Tok != token.TYPE {
			continue
		}
		spec := types.Specs[0].(*ast.TypeSpec)
		comments[spec.Name.Name] = text(types.Doc)
		if structure, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range structure.Fields.List {
				for _, name := range field.Names {
					comments[spec.Name.Name+"."+name.Name] = text(field.Doc)
				}
			}
		}
	}
	return comments
}
