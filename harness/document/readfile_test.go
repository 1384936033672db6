package document_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/issuerd/issuerd/harness/document"
)

// TestReadFileThatGrows reads one that is longer than its entry says, as those of /proc are.
func TestReadFileThatGrows(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	fsys := growing{fstest.MapFS{"a": {Data: make([]byte, limit)}, "b": {Data: make([]byte, limit+1)}}}
	if src, err := document.ReadFile(fsys, "a", limit); err != nil || len(src) != limit {
		t.Errorf("ReadFile = %d bytes and %v, want %d and nil", len(src), err, limit)
	}
	if _, err := document.ReadFile(fsys, "b", limit); err == nil || err.Error() != "read b: want at most 1048576 bytes, got more" {
		t.Errorf("ReadFile = %v, want a refusal for its size", err)
	}
}

// growing is files that are empty when they are looked at.
type growing struct{ fstest.MapFS }

func (growing) Stat(name string) (fs.FileInfo, error) {
	return fstest.MapFS{name: {}}.Stat(name)
}
