package gcp_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/gcp"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

const (
	prefix   = "/w/7f3a"
	audience = "api://AzureADTokenExchange"
	uniqueID = "112633961854638529490"
	email    = "1071284184436-compute@developer.gserviceaccount.com"
	identity = "/computeMetadata/v1/instance/service-accounts/default/identity"
	token    = "/computeMetadata/v1/instance/service-accounts/default/token"
	cloud    = "https://www.googleapis.com/auth/cloud-platform"
)

// served is a workload's API below a prefix, as a farm mounts it.
type served struct {
	t      *testing.T
	api    *issuer.API
	base   string
	issuer *issuer.Issuer
	ahead  *atomic.Int64 // of the issuer's clock, in nanoseconds
}

// serve starts the API of a workload.
func serve(t *testing.T, change func(*issuer.Workload), opts ...issuer.Option) served {
	t.Helper()
	s := served{t: t, ahead: new(atomic.Int64)}
	now := func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }
	s.issuer = newIssuer(t, append([]issuer.Option{issuer.WithNow(now)}, opts...)...)
	var handler atomic.Pointer[http.Handler]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*handler.Load()).ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	s.base = server.URL + prefix
	dir := t.TempDir()
	w := issuer.Workload{
		Issuer: s.issuer, Base: s.base, Plain: strings.TrimPrefix(server.URL, "http://"), Now: now, Rand: rand.Reader,
		Dir: func() (string, error) { return dir, nil },
	}
	if change != nil {
		change(&w)
	}
	api, err := gcp.Platform.Native.New(w)
	if err != nil {
		t.Fatal(err)
	}
	s.api = api
	mounted := http.StripPrefix(prefix, api.Handler)
	handler.Store(&mounted)
	return s
}

// answer is what an HTTP client gets.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request; headers are pairs of a name and a value.
func (s served) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(read)}
}

// get asks the metadata server as its clients do.
func (s served) get(path string) answer {
	s.t.Helper()
	return s.do(http.MethodGet, path, "", "Metadata-Flavor", "Google")
}

// payload is what a token from the metadata server says.
func (s served) payload(query string) map[string]any {
	s.t.Helper()
	got := s.get(identity + query)
	if got.status != http.StatusOK || strings.Count(got.body, ".") != 2 {
		s.t.Fatalf("status %d with %q, want a token", got.status, got.body)
	}
	_, payload := issuertest.Parts(s.t, got.body)
	return issuertest.Object(s.t, payload)
}

// accessToken is one from the metadata server.
func (s served) accessToken(query string) string {
	s.t.Helper()
	var access struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(s.get(token+query).body), &access); err != nil || access.AccessToken == "" {
		s.t.Fatalf("no access token (%v)", err)
	}
	return access.AccessToken
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	plain := []string{"aud", "azp", "exp", "iat", "iss", "sub"}
	vm := []string{
		"aud", "azp", "email", "email_verified", "exp", "google", "google.compute_engine",
		"google.compute_engine.instance_creation_timestamp", "google.compute_engine.instance_id", "google.compute_engine.instance_name",
		"google.compute_engine.project_id", "google.compute_engine.project_number", "google.compute_engine.zone", "iat", "iss", "sub",
	}
	licensed := append(append(append([]string{}, vm[:10]...), "google.compute_engine.license_id"), vm[10:]...)
	licence := issuer.Claims{"google": map[string]any{"compute_engine": map[string]any{"license_id": []any{"5"}}}}
	tests := []struct {
		name, preset, query string
		claims              issuer.Claims
		want                []string
	}{
		{"no format", "", "", nil, plain},
		{"standard", "", "&format=standard", nil, plain},
		{"unknown format", "", "&format=FULL", nil, plain},
		{"full", "", "&format=full", nil, vm},
		{"licenses", "", "&format=full&licenses=TRUE", nil, licensed},
		{"no licenses", "", "&format=full&licenses=FALSE", nil, vm},
		{"licenses of a short token", "", "&format=standard&licenses=TRUE", nil, plain},
		{"licenses not asked for", "", "&format=full", licence, vm},
		{"own licenses", "", "&format=full&licenses=TRUE", licence, licensed},
		{"a preset of short tokens", "compute-engine-standard", "&format=full&licenses=TRUE", nil, plain},
		{"an account", "service-account", "&format=full", nil, []string{"aud", "azp", "email", "email_verified", "exp", "iat", "iss", "sub"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(w *issuer.Workload) { w.Preset, w.Claims = tt.preset, tt.claims })
			got := s.get(identity + "?audience=" + audience + tt.query)
			if got.status != http.StatusOK || got.header.Get("Content-Type") != "text/html; charset=UTF-8" {
				t.Fatalf("status %d with Content-Type %q", got.status, got.header.Get("Content-Type"))
			}
			_, payload := issuertest.Parts(t, got.body)
			if diff := cmp.Diff(tt.want, issuertest.Members(t, payload)); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
			claims := issuertest.Object(t, payload)
			if claims["aud"] != audience || claims["sub"] != uniqueID || number(t, claims["exp"])-number(t, claims["iat"]) != 3600 {
				t.Errorf("claims %v, want aud %q, sub %q and an hour to live", claims, audience, uniqueID)
			}
		})
	}
}

