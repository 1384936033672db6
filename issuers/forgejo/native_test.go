package forgejo

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func TestDelivery(t *testing.T) {
	t.Parallel()
	asks := issuertest.Delivered{Variables: []string{requestToken, requestURL}, Audience: "a"}
	issuertest.Delivery(t, Platform, map[string]issuertest.Delivered{"branch": asks, "tag": asks, "pull-request": asks})
}

// TestWorkloadClaims looks for the workload's own claims in the token.
func TestWorkloadClaims(t *testing.T) {
	t.Parallel()
	if got := issuertest.Start(t, Platform, "branch", issuer.Claims{"sub": "x"}, "").Fetch(t, "")["sub"]; got != "x" {
		t.Errorf("sub is %q, want %q", got, "x")
	}
}

func TestEachRequestMintsAnew(t *testing.T) {
	t.Parallel()
	s := issuertest.Start(t, Platform, "branch", nil, "")
	env, err := s.API.Env("")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Found.Env, env); diff != "" {
		t.Errorf("a second environment of the same job differs (-first +second):\n%s", diff)
	}
	env[requestToken] = "spoilt"
	s.Fetch(t, "")
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	s := issuertest.Start(t, Platform, "branch", nil, "")
	for _, tt := range []struct {
		name string
		issuertest.Call
		status int
		want   string
	}{
		{"no credential", issuertest.Call{Method: "GET"}, 401, "Unauthorized\n"},
		{"wrong credential", issuertest.Call{Method: "GET", Query: "?audience=a", Header: map[string]string{"Authorization": "Bearer {secret}x"}}, 401, "Unauthorized\n"},
		{"POST", issuertest.Call{Method: "POST", Header: map[string]string{"Authorization": "Bearer {secret}"}}, 405, ""},
	} {
		resp, body := s.Send(t, s.Found.Env[requestURL], s.Found.Env[requestToken], tt.Call)
		if resp.StatusCode != tt.status || body != tt.want {
			t.Errorf("%s: %d %q, want %d %q", tt.name, resp.StatusCode, body, tt.status, tt.want)
		}
	}
	resp, _ := s.Send(t, s.Found.Base+"/elsewhere", "", issuertest.Call{Method: "GET"})
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("another path: %d, want 404", resp.StatusCode)
	}
}

// TestFetchRefused looks at what a scenario gets to read.
func TestFetchRefused(t *testing.T) {
	t.Parallel()
	issuertest.Refused(t, Platform, "branch", map[string]string{requestToken: "x"}, issuer.Refused{Status: 401, Message: "Unauthorized"})
}

// TestFetchOddAnswers meets servers that answer 200 with something else.
func TestFetchOddAnswers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<html>", "{}", `{"value":7}`, "null"} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		_, err := fetch(t.Context(), srv.Client(), issuer.Found{Env: map[string]string{requestURL: srv.URL + "?x=1"}}, "a")
		var got *issuer.Refused
		if want := "Response json body do not have ID Token field"; !errors.As(err, &got) || got.Message != want {
			t.Errorf("%q: error %v, want %q", body, err, want)
		}
		srv.Close()
	}
}

// TestFetchFails needs an error that is no refusal where nobody answers.
func TestFetchFails(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, address := range []string{"http://127.0.0.1:1/", "http://%zz"} {
		_, err := fetch(ctx, http.DefaultClient, issuer.Found{Env: map[string]string{requestURL: address}}, "")
		var refused *issuer.Refused
		if err == nil || errors.As(err, &refused) || !strings.HasPrefix(err.Error(), "forgejo: ") {
			t.Errorf("%s: error %v, want one that is no refusal", address, err)
		}
	}
}

func TestNewAPIFails(t *testing.T) {
	t.Parallel()
	if _, err := newAPI(issuer.Workload{Rand: strings.NewReader("short")}); err == nil || !strings.HasPrefix(err.Error(), "forgejo: make a credential: ") {
		t.Errorf("too little randomness: error %v", err)
	}
}

// FuzzIDToken throws requests with the right credential at the API: none crashes it or makes it fail.
func FuzzIDToken(f *testing.F) {
	for _, seed := range []string{"audience=a&audience=b", "%zz;=&", "audience=\xff"} {
		f.Add("POST", seed, "application/json")
		f.Add("GET", seed, "")
	}
	s := issuertest.Start(f, Platform, "branch", nil, "")
	f.Fuzz(func(t *testing.T, method, query, accept string) {
		issuertest.Robust(t, s, method, s.Found.Env[requestURL], query, accept, s.Found.Env[requestToken])
	})
}
