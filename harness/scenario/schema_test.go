package scenario

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
	jsonschemas "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/document/comments"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/generic"
)

var update = flag.Bool("update", false, "rewrite the generated files of this package")

// TestSchema checks that the embedded schema is what the structs say. With
// -update, as in go generate, it writes it.
func TestSchema(t *testing.T) {
	want := generateSchema(t)
	if *update {
		if err := os.WriteFile("scenario.schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), string(Schema())); diff != "" {
		t.Errorf("scenario.schema.json is not up to date, run go generate ./harness/scenario (-want +got):\n%s", diff)
	}
}

// TestSchemaAgrees has the schema judge files: it accepts what loads, and refuses unknown keys and values of a wrong
// kind.
func TestSchemaAgrees(t *testing.T) {
	t.Parallel()
	doc, err := jsonschemas.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschemas.NewCompiler()
	if err := compiler.AddResource("scenario.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("scenario.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	accepts := func(path string) error {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		read := fileFormat.Read(src, &document.Log{})
		if read == nil {
			t.Fatalf("%s cannot be read", path)
		}
		return schema.Validate(read.Root.Plain())
	}
	for pattern, atLeast := range map[string]int{"testdata/good/*/*.yaml": 5, "../../scenarios/*/*.yaml": 100} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) < atLeast {
			t.Fatalf("%d files in %s, want at least %d (%v)", len(paths), pattern, atLeast, err)
		}
		for _, path := range paths {
			if err := accepts(path); err != nil {
				t.Errorf("%s loads, and the schema refuses it: %v", path, err)
			}
		}
	}
	for _, name := range []string{"typos", "missing", "directory", "mistakes", "numbers", "credentials", "keys-of-others", "hints"} {
		if accepts("testdata/bad/"+name+".yaml") == nil {
			t.Errorf("the schema accepts testdata/bad/%s.yaml", name)
		}
	}
}

