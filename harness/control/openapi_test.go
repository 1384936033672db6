package control

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"

	"github.com/issuerd/issuerd/harness/document/comments"
	"github.com/issuerd/issuerd/harness/plane"
)

var update = flag.Bool("update", false, "rewrite the generated files of this package")

// TestOpenAPI checks that the embedded document is what the table of routes and the types say. With -update, as in go
// generate, it writes it.
func TestOpenAPI(t *testing.T) {
	want := generateOpenAPI(t)
	if *update {
		if err := os.WriteFile("openapi.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), string(OpenAPI())); diff != "" {
		t.Errorf("openapi.json is not up to date, run go generate ./harness/control (-want +got):\n%s", diff)
	}
}

// apiDocument is an OpenAPI document, in the order in which people read it.
type apiDocument struct {
	OpenAPI    string                                `json:"openapi"`
	Info       map[string]string                     `json:"info"`
	Servers    []map[string]string                   `json:"servers"`
	Security   []map[string][]string                 `json:"security"`
	Tags       []map[string]string                   `json:"tags"`
	Paths      map[string]map[string]*apiOperation   `json:"paths"`
	Components map[string]map[string]json.RawMessage `json:"components"`
}

type apiOperation struct {
	OperationID string         `json:"operationId"`
	Tags        []string       `json:"tags"`
	Summary     string         `json:"summary"`
	Parameters  []any          `json:"parameters,omitempty"`
	RequestBody map[string]any `json:"requestBody,omitempty"`
	Responses   map[string]any `json:"responses"`
}

// tags groups the routes, by the first part of their path behind the world's.
var tags = []struct{ name, about string }{
	{"farm", "The farm itself."}, {"worlds", "What one test sees: issuers, a directory, clocks and a journal of its own."},
	{"issuers", "Token issuers of a world, with their keys, tokens and faults."},
	{"entra", "Entra in a world: its directory and its sign-ins."},
	{"workloads", "Workloads, which ask a platform's own API for tokens."}, {"journal", "What happened in a world."},
}

// tagOf is the tag of the file that a route is in.
func tagOf(r route) string {
	for tag, routes := range map[string][]route{"issuers": issuerRoutes, "entra": directoryRoutes, "workloads": workloadRoutes, "journal": journalRoutes} {
		if slices.ContainsFunc(routes, func(one route) bool { return one.id == r.id }) {
			return tag
		}
	}
	if strings.HasPrefix(r.path, "/v1/worlds") {
		return "worlds"
	}
	return "farm"
}

// variables are the parts of paths that are no words of ours.
var variables = map[string]string{
	"world":       "The id of a world; default is always there.",
	"application": "The client id of an application, or its name.",
	"credential":  "The name of a federated credential.",
	"workload":    "The id of a workload.",
	"fault":       "The name of a fault.",
}

func generateOpenAPI(t *testing.T) []byte {
	t.Helper()
	schemas := &schemaSet{t: t, all: map[string]json.RawMessage{}, types: map[string]reflect.Type{}}
	doc := apiDocument{
		OpenAPI: "3.1.0",
		Info: map[string]string{
			"title": "issuerd control API", "version": "1",
			"description": "Drives a farm of issuerd: what a test tells it to do, and what it reads back.",
		},
		Servers:  []map[string]string{{"url": "/", "description": "the control plane of a farm, http://127.0.0.1:8446 unless told otherwise"}},
		Security: []map[string][]string{{"token": {}}},
		Paths:    map[string]map[string]*apiOperation{},
	}
	for _, tag := range tags {
		doc.Tags = append(doc.Tags, map[string]string{"name": tag.name, "description": tag.about})
	}
	for _, r := range routes() {
		if doc.Paths[r.path] == nil {
			doc.Paths[r.path] = map[string]*apiOperation{}
		}
		doc.Paths[r.path][strings.ToLower(r.method)] = operation(r, schemas)
	}
	doc.Components = map[string]map[string]json.RawMessage{
		"schemas":         schemas.all,
		"securitySchemes": {"token": encode(t, map[string]string{"type": "http", "scheme": "bearer", "description": "The token that the farm printed at its start (ISSUERD_CONTROL_TOKEN)."})},
		"responses": {
			"Error": encode(t, map[string]any{
				"description": "A refusal: 400 for a request that is wrong, 404 for what is not there, 409 for what is in the way.",
				"content":     content("application/json", ref("Error"), ""),
			}),
			"Unauthorized": encode(t, map[string]any{
				"description": "The token is not there, or is another.",
				"headers":     map[string]any{"WWW-Authenticate": map[string]any{"schema": map[string]string{"type": "string"}}},
				"content":     content("application/json", ref("Error"), ""),
			}),
		},
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// operation is a route as OpenAPI has it.
func operation(r route, schemas *schemaSet) *apiOperation {
	op := &apiOperation{OperationID: r.id, Tags: []string{tagOf(r)}, Summary: strings.TrimSuffix(r.about, ".")}
	for _, match := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(r.path, -1) {
		op.Parameters = append(op.Parameters, map[string]any{
			"name": match[1], "in": "path", "required": true, "description": variables[match[1]], "schema": map[string]string{"type": "string"},
		})
	}
	for _, p := range r.query {
		op.Parameters = append(op.Parameters, map[string]any{"name": p.name, "in": "query", "description": p.about, "schema": parameterSchema[p.kind]})
	}
	if r.out == typeOfStream {
		op.Parameters = append(op.Parameters, map[string]any{
			"name": "Last-Event-ID", "in": "header", "description": "The number of the last entry that was read.", "schema": parameterSchema[isNumber],
		})
	}
	switch r.in {
	case typeOfEmpty:
	case typeOfFile:
		body := content("application/yaml", map[string]string{"type": "string"}, r.sample)
		maps.Copy(body, content("application/json", ref(schemas.of(r.out, false)), ""))
		op.RequestBody = map[string]any{"required": true, "content": body}
	default:
		name := schemas.of(r.in, true)
		op.RequestBody = map[string]any{
			"required": bytes.Contains(schemas.all[name], []byte(`"required":`)), "content": content("application/json", ref(name), r.sample),
		}
	}
	answer := map[string]any{"description": "Done."}
	switch r.out {
	case typeOfEmpty:
		answer["content"] = content("application/json", map[string]any{"type": "object", "maxProperties": 0}, "{}")
	case typeOfStream:
		schemas.of(reflect.TypeFor[Entry](), false)
		answer["description"] = "Server-sent events: an Entry each; an event dropped with how many entries were too old to be kept, and an event end with an Error when the world has ended."
		answer["content"] = content("text/event-stream", map[string]string{"type": "string"}, "")
	default:
		answer["content"] = content("application/json", ref(schemas.of(r.out, false)), "")
	}
	schemas.of(reflect.TypeFor[Error](), false)
	op.Responses = map[string]any{"200": answer, "401": response("Unauthorized"), "default": response("Error")}
	return op
}

func ref(name string) map[string]string {
	return map[string]string{"$ref": "#/components/schemas/" + name}
}

func response(name string) map[string]string {
	return map[string]string{"$ref": "#/components/responses/" + name}
}

func content(mediaType string, schema any, example string) map[string]any {
	of := map[string]any{"schema": schema}
	if example != "" {
		of["example"] = example
		if mediaType == "application/json" {
			of["example"] = json.RawMessage(example)
		}
	}
	return map[string]any{mediaType: of}
}

// parameterSchema are the schemas of the parameters of queries.
var parameterSchema = map[parameterKind]any{
	isText:     map[string]any{"type": "string"},
	isNumber:   map[string]any{"type": "integer", "minimum": 0},
	isBoolean:  map[string]any{"type": "boolean"},
	isPlane:    map[string]any{"type": "string", "enum": plane.All},
	isDuration: map[string]any{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h)?)+$`},
}

func encode(t *testing.T, value any) json.RawMessage {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

// schemaSet are the schemas of the types that the routes take and answer with.
type schemaSet struct {
	t   *testing.T
	all map[string]json.RawMessage // by schemaName

	types map[string]reflect.Type // that have a name
}

// name is schemaName, which must tell types apart.
func (s *schemaSet) name(typ reflect.Type) string {
	name := schemaName(typ)
	if typ == reflect.TypeFor[time.Duration]() { // it is written as the Duration of this package
		return name
	}
	if other, known := s.types[name]; known && name != "" && other != typ {
		s.t.Errorf("both %s and %s are called %s", other, typ, name)
	}
	s.types[name] = typ
	return name
}

// durationWords is what a duration is, in the schema and in errors.
const durationWords = `a duration such as "10m" or a number of seconds`

// special are the schemas of types that write themselves in JSON.
var special = map[reflect.Type]*jsonschema.Schema{
	reflect.TypeFor[Duration](): {
		Title: durationWords, Extras: map[string]any{"type": []string{"string", "number"}}, Pattern: `^[-+]?(0|([0-9]*\.?[0-9]+|[0-9]+\.)(ns|us|µs|μs|ms|s|m|h))+$`,
		Examples: []any{"10m"},
	},
	reflect.TypeFor[Audience](): {
		Title: "a string or a list of strings", Extras: map[string]any{"type": []string{"string", "array"}}, Items: &jsonschema.Schema{Type: "string"},
	},
	reflect.TypeFor[Keys](): {Title: "PEM text, a JSON Web Key or a set of them", Extras: map[string]any{"type": []string{"string", "object"}}},
}

// of adds the schema of a type, with those of the types in it, and returns its name. A type that is in requests says
// what must be there with the tag jsonschema, and has no other members. In an answer all members are there that are not
// left out when they are empty.
func (s *schemaSet) of(typ reflect.Type, request bool) string {
	r := jsonschema.Reflector{
		Anonymous:                  true,
		RequiredFromJSONSchemaTags: request,
		AllowAdditionalProperties:  !request,
		Namer:                      s.name,
		LookupComment:              s.comment,
		Mapper: func(typ reflect.Type) *jsonschema.Schema {
			switch typ {
			case reflect.TypeFor[time.Time]():
				return &jsonschema.Schema{Type: "string", Format: "date-time", Title: "a time in RFC 3339, such as 2030-01-02T03:04:05Z"}
			case reflect.TypeFor[json.RawMessage]():
				return &jsonschema.Schema{Type: "object"}
			case reflect.TypeFor[time.Duration](): // of directory.Options
				typ = reflect.TypeFor[Duration]()
			}
			if one := special[typ]; one != nil {
				s.all[schemaName(typ)] = encode(s.t, one)
				return &jsonschema.Schema{Ref: "#/$defs/" + schemaName(typ)}
			}
			return nil
		},
	}
	for name, schema := range r.ReflectFromType(typ).Definitions {
		if _, known := s.all[name]; known && !request {
			continue // what is in requests, too
		}
		schema.Version, schema.ID = "", ""
		s.all[name] = bytes.ReplaceAll(encode(s.t, schema), []byte("#/$defs/"), []byte("#/components/schemas/"))
	}
	return schemaName(typ)
}

// sources are the files that the types are in, by their package's path below the module.
var sources = map[string][]string{
	"harness/control":         {"types.go"},
	"harness/entra":           {"../entra/signin.go"},
	"harness/entra/directory": {"../entra/directory/types.go", "../entra/directory/options.go", "../entra/directory/file.go"},
	"harness/document":        {"../document/duration.go"},
}

// comment is the doc comment of a type or of a field.
func (s *schemaSet) comment(typ reflect.Type, field string) string {
	files := sources[strings.TrimPrefix(typ.PkgPath(), "github.com/issuerd/issuerd/")]
	if files == nil {
		return ""
	}
	found, err := comments.Of(files...)
	if err != nil {
		s.t.Fatal(err)
	}
	name, _, _ := strings.Cut(typ.Name(), "[")
	if field != "" {
		return found[name+"."+field]
	}
	return found[name]
}
