package kubernetes_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestProjection follows the file over two lives of its token.
func TestProjection(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "pod", nil)
	path := c.env["AZURE_FEDERATED_TOKEN_FILE"]
	read := func() string {
		t.Helper()
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	link, err := os.Readlink(path)
	if err != nil || link != filepath.Join("..data", "azure-identity-token") {
		t.Errorf("the file is a link to %q, want one through ..data: %v", link, err)
	}
	tests := []struct {
		advance time.Duration
		anew    bool
	}{
		{0, false}, {48 * time.Minute, false}, {time.Second, true}, {time.Minute, false}, {47*time.Minute + time.Second, true}, {24 * time.Hour, true},
	}
	for n, tt := range tests {
		before := read()
		c.advance(tt.advance)
		next, err := c.api.Renew()
		if err != nil {
			t.Fatal(err)
		}
		if anew := read() != before; anew != tt.anew {
			t.Errorf("step %d: the file has a new token: %v, want %v", n, anew, tt.anew)
		}
		iat := time.Unix(int64(payload(t, read())["iat"].(float64)), 0)
		if want := iat.Add(48*time.Minute + 1); !next.Equal(want) {
			t.Errorf("step %d: the next token is due at %s, want %s", n, next, want)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 3 { // the link, ..data and one folder
		t.Errorf("the volume has %v, want three entries", entries)
	}
	env, err := c.api.Env("")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c.env, env); diff != "" {
		t.Errorf("environment (-before +after):\n%s", diff)
	}
	other, err := c.api.Env("api://AzureADTokenExchangeUSGov")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(other["AZURE_FEDERATED_TOKEN_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{"api://AzureADTokenExchangeUSGov"}, payload(t, string(raw))["aud"]); diff != "" {
		t.Errorf("aud (-want +got):\n%s", diff)
	}
}
