package spiffe_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
	"github.com/issuerd/issuerd/issuers/spiffe"
)

func TestConformance(t *testing.T) { issuertest.Run(t, spiffe.Platform) }

func FuzzClaims(f *testing.F) { issuertest.Fuzz(f, spiffe.Platform) }

// aws is the one public JWT-SVID of a SPIRE server; its life of three days was configured.
var aws = issuertest.Recorded{File: "testdata/spiffe-2024-jwt-svid-aws.json", Preset: "spire"}

func TestRecordedToken(t *testing.T) {
	t.Parallel()
	issuertest.Replay(t, spiffe.Platform, aws)
	issuertest.Derive(t, spiffe.Platform, aws, issuer.Request{
		Audience: []string{"sts.amazonaws.com"},
		Lifetime: 3 * 24 * time.Hour,
		Claims:   issuer.Claims{"sub": "spiffe://workloadid.indeed.tech/foo-sa"},
	})
}

// TestDiscovery compares byte for byte.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	tests := []struct{ preset, file, at string }{
		{"spire", "testdata/spiffe-oidc-discovery-current.json", "https://domain.test"},
		{"spire-rsa", "testdata/spiffe-oidc-discovery-current.json", "https://domain.test"},
		{"spire-2022", "testdata/spiffe-oidc-discovery-2022.json", "https://demo-oidc.identitydigest.com"},
	}
	for _, tt := range tests {
		t.Run(tt.preset, func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(tt.file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := newIssuer(t, issuer.WithPreset(tt.preset), issuer.WithURL(tt.at)).Discovery()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.file, diff)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	vector := []string{"KEYID", "32 letters and digits"} // SPIRE's test has a key id of its own
	tests := []struct {
		preset, alg, file string
		replacements      []string
	}{
		{"spire", "", "testdata/spiffe-oidc-keys-current.json", vector},
		{"spire-rsa", "ES256", "testdata/spiffe-oidc-keys-current-set-key-use.json", vector},
		{"spire-2022", "", "testdata/spiffe-oidc-keys-2022.json", nil},
	}
	for _, tt := range tests {
		t.Run(tt.preset, func(t *testing.T) {
			t.Parallel()
			opts := []issuer.Option{issuer.WithPreset(tt.preset)}
			if tt.alg != "" {
				opts = append(opts, issuer.WithAlg(tt.alg))
			}
			got, err := newIssuer(t, opts...).JWKS()
			if err != nil {
				t.Fatal(err)
			}
			issuertest.Keys(t, got, tt.file, tt.replacements...)
			if !strings.HasPrefix(string(got), "{\n  \"keys\": [\n    {\n      \"") {
				t.Errorf("keys are not indented by two spaces:\n%s", got)
			}
		})
	}
}

// TestRSAKey is what the file of 2022 shows, with the alg that came later.
func TestRSAKey(t *testing.T) {
	t.Parallel()
	got, err := newIssuer(t, issuer.WithPreset("spire-rsa")).JWKS()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"keys", "keys.0.use", "keys.0.kty", "keys.0.kid", "keys.0.alg", "keys.0.n", "keys.0.e"}
	if diff := cmp.Diff(want, issuertest.Members(t, got)); diff != "" {
		t.Errorf("jwks (-want +got):\n%s", diff)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		preset, alg, sub string
		payload          []string
	}{
		{"spire", "ES256", "spiffe://prod.contoso.example/ns/billing/sa/worker", []string{"aud", "exp", "iat", "iss", "sub"}},
		{"spire-rsa", "RS256", "spiffe://prod.contoso.example/ns/billing/sa/worker", []string{"aud", "exp", "iat", "iss", "sub"}},
		{"spire-no-issuer", "ES256", "spiffe://prod.contoso.example/ns/billing/sa/worker", []string{"aud", "exp", "iat", "sub"}},
		{"spire-2022", "RS256", "spiffe://example.org/ns/demo-spiffe/sa/demo-sa", []string{"aud", "exp", "iat", "iss", "sub"}},
		{"spire-jti", "ES256", "spiffe://prod.contoso.example/ns/billing/sa/worker", []string{"aud", "exp", "iat", "iss", "jti", "sub"}},
	}
	for _, tt := range tests {
		t.Run(tt.preset, func(t *testing.T) {
			t.Parallel()
			token, err := newIssuer(t, issuer.WithPreset(tt.preset)).Mint(issuer.Request{Audience: []string{"a", "b"}})
			if err != nil {
				t.Fatal(err)
			}
			header, payload := issuertest.Parts(t, token.Raw)
			if diff := cmp.Diff([]string{"alg", "kid", "typ"}, issuertest.Members(t, header)); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.payload, issuertest.Members(t, payload)); diff != "" {
				t.Errorf("payload (-want +got):\n%s", diff)
			}
			kid, _ := token.Header["kid"].(string)
			life := token.Claims["exp"].(int64) - token.Claims["iat"].(int64)
			want := []any{tt.alg, "JWT", "32 letters and digits", tt.sub, []any{"a", "b"}, int64(300)}
			got := []any{token.Header["alg"], token.Header["typ"], issuertest.Style(kid), token.Claims["sub"], token.Claims["aud"], life}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("alg, typ, kid, sub, aud, exp - iat (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTokenID is 16 bytes in base64url, which differ from token to token.
func TestTokenID(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t, issuer.WithPreset("spire-jti"))
	seen := map[string]bool{}
	for range 3 {
		token, err := iss.Mint(issuer.Request{})
		if err != nil {
			t.Fatal(err)
		}
		jti, _ := token.Claims["jti"].(string)
		if id, err := base64.RawURLEncoding.DecodeString(jti); err != nil || len(id) != 16 || seen[jti] {
			t.Errorf("jti %q (%v), want another 16 bytes in base64url", jti, err)
		}
		seen[jti] = true
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	for path, cache := range map[string]string{"/.well-known/openid-configuration": "", "/keys": "no-cache, no-store, must-revalidate"} {
		recorder := httptest.NewRecorder()
		iss.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
		response := recorder.Result()
		want := []string{"200 OK", "application/json", "", cache}
		got := []string{response.Status, response.Header.Get("Content-Type"), response.Header.Get("Access-Control-Allow-Origin"), response.Header.Get("Cache-Control")}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("GET %s (-want +got):\n%s", path, diff)
		}
	}
}

func newIssuer(t *testing.T, opts ...issuer.Option) *issuer.Issuer {
	t.Helper()
	iss, err := issuer.New(spiffe.Platform, append([]issuer.Option{issuer.WithKeys(issuer.GenerateTestKey)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return iss
}
