package entra_test

import (
	"slices"
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
)

// TestCodesAreReproduced compares the table of codes with the refusals above.
func TestCodesAreReproduced(t *testing.T) {
	t.Parallel()
	reproduced := map[int]string{50049: "TestInstanceDiscovery", 99027: "TestB2CPolicy"}
	for _, c := range slices.Concat(refusals, entraRefusals, certificateRefusals, policyRefusals) {
		reproduced[c.code] = c.name
	}
	seen := make(map[int]bool)
	for _, c := range entra.Codes {
		if seen[c.Number] {
			t.Errorf("AADSTS%d has two rows", c.Number)
		}
		seen[c.Number] = true
		if _, is := reproduced[c.Number]; is != c.Answered {
			t.Errorf("AADSTS%d: answered %t, reproduced %t", c.Number, c.Answered, is)
		}
		if c.Message == "" || c.Cause == "" || c.Fix == "" || c.Source == "" || c.Confidence == "" {
			t.Errorf("AADSTS%d: an incomplete row", c.Number)
		}
		if c.Answered == (c.Reason != "") {
			t.Errorf("AADSTS%d: answered %t, with the reason %q why not", c.Number, c.Answered, c.Reason)
		}
		if c.Confidence == entra.Inferred && c.Doubt == "" {
			t.Errorf("AADSTS%d: inferred, but no doubt named", c.Number)
		}
		if want := 400; c.OAuth == "invalid_client" {
			want = 401
			if c.Status != want {
				t.Errorf("AADSTS%d: status %d, want %d", c.Number, c.Status, want)
			}
		} else if c.Status != want {
			t.Errorf("AADSTS%d: status %d, want %d", c.Number, c.Status, want)
		}
	}
	for code, by := range reproduced {
		if !seen[code] {
			t.Errorf("AADSTS%d, reproduced by %s, is not in the table", code, by)
		}
	}
}
