package clients

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// graphScope is what a client of Microsoft Graph asks for.
const graphScope = "https://graph.microsoft.com/.default"

// wire is an HTTP client that remembers what it was asked, as "METHOD host/path". It is how tests see that a client did
// what it does against the real service.
type wire struct {
	http *http.Client

	mu    sync.Mutex
	lines []string
}

// Do sends a request; it is what azcore and MSAL want of a transport.
func (w *wire) Do(req *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.lines = append(w.lines, req.Method+" "+req.URL.Host+req.URL.Path)
	w.mu.Unlock()
	return w.http.Do(req)
}

// CloseIdleConnections is wanted by MSAL.
func (w *wire) CloseIdleConnections() { w.http.CloseIdleConnections() }

func (w *wire) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.lines)
}

// signInRequests are those of MSAL for Go, and so of azidentity, at the canonical authority.
func signInRequests(tenant string) []string {
	const host = "login.microsoftonline.com/"
	return []string{
		"GET " + host + "common/discovery/instance",
		"GET " + host + tenant + "/v2.0/.well-known/openid-configuration",
		"POST " + host + tenant + "/oauth2/v2.0/token",
	}
}

// claimsOf reads an access token without verifying it.
func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatalf("access token: %v", err)
	}
	var claims map[string]any
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		t.Fatalf("access token: %v", err)
	}
	return claims
}

// pick returns some members of claims, for a comparison.
func pick(claims map[string]any, names ...string) map[string]any {
	some := map[string]any{}
	for _, name := range names {
		if value, ok := claims[name]; ok {
			some[name] = value
		}
	}
	return some
}

// wantLife fails unless a client took over the token's own end, which it computes from expires_in.
func wantLife(t *testing.T, claims map[string]any, expires time.Time) {
	t.Helper()
	exp, ok := claims["exp"].(float64)
	if !ok {
		t.Fatalf("exp is %v, want a number", claims["exp"])
	}
	if off := expires.Sub(time.Unix(int64(exp), 0)).Abs(); off > time.Minute {
		t.Errorf("the client says that the token ends at %s, its exp is %s away", expires, off)
	}
}
