package reproduce_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain/reproduce"
)

// odd are values that texts may have by mistake, or by malice.
var odd = []string{
	"", " ", "x", "'", `"`, "\\", "\x00", "\n", "{sub}", "${{", "${{ vars.x }}", "&a *b !c", "- x", "# x", "null", "1e3", "2026-01-15", "%zz", "a,b", ",", "/", "//", "https://", "https://[::1", "http://x",
	"https://x:0/", "https://user:pass@x", "https://x/?q", "https://x/#f", "HTTPS://X", "ſ", "İ", "ß", "\u202e", "😀", "00000000-0000-0000-0000-000000000000", "fb60f99c-7a34-4190-8149-302f77469936",
	"repo:", "repo::", "repo:a/b:", "repo:a@1/b@2:", "system:serviceaccount:", "project_path::ref_type:branch:ref:", "spiffe://", "/eid1/c/pub/t/", "/eid1/c/pub/t/x/", "api://AzureADTokenExchange",
	"common", "9223372036854775807", "-1", "0", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "ES256", "none", strings.Repeat("x", 5000),
}

// TestOddValues has a scenario for odd values in every place of every message, a third of them in each, or says why not.
func TestOddValues(t *testing.T) {
	t.Parallel()
	made, nth := 0, 0
	for _, row := range entra.Codes {
		for _, name := range placesOf(row.Message) {
			nth++
			for i, value := range odd {
				if i%3 != nth%3 {
					continue
				}
				_, err := reproduce.Make(said(row.Number, places{name: value}), reproduce.Options{Anonymize: i%2 == 0})
				if unable := (*reproduce.UnableError)(nil); err != nil && !errors.As(err, &unable) {
					t.Errorf("%s with %s %q: %v", row.Name(), name, value, err)
				}
				if err == nil {
					made++
				}
			}
		}
	}
	if made < 500 {
		t.Errorf("%d scenarios, want most of them", made)
	}
}

func placesOf(message string) []string {
	var names []string
	for _, part := range strings.Split(message, "{")[1:] {
		name, _, _ := strings.Cut(part, "}")
		names = append(names, name)
	}
	return names
}
