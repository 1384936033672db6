package control

import (
	"bytes"
	_ "embed"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

//go:generate go test -run ^TestOpenAPI$ -update .

// openAPI is the OpenAPI document of the API. It is generated from the table of routes, the types and their comments.
//
//go:embed openapi.json
var openAPI []byte

// OpenAPI returns the OpenAPI 3.1 document of the API, in JSON.
func OpenAPI() []byte { return bytes.Clone(openAPI) }

// newCompiler makes a compiler of the JSON schemas in the OpenAPI document.
var newCompiler = sync.OnceValue(func() func() *jsonschema.Compiler {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(openAPI))
	if err != nil {
		panic(fmt.Sprintf("control: openapi.json: %v", err)) // a test reads it
	}
	return func() *jsonschema.Compiler {
		compiler := jsonschema.NewCompiler()
		compiler.AssertFormat()
		if err := compiler.AddResource("openapi.json", document); err != nil {
			panic(fmt.Sprintf("control: openapi.json: %v", err))
		}
		return compiler
	}
})

// schemaOf is the JSON schema of a request's body, out of the OpenAPI document: what that says of a request is what is
// asked of it.
func schemaOf(t reflect.Type) *jsonschema.Schema {
	return newCompiler()().MustCompile("openapi.json#/components/schemas/" + schemaName(t))
}

var (
	typeOfEmpty  = reflect.TypeFor[empty]()
	typeOfFile   = reflect.TypeFor[file]()
	typeOfStream = reflect.TypeFor[stream]()
)

// schemaName is what the OpenAPI document calls a type.
func schemaName(t reflect.Type) string {
	if strings.HasPrefix(t.Name(), "List[") {
		return schemaName(t.Field(0).Type.Elem()) + "List"
	}
	switch t {
	case reflect.TypeFor[directory.File]():
		return "Directory"
	case reflect.TypeFor[directory.Options](), reflect.TypeFor[directory.Application]():
		return "Directory" + t.Name()
	}
	return t.Name()
}
