package directory

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/issuerd/issuerd/harness/document/comments"
)

var update = flag.Bool("update", false, "rewrite the generated files of this package")

// TestSchema checks that the embedded schema is what the structs say. With -update, as in go generate, it writes it.
func TestSchema(t *testing.T) {
	want := generateSchema(t)
	if *update {
		if err := os.WriteFile("directory.schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), string(Schema())); diff != "" {
		t.Errorf("directory.schema.json is not up to date, run go generate ./harness/entra/directory (-want +got):\n%s", diff)
	}
}

// TestSchemaAccepts has the schema judge a file that Parse reads, and one with a misspelt key.
func TestSchemaAccepts(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("testdata/directory.yaml")
	if err != nil {
		t.Fatal(err)
	}
	document, err := validator.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := validator.NewCompiler()
	if err := compiler.AddResource("directory.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("directory.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		src []byte
		ok  bool
	}{{src, true}, {bytes.Replace(src, []byte("identifierUris"), []byte("identifierURIs"), 1), false}} {
		var value any
		if err := yaml.Unmarshal(tt.src, &value); err != nil {
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
		if err := schema.Validate(instance); (err == nil) != tt.ok {
			t.Errorf("accepted %v, want %v: %v", err == nil, tt.ok, err)
		}
	}
}

func generateSchema(t *testing.T) []byte {
	t.Helper()
	comments := fieldComments(t, "types.go", "options.go", "file.go")
	r := jsonschema.Reflector{
		Anonymous:                  true,
		RequiredFromJSONSchemaTags: true, // what must be there is for Parse to say
		Mapper: func(typ reflect.Type) *jsonschema.Schema {
			switch typ {
			case reflect.TypeFor[time.Duration]():
				return &jsonschema.Schema{Type: "string", Pattern: `^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$`}
			case reflect.TypeFor[time.Time]():
				return &jsonschema.Schema{Type: "string"}
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
	schema := r.Reflect(&File{})
	schema.Version = "http://json-schema.org/draft-07/schema#"
	schema.Title = "issuerd directory"
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(schema); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fieldComments reads the comments of some files.
func fieldComments(t *testing.T, paths ...string) map[string]string {
	t.Helper()
	found, err := comments.Of(paths...)
	if err != nil {
		t.Fatal(err)
	}
	return found
}
