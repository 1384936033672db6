package issuertest

import (
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// prefix is the path below which the API of a Workload is.
const prefix = "/w/1"

// Workload is a workload with its token API on a server, as a farm has it.
type Workload struct {
	*httptest.Server
	API   *issuer.API
	Found issuer.Found

	native *issuer.Native
}

// Start starts a workload of a preset, with claims of its own. Its environment is made for the audience. The server
// ends with the test.
func Start(t testing.TB, p *issuer.Platform, preset string, claims issuer.Claims, audience string) Workload {
	t.Helper()
	iss, err := issuer.New(p, issuer.WithPreset(preset), issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	w := Workload{Server: httptest.NewServer(mux), native: p.Native}
	t.Cleanup(w.Close)
	base := w.URL + prefix
	w.API, err = p.Native.New(issuer.Workload{Issuer: iss, Claims: claims, Base: base, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	if w.API.Handler != nil {
		mux.Handle(prefix+"/", http.StripPrefix(prefix, w.API.Handler))
	}
	env, err := w.API.Env(audience)
	if err != nil {
		t.Fatal(err)
	}
	w.Found = issuer.Found{Base: base, Env: env}
	return w
}

// Fetch asks for a token and returns its payload.
func (w Workload) Fetch(t testing.TB, audience string) issuer.Claims {
	t.Helper()
	token, err := w.native.Fetch(t.Context(), w.Client(), w.Found, audience)
	if err != nil {
		t.Fatal(err)
	}
	_, claims := Decode(t, token)
	return claims
}

// Call is a raw request to the API of a workload.
type Call struct {
	Method, Query string
	Header        map[string]string // {secret} stands for the workload's credential
	Body          io.Reader
}

// Send sends a request to an address, whose query is that of the call. It follows no redirect, and fails the test if
// the answer has the secret.
func (w Workload) Send(t *testing.T, address, secret string, c Call) (*http.Response, string) {
	t.Helper()
	address, _, _ = strings.Cut(address, "?")
	req, err := http.NewRequestWithContext(t.Context(), c.Method, address+c.Query, c.Body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range c.Header {
		req.Header.Set(name, strings.ReplaceAll(value, "{secret}", secret))
	}
	client := &http.Client{Transport: w.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if secret != "" && strings.Contains(string(body), secret) {
		t.Errorf("%s %s: the answer has the credential", c.Method, c.Query)
	}
	return resp, string(body)
}

// Serve has the API answer a request to an address without a network.
func (w Workload) Serve(t testing.TB, method, address, query string, header http.Header, body io.Reader) *httptest.ResponseRecorder {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, strings.TrimPrefix(at.Path, prefix), body)
	r.Method, r.URL.RawQuery, r.Header = method, query, header
	rec := httptest.NewRecorder()
	w.API.Handler.ServeHTTP(rec, r)
	return rec
}

// Robust fails the test if a request with the right credential makes the API fail, or gets the credential back.
func Robust(t *testing.T, w Workload, method, address, query, accept, secret string) {
	t.Helper()
	rec := w.Serve(t, method, address, query, http.Header{"Accept": {accept}, "Authorization": {"Bearer " + secret}}, http.NoBody)
	if rec.Code >= http.StatusInternalServerError {
		t.Errorf("%s ?%s: %d", method, query, rec.Code)
	}
	if strings.Contains(rec.Body.String(), secret) {
		t.Errorf("%s ?%s: the answer has the credential", method, query)
	}
}

// Delivered is how a preset's job gets its token.
type Delivered struct {
	Variables []string // which it finds, sorted
	Audience  any      // aud of the token when it asks for "a"
}

// Delivery fetches a token in every preset: it must be the one that minting gives.
func Delivery(t *testing.T, p *issuer.Platform, presets map[string]Delivered) {
	t.Helper()
	for _, name := range p.PresetNames() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := presets[name]
			w := Start(t, p, name, nil, "a")
			if diff := cmp.Diff(want.Variables, slices.Sorted(maps.Keys(w.Found.Env))); diff != "" {
				t.Errorf("variables (-want +got):\n%s", diff)
			}
			claims := w.Fetch(t, "a")
			if diff := cmp.Diff(want.Audience, claims["aud"]); diff != "" {
				t.Errorf("aud (-want +got):\n%s", diff)
			}
			direct := Mint(t, p, issuer.Request{Preset: name})
			if claims["sub"] != direct["sub"] || claims["iss"] != direct["iss"] {
				t.Errorf("sub %q of %q, want %q of %q", claims["sub"], claims["iss"], direct["sub"], direct["iss"])
			}
			if got := Start(t, p, name, nil, "").Fetch(t, "")["aud"]; !cmp.Equal(got, direct["aud"]) {
				t.Errorf("without an audience, aud is %v, want %v", got, direct["aud"])
			}
		})
	}
}

// Refused fetches with an environment that has been changed, and wants the refusal.
func Refused(t *testing.T, p *issuer.Platform, preset string, change map[string]string, want issuer.Refused) {
	t.Helper()
	w := Start(t, p, preset, nil, "")
	maps.Copy(w.Found.Env, change)
	_, err := p.Native.Fetch(t.Context(), w.Client(), w.Found, "")
	var got *issuer.Refused
	if !errors.As(err, &got) {
		t.Errorf("%v: error %v, want a *Refused", change, err)
		return
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("%v (-want +got):\n%s", change, diff)
	}
}
