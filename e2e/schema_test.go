package e2e

import (
	"bytes"
	"os"
	"testing"

	"github.com/issuerd/issuerd/harness/scenario"
)

// TestSchemaCopy keeps the schema beside the scenarios, which editors read, equal to the one that the loader applies.
func TestSchemaCopy(t *testing.T) {
	t.Parallel()
	got, err := os.ReadFile("../scenarios/scenario.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, scenario.Schema()) {
		t.Error("scenarios/scenario.schema.json differs from what issuerd schema prints; run make generate")
	}
}
