package issuertest

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Mint mints a token of a platform and returns its payload, as Decode does. The request says the preset.
func Mint(t testing.TB, p *issuer.Platform, req issuer.Request) issuer.Claims {
	t.Helper()
	iss, err := issuer.New(p, issuer.WithPreset(req.Preset), issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		t.Fatal(err)
	}
	token, err := iss.Mint(req)
	if err != nil {
		t.Fatal(err)
	}
	_, claims := Decode(t, token.Raw)
	return claims
}

// Derivation is some of the claims that follow from a request.
type Derivation struct {
	Name string
	Req  issuer.Request
	Want issuer.Claims // some of the claims, as Decode has them; nil: not there
}

// Derivations mints a token for each row and compares its claims.
func Derivations(t *testing.T, p *issuer.Platform, rows []Derivation) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.Name, func(t *testing.T) {
			t.Parallel()
			claims, got := Mint(t, p, row.Req), issuer.Claims{}
			for name := range row.Want {
				got[name] = claims[name]
			}
			if diff := cmp.Diff(row.Want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Subject says how a recorded subject is made.
type Subject struct {
	Preset string
	Claims issuer.Claims

	// Got is sub as it is minted, where the record has a placeholder for what is in no other claim; empty: the record
	// has none.
	Got string

	// Why says why the platform does not make it; empty: it does.
	Why string
}

// Subjects makes every subject that a file records, a JSON array of objects with the member sub. Rows has one for each.
func Subjects(t *testing.T, p *issuer.Platform, file string, rows map[string]Subject) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var recorded []struct{ Sub string }
	if err := json.Unmarshal(text, &recorded); err != nil {
		t.Fatal(err)
	}
	if len(recorded) != len(rows) {
		t.Errorf("%d subjects recorded, %d in the table", len(recorded), len(rows))
	}
	for _, r := range recorded {
		row, has := rows[r.Sub]
		if !has {
			t.Errorf("subject %q is not in the table", r.Sub)
			continue
		}
		if row.Why != "" {
			continue
		}
		want := r.Sub
		if row.Got != "" {
			want = row.Got
		}
		if got := Mint(t, p, issuer.Request{Preset: row.Preset, Claims: row.Claims})["sub"]; got != want {
			t.Errorf("preset %s with %v: sub is %q, want %q", row.Preset, row.Claims, got, want)
		}
	}
}
