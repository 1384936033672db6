package generic

import (
	"bytes"
	_ "embed"
)

//go:generate go test -run ^TestSchema$ -update .

//go:embed issuer.schema.json
var schema []byte

// Schema returns the JSON schema (draft 7) of an issuer file, for editors. It is generated from [File] and what it
// holds; [Parse] validates more than a schema can.
func Schema() []byte { return bytes.Clone(schema) }
