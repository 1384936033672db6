package scenario

import (
	"bytes"
	_ "embed"
)

//go:generate go test -run ^TestSchema$ -update .

//go:embed scenario.schema.json
var schemaJSON []byte

// Schema returns the JSON schema (draft 7) of a scenario file, for editors. It is generated from the structs of this
// package and their doc comments; [Load] finds more than a schema can.
func Schema() []byte { return bytes.Clone(schemaJSON) }
