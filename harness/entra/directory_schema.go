package entra

import (
	"bytes"
	_ "embed"
)

//go:generate go test -run ^TestDirectorySchema$ -update .

//go:embed directory.schema.json
var directorySchema []byte

// DirectorySchema returns the JSON schema (draft 7) of a directory file, for editors. It is generated from [File] and what it holds;
// [ParseDirectory] validates more than a schema can.
func DirectorySchema() []byte { return bytes.Clone(directorySchema) }
