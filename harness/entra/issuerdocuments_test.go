package entra_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// TestFetchIssuer has the documents of an issuer that is as it must be, and of ones that are not.
func TestFetchIssuer(t *testing.T) {
	t.Parallel()
	const keys = `{"keys":[{"kty":"EC","kid":"one","crv":"P-256","x":"AA","y":"AA"}]}`
	for _, tt := range []struct {
		name            string
		discovery, jwks string // {url} is the server's
		code            int
		reason          string
		fetched         int
	}{
		{"good", `{"issuer":"{url}","jwks_uri":"{url}/keys"}`, keys, 0, "", 2},
		{"another issuer", `{"issuer":"{url}/","jwks_uri":"{url}/keys"}`, keys, 501661, "discovery: issuer is", 1},
		{"no document", "", keys, 501661, "discovery: HTTP status 404", 1},
		{"no keys", `{"issuer":"{url}","jwks_uri":"{url}/keys"}`, "", 90061, "jwks: HTTP status 404", 2},
		{"keys that are none", `{"issuer":"{url}","jwks_uri":"{url}/keys"}`, "<html>", 900612, "jwks: not a JSON object", 2},
	} {
		var server *httptest.Server
		server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body := tt.discovery
			if r.URL.Path == "/keys" {
				body = tt.jwks
			}
			if body == "" {
				http.NotFound(w, r)
				return
			}
			_, _ = w.Write([]byte(strings.ReplaceAll(body, "{url}", server.URL))) // a failure shows as a refusal
		}))
		defer server.Close()
		o := directory.DefaultOptions()
		got := entra.FetchIssuer(t.Context(), server.Client(), server.URL, o)
		code, reason := got.Refusal(o)
		if code != tt.code || !strings.HasPrefix(reason, tt.reason) || len(got.Fetched) != tt.fetched || (got.Keys != nil) != (tt.code == 0) {
			t.Errorf("%s: code %d, want %d; reason %q, want %q; fetched %v", tt.name, code, tt.code, reason, tt.reason, got.Fetched)
		}
		if got.JWKS == nil || got.Discovery == nil {
			continue
		}
		again := entra.ReadIssuer(server.URL, got.Discovery, got.JWKS, o)
		if code, reason := again.Refusal(o); code != tt.code || !strings.HasPrefix(reason, tt.reason) {
			t.Errorf("%s, read again: code %d, want %d; reason %q", tt.name, code, tt.code, reason)
		}
	}
}
