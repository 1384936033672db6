package kubernetes

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// TestReadKubeconfigBounds has files of which the YAML library would make gigabytes.
func TestReadKubeconfigBounds(t *testing.T) { // not in parallel with others, whose memory would count
	path := filepath.Join(t.TempDir(), "kubeconfig")
	for _, text := range []string{
		strings.Repeat("[", 30_000), strings.Repeat("{a: ", 10_000), strings.Repeat("- ", 30_000), strings.Repeat("-\na:\n", 20_000), strings.Repeat("x", 1<<20),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := readKubeconfig(path)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), "not the one of a workload here") {
			t.Errorf("%.10q…: error %v", text, err)
		}
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<20 {
			t.Errorf("%.10q…: %d bytes were taken", text, taken)
		}
	}
	if err := newKubeconfig(issuer.Workload{Base: "https://127.0.0.1", CA: []byte(strings.Repeat("c", 3000))}, "n", "bearer", volume{ServiceAccount: "a"}, "ns").write(path); err != nil {
		t.Fatal(err)
	}
	if c, err := readKubeconfig(path); err != nil || c.Users[0].User.Token != "bearer" {
		t.Errorf("what write has made: %v, %v", c.Users, err)
	}
}