// number is a claim that must be a number.
func number(t *testing.T, claim any) int64 {
	t.Helper()
	n, err := strconv.ParseInt(fmt.Sprint(claim), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestClaims gives a workload claims that are not the preset's.
func TestClaims(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w *issuer.Workload) {
		w.Claims = issuer.Claims{"sub": "42", "email": "a@other.iam.gserviceaccount.com", "google": map[string]any{"compute_engine": map[string]any{"zone": "z", "instance_id": "x"}}}
	})
	got := s.payload("?audience=a&format=full")
	if got["sub"] != "42" || got["azp"] != "42" || got["email"] != "a@other.iam.gserviceaccount.com" {
		t.Errorf("claims %v, want those of the workload", got)
	}
	for path, want := range map[string]string{
		"instance/service-accounts/": "a@other.iam.gserviceaccount.com/\ndefault/\n",
		"instance/service-accounts/a@other.iam.gserviceaccount.com/?recursive=true": `{"aliases":["default"],"email":"a@other.iam.gserviceaccount.com","scopes":["` + cloud + `"]}`,
		"instance/zone":        "projects/1071284184436/zones/z",
		"instance/id":          "x",
		"instance/id?alt=json": `"x"`,
	} {
		if got := s.get("/computeMetadata/v1/" + path).body; got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}

// TestNoEmail removes the claim: the machine still has its account.
func TestNoEmail(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w *issuer.Workload) { w.Claims = issuer.Claims{"email": nil, "email_verified": nil} })
	if got := s.get("/computeMetadata/v1/instance/service-accounts/default/email").body; got != email {
		t.Errorf("email %q, want %q", got, email)
	}
	if got := s.payload("?audience=a&format=full"); got["email"] != nil || got["google"] == nil {
		t.Errorf("claims %v, want those of the workload", got)
	}
}

// TestPerson makes sure that nobody takes a machine for a person.
func TestPerson(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t, issuer.WithPreset("user"))
	_, err := gcp.Platform.Native.New(issuer.Workload{Issuer: iss, Now: time.Now, Rand: rand.Reader})
	if want := "gcp: the tokens of a person (preset user) come from a sign-in and not from a metadata server; mint them directly"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w *issuer.Workload) { w.Plain = "127.0.0.1:4321" })
	env, err := s.api.Env(audience)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"GCE_METADATA_HOST": "127.0.0.1:4321", "GCE_METADATA_IP": "127.0.0.1:4321", "GCE_METADATA_ROOT": "127.0.0.1:4321"}
	if diff := cmp.Diff(want, env); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if !gcp.Platform.Native.Plain || gcp.Platform.Native.Local {
		t.Error("want a plain listener that others can reach")
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	raw, err := gcp.Platform.Native.Fetch(t.Context(), http.DefaultClient, issuer.Found{Base: s.base}, "https://a.example/?b=c&d")
	if err != nil {
		t.Fatal(err)
	}
	_, payload := issuertest.Parts(t, raw)
	if claims := issuertest.Object(t, payload); claims["aud"] != "https://a.example/?b=c&d" || claims["email"] != email {
		t.Errorf("claims %v, want the full ones", claims)
	}

	_, err = gcp.Platform.Native.Fetch(t.Context(), http.DefaultClient, issuer.Found{Base: s.base}, "")
	var refused *issuer.Refused
	if !errors.As(err, &refused) {
		t.Fatalf("error %v, want a refusal", err)
	}
	if diff := cmp.Diff(&issuer.Refused{Status: http.StatusBadRequest, Message: "non-empty audience parameter required"}, refused); diff != "" {
		t.Errorf("refusal (-want +got):\n%s", diff)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := gcp.Platform.Native.Fetch(ctx, http.DefaultClient, issuer.Found{Base: s.base}, audience); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	if _, err := gcp.Platform.Native.Fetch(t.Context(), http.DefaultClient, issuer.Found{Base: ":"}, audience); err == nil {
		t.Error("no error for an address that is none")
	}
}

// fuzzed is the API of a VM that ends, so that no request waits.
func fuzzed(f *testing.F) http.Handler {
	f.Helper()
	iss, err := issuer.New(gcp.Platform, issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		f.Fatal(err)
	}
	ending := make(chan struct{})
	close(ending)
	api, err := gcp.Platform.Native.New(issuer.Workload{Issuer: iss, Now: time.Now, Rand: rand.Reader, Ending: ending})
	if err != nil {
		f.Fatal(err)
	}
	return api.Handler
}