func generateSchema(t *testing.T) []byte {
	t.Helper()
	r := jsonschema.Reflector{
		Anonymous:                  true,
		RequiredFromJSONSchemaTags: true,
		Namer: func(typ reflect.Type) string {
			if typ.Name() != "" && isDirectory(typ) {
				return directoryDefs + typ.Name()
			}
			if typ.Name() != "" && isIssuerFile(typ) {
				return issuerDefs + typ.Name()
			}
			return map[string]string{"wholeFile": "scenario", "row": "case", "stepShape": "step"}[typ.Name()]
		},
		Mapper: func(typ reflect.Type) *jsonschema.Schema {
			switch typ {
			case reflect.TypeFor[time.Duration]():
				return &jsonschema.Schema{Type: "string", Pattern: `^-?([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$`}
			case reflect.TypeFor[time.Time]():
				return &jsonschema.Schema{Type: "string"}
			case reflect.TypeFor[Condition](), reflect.TypeFor[*Condition]():
				return &jsonschema.Schema{Type: "string"}
			}
			return nil
		},
	}
	comments, directory := docComments(t, "types.go"), docComments(t, "../entra/directory/types.go", "../entra/directory/options.go")
	issuerFile := docComments(t, "../../issuers/generic/types.go")
	r.LookupComment = func(typ reflect.Type, field string) string {
		comments := comments
		switch {
		case isDirectory(typ):
			comments = directory
		case isIssuerFile(typ):
			comments = issuerFile
		}
		if field != "" {
			return comments[typ.Name()+"."+field]
		}
		// The names of the unexported structs mean nothing to the reader of a schema.
		text := comments[typ.Name()]
		if i := strings.Index(text, " is "); r.Namer(typ) != "" && !isDirectory(typ) && !isIssuerFile(typ) && i >= 0 {
			text = text[i+len(" is "):]
		}
		return text
	}
	schema := r.Reflect(&wholeFile{})
	schema.Version = "http://json-schema.org/draft-07/schema#"
	schema.Title = "issuerd scenario"
	for name, def := range schema.Definitions {
		for p := def.Properties.Oldest(); p != nil; p = p.Next() {
			p.Value.Description = named(p.Key, p.Value.Description)
			if strings.HasPrefix(name, directoryDefs) { // no duration of the directory is negative
				p.Value.Pattern = strings.Replace(p.Value.Pattern, "^-?", "^", 1)
			}
			switch {
			case !keyMayBeExpression(name, p.Key):
			case name == "Entra" || strings.HasPrefix(name, directoryDefs) || strings.HasPrefix(name, issuerDefs):
				p.Value = orAnyExpression(p.Value)
			default:
				p.Value = orExpression(p.Value)
			}
		}
	}
	schema.Definitions["expression"] = &jsonschema.Schema{
		Type:        "string",
		Pattern:     `\$\{\{`,
		Description: "A string with an expression whose value takes this place: ${{ … }}.",
	}
	describeWords(schema)
	defineFaults(schema)
	schema.Definitions["case"].AdditionalProperties = nil
	schema.Definitions["Issuer"].OneOf = []*jsonschema.Schema{{Required: []string{"platform"}}, {Required: []string{"define"}}}
	doc := schema.Definitions["scenario"].Properties
	doc.Value("name").Pattern = namePattern.String()
	targets := make([]any, 0, len(skipTargets))
	for _, target := range skipTargets {
		targets = append(targets, target)
	}
	doc.Value("skip").PropertyNames = &jsonschema.Schema{Enum: targets}

	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(schema); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// wordsOf says what the words mean that a key may have, by definition and key.
var wordsOf = map[string]map[string]string{
	"Entra.cloud": {"public": "login.microsoftonline.com", "usgov": "login.microsoftonline.us", "china": "login.partner.microsoftonline.cn"},
	"Mint.via":    {"native": "the platform's own token API, as a workload asks it", "direct": "the farm's, with any claims and lifetime"},
	"Exchange.client": {
		"raw": "a plain HTTP request, the only one in the binary", "msal": "MSAL for Go; a run without it skips the case", "azidentity": "the Azure SDK for Go; a run without it skips the case",
	},
	"Exchange.version": {"v1": "/oauth2/token, with resource", "v2": "/oauth2/v2.0/token, with scope"},
	"directory.Options.matchOrder": {
		"audience-first": "AADSTS700212 where both differ", "subject-first": "AADSTS700213 where both differ",
	},
	"directory.Options.gitLabRequires": {
		"id": "project_id, namespace_id or user_id", "project-id": "project_id, unless sub begins with it", "subject": "nothing beside sub",
	},
}

// describeWords has editors say what each word of a key means, as VS Code does by enumDescriptions.
func describeWords(schema *jsonschema.Schema) {
	for key, words := range wordsOf {
		dot := strings.LastIndex(key, ".")
		p := schema.Definitions[key[:dot]].Properties.Value(key[dot+1:])
		for _, choice := range p.AnyOf {
			if choice.Enum != nil {
				p = choice
			}
		}
		if len(p.Enum) != len(words) {
			panic(key + " has other words")
		}
		descriptions := make([]string, len(p.Enum))
		for i, word := range p.Enum {
			if descriptions[i] = words[word.(string)]; descriptions[i] == "" {
				panic(key + ": no " + word.(string))
			}
		}
		p.Extras = map[string]any{"enumDescriptions": descriptions}
	}
	var names []any
	for _, p := range issuers.All() {
		names = append(names, p.Name)
	}
	schema.Definitions["Issuer"].Properties.Value("platform").Examples = names // issuer files add others
}

// defineFaults adds the faults with their parameters, and has the keys that hold some refer to them.
func defineFaults(schema *jsonschema.Schema) {
	schema.Definitions["faults"] = faultsSchema("Faults of issuers by name, each with its parameters; {} for none.", faults.All)
	schema.Definitions["entraFaults"] = faultsSchema("Faults of Entra's own by name, each with its parameters; {} for none.", faults.OfEntra)
	ofIssuer, ofEntra := &jsonschema.Schema{Ref: "#/$defs/faults"}, &jsonschema.Schema{Ref: "#/$defs/entraFaults"}
	expression := &jsonschema.Schema{Ref: "#/$defs/expression"}
	set := schema.Definitions["Fault"].Properties.Value("set")
	set.AnyOf = append([]*jsonschema.Schema{ofIssuer, ofEntra}, set.AnyOf[1:]...)
	schema.Definitions["Issuer"].Properties.Value("faults").Items = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{ofIssuer, expression}}
	schema.Definitions["Entra"].Properties.Value("faults").Items = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{ofEntra, expression}}
}

