package issuer_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// hits are how often each fault has changed something, by name.
func hits(iss *issuer.Issuer) map[string]int {
	all := map[string]int{}
	for _, f := range iss.Tampers() {
		all[f.Name] += f.Hits
	}
	return all
}

// TestHits counts what faults change, each by itself: answers, tokens and dropped connections, and nothing else.
func TestHits(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	keys, err := iss.Keys()
	if err != nil {
		t.Fatal(err)
	}
	first := keys[0]
	iss.SetTampers(
		issuer.Tamper{Name: "answer", Serve: func(document string, w http.ResponseWriter, _ *http.Request) bool {
			if document == "jwks" {
				w.WriteHeader(http.StatusTeapot)
			}
			return document == "jwks"
		}},
		issuer.Tamper{Name: "document", Document: func(_ string, body []byte) ([]byte, error) { return append([]byte(" "), body...), nil }},
		issuer.Tamper{Name: "same document", Document: func(_ string, body []byte) ([]byte, error) { return body, nil }},
		issuer.Tamper{Name: "header", Header: func(header map[string]any) { header["typ"] = "at+jwt" }},
		issuer.Tamper{Name: "same header", Header: func(header map[string]any) { header["typ"] = "at+jwt" }},
		issuer.Tamper{Name: "token", Token: func(signed issuer.Signed) (string, error) { return signed.Compact + "A", nil }},
		issuer.Tamper{Name: "claims", Claims: func(claims map[string]any) { claims["sub"] = "other" }},
		issuer.Tamper{Name: "same claims", Claims: func(claims map[string]any) { claims["sub"] = "other" }},
		issuer.Tamper{Name: "keys", Keys: func(keys []issuer.Key) { keys[0].Published = false }},
		issuer.Tamper{Name: "same keys", Keys: func(keys []issuer.Key) { keys[0].Published = false }},
		issuer.Tamper{Name: "send", Send: func(document string, _ []byte, _ http.ResponseWriter, _ *http.Request) bool {
			return document == "discovery"
		}},
		issuer.Tamper{Name: "handshake", Handshake: func() string { return "expired" }},
		issuer.Tamper{Name: "second handshake", Handshake: func() string { return "expired" }},
		issuer.Tamper{Name: "native", Native: func(_ http.ResponseWriter, r *http.Request) bool { return r.URL.Path == "/token" }},
	)
	get := func(h http.Handler, path string) {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "https://token.acme.example"+path, nil))
	}
	for range 2 {
		get(iss, "/keys")
	}
	for range 3 {
		get(iss, "/.well-known/openid-configuration")
	}
	get(iss, "/nothing")
	mint(t, iss, issuer.Request{})
	api := iss.Native(http.NotFoundHandler())
	for _, path := range []string{"/token", "/other", "/token", "/token", "/token"} {
		get(api, path)
	}
	if body, err := iss.JWKS(); err != nil || strings.Contains(string(body), `"kid":"`+first.ID) || first.ID == "" {
		t.Errorf("the key set %s, error %v, which has the first key %q", body, err, first.ID)
	}
	if !iss.ShakesHands() || iss.Handshake() != "expired" {
		t.Error("the handshake is as ever")
	}
	want := map[string]int{
		"answer": 2, "document": 4, "same document": 0, "header": 1, "same header": 0, "token": 1, "native": 4, "claims": 1, "same claims": 0,
		"keys": 1, "same keys": 0, "send": 3, "handshake": 1, "second handshake": 0,
	}
	if diff := cmp.Diff(want, hits(iss)); diff != "" {
		t.Errorf("hits (-want +got):\n%s", diff)
	}

	iss.SetTamper(issuer.Tamper{Name: "drop", Serve: func(string, http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }})
	func() {
		defer func() { _ = recover() }()
		get(iss, "/keys")
	}()
	want["drop"] = 1
	if diff := cmp.Diff(want, hits(iss)); diff != "" {
		t.Errorf("hits after a dropped connection (-want +got):\n%s", diff)
	}
	iss.SetTamper(issuer.Tamper{Name: "token", Token: func(signed issuer.Signed) (string, error) { return signed.Compact, nil }})
	if want["token"] = 0; !cmp.Equal(want, hits(iss)) {
		t.Errorf("hits after the token's fault was set anew: %v, want %v", hits(iss), want)
	}
	if !iss.ClearTamper("token") || iss.ClearTamper("token") {
		t.Error("a fault was not cleared once")
	}
	if other, err := iss.At("https://elsewhere.acme.example"); err != nil || len(other.Tampers()) != 0 {
		t.Errorf("the issuer at another URL: error %v, faults %v", err, other.Tampers())
	}
}

// TestFaultsAtOnce has callers set and clear faults of their own at the same time: each finds its own as it left it.
func TestFaultsAtOnce(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	var wg sync.WaitGroup
	want := map[string]int{}
	for n := range 20 {
		name := fmt.Sprint(n)
		if n%2 == 0 {
			want[name] = 0
		}
		wg.Go(func() {
			for range 50 {
				iss.SetTamper(issuer.Tamper{Name: name})
				if n%2 == 1 && !iss.ClearTamper(name) {
					t.Errorf("fault %s was not in force", name)
				}
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff(want, hits(iss)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}
