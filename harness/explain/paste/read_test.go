package paste_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/explain/paste"
)

var update = flag.Bool("update", false, "write what is read of testdata/*.txt beside them")

// TestRead reads the texts of testdata and compares them with what stands beside each. testdata/sources.md says where
// each comes from.
func TestRead(t *testing.T) {
	t.Parallel()
	sources, err := os.ReadFile("testdata/sources.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(string(sources), "| "+name+" |") {
				t.Errorf("testdata/sources.md does not say where %s is from", name)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := encode(t, paste.Read(string(text)))
			golden := strings.TrimSuffix(file, ".txt") + ".json"
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is read otherwise (-update writes it):\n%s", file, got)
			}
		})
	}
}

func encode(t *testing.T, r paste.Result) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
