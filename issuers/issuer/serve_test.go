package issuer_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		preset, url           string // no url: the canonical one
		wantDiscovery, wantJW string
	}{
		{"job", "", "https://token.acme.example/.well-known/openid-configuration", "https://token.acme.example/keys"},
		{"job", "https://h:1/p/", "https://h:1/p/.well-known/openid-configuration", "https://h:1/p/keys"},
		{"other", "", "https://other.acme.example/deep/er/.well-known/openid-configuration", "https://keys.acme.example/certs"},
		{"other", "http://h/p", "http://h/p/.well-known/openid-configuration", "http://h/p/certs"},
		{"job", "https://h/a%20b/{c}", "https://h/a%20b/{c}/.well-known/openid-configuration", "https://h/a%20b/{c}/keys"},
	} {
		opts := []issuer.Option{issuer.WithPreset(tt.preset)}
		if tt.url != "" {
			opts = append(opts, issuer.WithURL(tt.url))
		}
		iss := newIssuer(t, opts...)
		if iss.DiscoveryURL() != tt.wantDiscovery || iss.JWKSURL() != tt.wantJW {
			t.Errorf("%s at %q: %q and %q, want %q and %q", tt.preset, tt.url, iss.DiscoveryURL(), iss.JWKSURL(), tt.wantDiscovery, tt.wantJW)
		}
		for _, address := range []string{iss.DiscoveryURL(), iss.JWKSURL()} {
			if w := get(iss, http.MethodGet, address); w.Code != http.StatusOK {
				t.Errorf("GET %s: %d, want 200", address, w.Code)
			}
		}
	}
}

func get(handler http.Handler, method, address string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, "/", nil)
	u, err := url.Parse(address)
	if err != nil {
		w.Code = http.StatusBadRequest
		return w
	}
	r.URL = u
	handler.ServeHTTP(w, r)
	return w
}

func TestServe(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	for _, tt := range []struct {
		method, path string
		code         int
		header       map[string]string
	}{
		{"GET", "/.well-known/openid-configuration", 200, map[string]string{"Content-Type": "application/json", "Cache-Control": "max-age=60"}},
		{"HEAD", "/.well-known/openid-configuration", 200, map[string]string{"Content-Type": "application/json"}},
		{"GET", "/keys", 200, map[string]string{"Content-Type": "application/jwk-set+json", "Cache-Control": "max-age=30"}},
		{"GET", "/keys/", 404, nil},
		{"GET", "//keys", 404, nil},
		{"GET", "/", 404, nil},
		{"POST", "/keys", 405, nil},
	} {
		w := get(iss, tt.method, tt.path)
		if w.Code != tt.code {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.path, w.Code, tt.code)
		}
		for name, want := range tt.header {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s %s: %s is %q, want %q", tt.method, tt.path, name, got, want)
			}
		}
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ preset, want string }{
		{"job", `{"issuer":"https://token.acme.example","mint_endpoint":"https://token.acme.example/mint","empty":[],` +
			`"id_token_signing_alg_values_supported":["RS256","ES384"],"jwks_uri":"https://token.acme.example/keys",` +
			`"request_uri_parameter_supported":false,"response_types_supported":["id_token"],` +
			`"service_documentation":"https://token.acme.example/docs?a=1&b=2"}`},
		{"other", "{\n  \"id_token_signing_alg_values_supported\": [\n    \"ES256\",\n    \"RS256\"\n  ],\n" +
			"  \"issuer\": \"https://other.acme.example/deep/er/\",\n  \"jwks_uri\": \"https://keys.acme.example/certs\"\n}"},
	} {
		got, err := newIssuer(t, issuer.WithPreset(tt.preset)).Discovery()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.preset, diff)
		}
	}
}

func TestJWKSMembers(t *testing.T) {
	t.Parallel()
	got, err := newIssuer(t).JWKS()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"keys",
		"keys.0.kid", "keys.0.kty", "keys.0.alg", "keys.0.e", "keys.0.n", "keys.0.use",
		"keys.1.kid", "keys.1.kty", "keys.1.alg", "keys.1.e", "keys.1.n", "keys.1.use", "keys.1.x5c", "keys.1.x5t",
		"keys.2.kid", "keys.2.kty", "keys.2.crv", "keys.2.x", "keys.2.y",
	}
	if diff := cmp.Diff(want, issuertest.Members(t, got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzWithURL(f *testing.F) {
	for _, seed := range []string{"https://h", "https://h/{a}", "https://h/{", "https://h/a%2Fb/", "https://h/:80", "//h", "https://h/ü", "https://[::1]:1/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		iss, err := issuer.New(platform, issuer.WithURL(address), issuer.WithKeys(issuer.GenerateTestKey))
		if err != nil {
			return
		}
		doc, err := iss.Discovery()
		if err != nil {
			t.Fatal(err)
		}
		if w := get(iss, http.MethodGet, iss.DiscoveryURL()); w.Code != http.StatusOK {
			t.Errorf("GET %s: %d, want 200", iss.DiscoveryURL(), w.Code)
		}
		if got := issuertest.Object(t, doc)["issuer"]; got != address {
			t.Errorf("issuer is %q, want %q", got, address)
		}
	})
}

// TestDocumentsAreTheCallers changes what it is given, and is given the same again.
func TestDocumentsAreTheCallers(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	for name, document := range map[string]func() ([]byte, error){"discovery": iss.Discovery, "JWKS": iss.JWKS} {
		first, err := document()
		if err != nil {
			t.Fatal(err)
		}
		want := string(first)
		clear(first)
		if again, err := document(); err != nil || string(again) != want {
			t.Errorf("%s: %q, %v; want %q", name, again, err, want)
		}
	}
}
