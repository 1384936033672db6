package input

import "github.com/issuerd/issuerd/harness/explain/paste"

// masked tells whether a value, or a part of it, is hidden by who gave it.
func masked(value string) bool { return value != "" && paste.Masked(value) }
