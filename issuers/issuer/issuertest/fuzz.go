package issuertest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Fuzz mints with any claims at all under every preset: an error is fine, a panic is not, and what is minted is a
// compact token. It seeds itself with the claims of every preset and with the same names under other types.
func Fuzz(f *testing.F, p *issuer.Platform) {
	var all []*issuer.Issuer
	seeded := map[string]bool{} // presets share most claims
	for _, preset := range p.Presets {
		iss, err := issuer.New(p, issuer.WithPreset(preset.Name), issuer.WithAlg("ES256"), issuer.WithKeys(issuer.GenerateTestKey))
		if err != nil {
			f.Fatal(err)
		}
		token, err := iss.Mint(issuer.Request{})
		if err != nil {
			f.Fatal(err)
		}
		seed(f, token.Claims)
		for name := range token.Claims {
			if seeded[name] {
				continue
			}
			seeded[name] = true
			for _, odd := range []any{"", 1, true, []any{nil}, map[string]any{"": 1.5}} {
				seed(f, issuer.Claims{name: odd})
			}
		}
		all = append(all, iss)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var claims issuer.Claims
		if json.Unmarshal([]byte(text), &claims) != nil {
			return
		}
		for _, iss := range all {
			token, err := iss.Mint(issuer.Request{Claims: claims})
			if err == nil && strings.Count(token.Raw, ".") != 2 {
				t.Errorf("not a compact token: %q", token.Raw)
			}
		}
	})
}

func seed(f *testing.F, claims issuer.Claims) {
	f.Helper()
	text, err := json.Marshal(claims)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
}