// faultsSchema is a map of faults by name.
func faultsSchema(about string, list []faults.Fault) *jsonschema.Schema {
	all := &jsonschema.Schema{Type: "object", Description: about, Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
	for _, f := range list {
		parameters := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
		for _, p := range f.Parameters() {
			parameters.Properties.Set(p.Name, orExpression(&jsonschema.Schema{Type: p.Type, Description: p.About}))
		}
		fault := orExpression(parameters)
		fault.Description = f.About
		all.Properties.Set(f.Name, fault)
	}
	return all
}

// TestHovers checks that an editor has something to say of every key.
func TestHovers(t *testing.T) {
	t.Parallel()
	var schema any
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	keys := 0
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(path, item)
			}
		case map[string]any:
			properties, _ := v["properties"].(map[string]any)
			if strings.HasSuffix(path, "/properties") {
				properties = nil // that is a key called properties
			}
			for key, p := range properties {
				keys++
				if text, _ := p.(map[string]any)["description"].(string); text == "" {
					t.Errorf("%s.%s has no description", path, key)
				}
			}
			for key, member := range v {
				walk(path+"/"+key, member)
			}
		}
	}
	walk("", schema)
	if keys < 200 {
		t.Errorf("%d keys, want all of them", keys)
	}
}

// These begin the names of the definitions that are the directory's own types, and those of issuer files.
const (
	directoryDefs = "directory."
	issuerDefs    = "issuer."
)

func isIssuerFile(t reflect.Type) bool {
	return t.PkgPath() == reflect.TypeFor[generic.File]().PkgPath()
}

func isDirectory(t reflect.Type) bool {
	return t.PkgPath() == reflect.TypeFor[directory.Tenant]().PkgPath()
}

// docComments reads the comments of some files.
func docComments(t *testing.T, paths ...string) map[string]string {
	t.Helper()
	found, err := comments.Of(paths...)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// keyMayBeExpression reports whether a key of a definition may hold an expression:
// the first level of the file holds constants, and conditions are expressions already.
func keyMayBeExpression(definition, key string) bool {
	return key != "that" && (definition != "scenario" || key == "timeout")
}

// named lets the doc comment of a field begin with its key.
func named(key, description string) string {
	if len(description) > len(key) && strings.EqualFold(description[:len(key)], key) {
		return key + description[len(key):]
	}
	return description
}

// orAnyExpression is orExpression that also takes one in place of a whole list or map: rows of cases differ in what the
// directory has.
func orAnyExpression(s *jsonschema.Schema) *jsonschema.Schema {
	if s.Ref == "" && (s.Type != "array" || s.Items.Ref == "") {
		return orExpression(s)
	}
	choice := &jsonschema.Schema{AnyOf: []*jsonschema.Schema{s, {Ref: "#/$defs/expression"}}, Description: s.Description}
	s.Description = ""
	return choice
}

// orExpression lets an expression stand in place of a value that is not just any string.
func orExpression(s *jsonschema.Schema) *jsonschema.Schema {
	expression := &jsonschema.Schema{Ref: "#/$defs/expression"}
	switch {
	case s.Type == "array" && s.Items.Type == "string":
		s.Items = orExpression(s.Items)
	case s.Type == "boolean", s.Type == "integer", s.Type == "object", s.Type == "string" && (s.Enum != nil || s.Pattern != ""):
	default:
		return s
	}
	choice := &jsonschema.Schema{AnyOf: []*jsonschema.Schema{s, expression}, Description: s.Description}
	s.Description = ""
	return choice
}
