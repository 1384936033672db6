package clients

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/issuers/github"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// TestTestKeys has jsonwebtoken and PyJWT verify what test keys sign, with every algorithm. What Go's libraries and
// OpenSSL say is tested beside the key.
func TestTestKeys(t *testing.T) {
	t.Parallel()
	type signed struct {
		Alg   string          `json:"alg"`
		Token string          `json:"token"`
		JWKS  json.RawMessage `json:"jwks"`
	}
	var tokens []signed
	for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"} {
		iss, err := issuer.New(github.Platform, issuer.WithAlg(alg), issuer.WithKeys(issuer.GenerateTestKey))
		if err != nil {
			t.Fatal(err)
		}
		token, err := iss.Mint(issuer.Request{Audience: []string{exchangeAudience}})
		if err != nil {
			t.Fatal(err)
		}
		jwks, err := iss.JWKS()
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, signed{alg, token.Raw, jwks})
	}
	input, err := json.Marshal(tokens)
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []struct {
		script      string
		interpreter func(*testing.T) string
	}{
		{filepath.Join(nodeScripts, "testkey.mjs"), nodeWithClients},
		{filepath.Join("python", "testkey.py"), pythonWithClients},
	} {
		t.Run(language.script, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), language.interpreter(t), language.script)
			cmd.Stdin = bytes.NewReader(input)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if got, want := strings.Fields(string(out)), "RS256 RS384 RS512 PS256 PS384 PS512"; strings.Join(got, " ") != want {
				t.Errorf("verified %q, want %q", got, want)
			}
		})
	}
}
