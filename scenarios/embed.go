// Package scenarios holds the scenario files that come with issuerd: a folder for each platform, and entra for what
// does not depend on one. They are documentation that runs; harness/scenario explains the format.
package scenarios

import "embed"

//go:generate sh -c "go run ../cmd/issuerd schema >scenario.schema.json"

// FS holds the files below their folders, such as github/branch.yaml.
//
//go:embed *.yaml */*.yaml
var FS embed.FS
