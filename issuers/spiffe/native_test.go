package spiffe_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spiffe/go-spiffe/v2/bundle/spiffebundle"
	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/spiffe"
)

const (
	workerID = "spiffe://prod.contoso.example/ns/billing/sa/worker"
	domain   = "prod.contoso.example"
)

// agent is a running Workload API and what a workload finds.
type agent struct {
	issuer *issuer.Issuer
	api    *issuer.API
	found  issuer.Found
	clock  *clock

	mu       sync.Mutex
	recorded []string // the calls, with the status of each
}

// clock is a time that a test moves.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

func newAgent(t testing.TB, claims issuer.Claims, opts ...issuer.Option) *agent {
	t.Helper()
	a := &agent{clock: new(clock)}
	defaults := []issuer.Option{issuer.WithKeys(issuer.GenerateTestKey), issuer.WithNow(a.clock.now)}
	var err error
	if a.issuer, err = issuer.New(spiffe.Platform, append(defaults, opts...)...); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String() + "/w/id"
	if a.api, err = spiffe.Platform.Native.New(issuer.Workload{
		Issuer: a.issuer, Claims: claims, Base: base, Dir: in(folder(t)), Now: a.clock.now, Rand: rand.Reader, Record: a.record,
	}); err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = http.StripPrefix("/w/id", a.api.Handler)
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := a.api.Close(); err != nil {
			t.Error(err)
		}
	})
	env, err := a.api.Env("")
	if err != nil {
		t.Fatal(err)
	}
	a.found = issuer.Found{Base: base, Env: env}
	return a
}

// in is for a workload with a folder, or for the empty one without.
func in(dir string) func() (string, error) {
	return func() (string, error) {
		if dir == "" {
			return "", errors.New("there is none")
		}
		return dir, nil
	}
}

// folder is one with a path that is short enough for a socket, which that of t.TempDir need not be.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "spiffe-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// dial connects without go-spiffe, which would not send what it knows to be wrong.
func (a *agent) dial(t testing.TB) workload.SpiffeWorkloadAPIClient {
	t.Helper()
	conn, err := grpc.NewClient(a.found.Env["SPIFFE_ENDPOINT_SOCKET"], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return workload.NewSpiffeWorkloadAPIClient(conn)
}

func withHeader(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "workload.spiffe.io", "true")
}

// TestEnvironment is all that a workload is told.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	a := newAgent(t, nil)
	socket := a.found.Env["SPIFFE_ENDPOINT_SOCKET"]
	if diff := cmp.Diff(map[string]string{"SPIFFE_ENDPOINT_SOCKET": socket}, a.found.Env); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	path, ok := strings.CutPrefix(socket, "unix://")
	if !ok || !filepath.IsAbs(path) || filepath.Base(path) != "api.sock" {
		t.Errorf("socket %q, want unix:///…/api.sock", socket)
	}
	if err := workloadapi.ValidateAddress(socket); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != os.ModeSocket|0o777 {
		t.Errorf("mode %s, want that of SPIRE's socket, Srwxrwxrwx", info.Mode())
	}
	if err := a.api.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close: %v, want no socket", err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	deep := filepath.Join(folder(t), strings.Repeat("d", 100))
	if err := os.Mkdir(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		dir    string
		claims issuer.Claims
		want   string
	}{
		{"no folder", "", nil, "spiffe: the Workload API is a socket, and there is none"},
		{"long path", deep, nil, "the path has "},
		{"missing folder", filepath.Join(folder(t), "none"), nil, "spiffe: listen unix "},
		{"no subject", folder(t), issuer.Claims{"sub": nil}, `spiffe: claim "sub": "" is no SPIFFE ID, which a registration entry needs: cannot be empty`},
		{"subject", folder(t), issuer.Claims{"sub": "system:serviceaccount:a:b"}, `spiffe: claim "sub": "system:serviceaccount:a:b" is no SPIFFE ID, which a registration entry needs: scheme is missing or invalid`},
		{"number", folder(t), issuer.Claims{"sub": 5}, `spiffe: claim "sub": "" is no SPIFFE ID, which a registration entry needs: cannot be empty`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := spiffe.Platform.Native.New(issuer.Workload{
				Issuer: newIssuer(t), Claims: tt.claims, Dir: in(tt.dir), Now: time.Now, Rand: rand.Reader,
			})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// TestRefusals has the statuses and texts of a SPIRE agent.
func TestRefusals(t *testing.T) {
	t.Parallel()
	a := newAgent(t, nil)
	client := a.dial(t)
	jwtsvid := func(req *workload.JWTSVIDRequest) func(context.Context) error {
		return func(ctx context.Context) error { _, err := client.FetchJWTSVID(ctx, req); return err }
	}
	validate := func(req *workload.ValidateJWTSVIDRequest) func(context.Context) error {
		return func(ctx context.Context) error { _, err := client.ValidateJWTSVID(ctx, req); return err }
	}
	plain := &workload.JWTSVIDRequest{Audience: []string{"a"}}
	bare := func(ctx context.Context) context.Context { return ctx }
	header := func(values ...string) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context {
			for _, value := range values {
				ctx = metadata.AppendToOutgoingContext(ctx, "workload.spiffe.io", value)
			}
			return ctx
		}
	}
	tests := []struct {
		name string
		with func(context.Context) context.Context
		call func(context.Context) error
		want error
	}{
		{"no header", bare, jwtsvid(plain), status.Error(codes.InvalidArgument, "security header missing from request")},
		{"header false", header("false"), jwtsvid(plain), status.Error(codes.InvalidArgument, "security header missing from request")},
		{"header True", header("True"), jwtsvid(plain), status.Error(codes.InvalidArgument, "security header missing from request")},
		{"header twice", header("true", "true"), jwtsvid(plain), status.Error(codes.InvalidArgument, "security header missing from request")},
		{"no header on a stream", bare, func(ctx context.Context) error {
			stream, err := client.FetchX509SVID(ctx, &workload.X509SVIDRequest{})
			return first(stream, err)
		}, status.Error(codes.InvalidArgument, "security header missing from request")},
		{"no header before a bad request", bare, jwtsvid(&workload.JWTSVIDRequest{}), status.Error(codes.InvalidArgument, "security header missing from request")},
		{"no audience", withHeader, jwtsvid(&workload.JWTSVIDRequest{}), status.Error(codes.InvalidArgument, "audience must be specified")},
		{"empty audience", withHeader, jwtsvid(&workload.JWTSVIDRequest{Audience: []string{""}}), status.Error(codes.Unavailable,
			"could not fetch JWT-SVID: failed to fetch JWT SVID: rpc error: code = Internal desc = failed to sign JWT-SVID: invalid JWT-SVID audience: cannot be empty")},
		{"no SPIFFE ID", withHeader, jwtsvid(&workload.JWTSVIDRequest{Audience: []string{"a"}, SpiffeId: "https://a/b"}),
			status.Error(codes.InvalidArgument, "invalid requested SPIFFE ID: scheme is missing or invalid")},
		{"bad SPIFFE ID", withHeader, jwtsvid(&workload.JWTSVIDRequest{Audience: []string{"a"}, SpiffeId: "spiffe://a/b/"}),
			status.Error(codes.InvalidArgument, "invalid requested SPIFFE ID: path cannot have a trailing slash")},
		{"another SPIFFE ID", withHeader, jwtsvid(&workload.JWTSVIDRequest{Audience: []string{"a"}, SpiffeId: workerID + "2"}),
			status.Error(codes.PermissionDenied, "no identity issued")},
		{"10 MB", withHeader, jwtsvid(&workload.JWTSVIDRequest{Audience: []string{strings.Repeat("a", 10<<20)}}),
			status.Error(codes.ResourceExhausted, "grpc: received message larger than max (10485765 vs. 4194304)")},
		{"validate without audience", withHeader, validate(&workload.ValidateJWTSVIDRequest{Svid: "x"}), status.Error(codes.InvalidArgument, "audience must be specified")},
		{"validate nothing", withHeader, validate(&workload.ValidateJWTSVIDRequest{Audience: "a"}), status.Error(codes.InvalidArgument, "svid must be specified")},
		{"WIT-SVID", withHeader, func(ctx context.Context) error {
			stream, err := client.FetchWITSVID(ctx, &workload.WITSVIDRequest{})
			return first(stream, err)
		}, status.Error(codes.Unimplemented, "fetching WIT-SVIDs is not implemented")},
		{"WIT bundles", withHeader, func(ctx context.Context) error {
			stream, err := client.FetchWITBundles(ctx, &workload.WITBundlesRequest{})
			return first(stream, err)
		}, status.Error(codes.Unimplemented, "fetching WIT bundles is not implemented")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.call(tt.with(t.Context()))
			if err == nil || err.Error() != tt.want.Error() {
				t.Errorf("error %v\n want %v", err, tt.want)
			}
		})
	}
}

// first receives the first message of a stream.
func first[R any](stream grpc.ServerStreamingClient[R], err error) error {
	if err == nil {
		_, err = stream.Recv()
	}
	return err
}

// TestFetch is the client that scenarios use.
func TestFetch(t *testing.T) {
	t.Parallel()
	a := newAgent(t, issuer.Claims{"sub": "spiffe://prod.contoso.example/deploy"}, issuer.WithPreset("spire-rsa"))
	token, err := spiffe.Platform.Native.Fetch(t.Context(), nil, a.found, "api://AzureADTokenExchange")
	if err != nil {
		t.Fatal(err)
	}
	claims := claimsOf(t, token)
	want := map[string]any{
		"aud": []any{"api://AzureADTokenExchange"}, "sub": "spiffe://prod.contoso.example/deploy", "iss": a.issuer.URL(),
		"iat": claims["iat"], "exp": claims["iat"].(float64) + 300,
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}

	_, err = spiffe.Platform.Native.Fetch(t.Context(), nil, a.found, "")
	var refused *issuer.Refused
	if !errors.As(err, &refused) {
		t.Fatalf("no audience: error %v, want a refusal", err)
	}
	if diff := cmp.Diff(&issuer.Refused{Message: "rpc error: code = InvalidArgument desc = audience must be specified"}, refused); diff != "" {
		t.Errorf("no audience (-want +got):\n%s", diff)
	}
	for name, found := range map[string]issuer.Found{
		"no variable": {},
		"no scheme":   {Env: map[string]string{"SPIFFE_ENDPOINT_SOCKET": "%zz"}},
		"no socket":   {Env: map[string]string{"SPIFFE_ENDPOINT_SOCKET": "unix://" + filepath.Join(folder(t), "none")}},
	} {
		_, err := spiffe.Platform.Native.Fetch(t.Context(), nil, found, "a")
		if err == nil || errors.As(err, &refused) || !strings.HasPrefix(err.Error(), "spiffe: ") {
			t.Errorf("%s: error %v, want one that is no refusal", name, err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := spiffe.Platform.Native.Fetch(gone, nil, a.found, "a"); err == nil || errors.As(err, &refused) {
		t.Errorf("cancelled: error %v, want one that is no refusal", err)
	}
}

// TestFaultReachesWorkload keeps faults on tokens in force where a workload fetches them.
func TestFaultReachesWorkload(t *testing.T) {
	t.Parallel()
	a := newAgent(t, nil)
	a.issuer.SetTampers(issuer.Tamper{Token: func(issuer.Signed) (string, error) { return "", errors.New("out of order") }})
	_, err := spiffe.Platform.Native.Fetch(t.Context(), nil, a.found, "a")
	want := "rpc error: code = Unavailable desc = could not fetch JWT-SVID: failed to fetch JWT SVID: rpc error: code = Internal desc = " +
		"failed to sign JWT-SVID: issuer: fault on the token: out of order"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	a.issuer.SetTampers(issuer.Tamper{Document: func(string, []byte) ([]byte, error) { return []byte("{"), nil }})
	stream, err := a.dial(t).FetchJWTBundles(withHeader(t.Context()), &workload.JWTBundlesRequest{})
	err = first(stream, err)
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "could not serialize response: spiffe: key set: ") {
		t.Errorf("broken key set: error %v", err)
	}
	if code, body := a.get(t, http.MethodGet, "/"); code != 500 || body != "500 unable to retrieve local bundle\n" {
		t.Errorf("broken key set: bundle endpoint answers %d %q", code, body)
	}
}

// get asks the bundle endpoint.
func (a *agent) get(t testing.TB, method, path string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, a.found.Base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode == http.StatusOK && response.Header.Get("Content-Type") != "application/json" {
		t.Errorf("content type %q", response.Header.Get("Content-Type"))
	}
	return response.StatusCode, string(text)
}

func TestBundleEndpoint(t *testing.T) {
	t.Parallel()
	a := newAgent(t, nil)
	for _, tt := range []struct {
		method, path string
		status       int
		body         string
	}{
		{http.MethodPost, "/", 405, "405 method not allowed\n"},
		{http.MethodPut, "/foo", 405, "405 method not allowed\n"},
		{http.MethodGet, "/foo", 404, "404 page not found\n"},
		{http.MethodGet, "/keys", 404, "404 page not found\n"},
	} {
		if code, body := a.get(t, tt.method, tt.path); code != tt.status || body != tt.body {
			t.Errorf("%s %s: %d %q, want %d %q", tt.method, tt.path, code, body, tt.status, tt.body)
		}
	}
	read := func() (*spiffebundle.Bundle, string) {
		code, body := a.get(t, http.MethodGet, "/")
		bundle, err := spiffebundle.Parse(spiffeid.RequireTrustDomainFromString(domain), []byte(body))
		if code != http.StatusOK || err != nil {
			t.Fatalf("status %d, error %v", code, err)
		}
		return bundle, body
	}
	bundle, body := read()
	hint, _ := bundle.RefreshHint()
	sequence, _ := bundle.SequenceNumber()
	got := []any{sequence, hint, len(bundle.X509Authorities()), len(bundle.JWTAuthorities())}
	if diff := cmp.Diff([]any{uint64(1), 5 * time.Minute, 1, 1}, got); diff != "" {
		t.Errorf("sequence, refresh hint, roots, keys (-want +got):\n%s", diff)
	}
	if _, again := read(); again != body {
		t.Error("the bundle differs from one request to the next")
	}
	if !strings.HasPrefix(body, "{\n    \"keys\": [\n        {\n            \"use\": \"x509-svid\",\n            \"kty\": \"EC\",\n            \"crv\": \"P-256\",\n") ||
		!strings.HasSuffix(body, "\n    ],\n    \"spiffe_sequence\": 1,\n    \"spiffe_refresh_hint\": 300\n}") || strings.Contains(body, `"alg"`) {
		t.Errorf("members, their order or indentation are not SPIRE's:\n%s", body)
	}
	if _, err := a.issuer.Rotate(true); err != nil {
		t.Fatal(err)
	}
	bundle, _ = read()
	sequence, _ = bundle.SequenceNumber()
	if got := []any{sequence, len(bundle.X509Authorities()), len(bundle.JWTAuthorities())}; !cmp.Equal(got, []any{uint64(2), 2, 2}) {
		t.Errorf("after the rotation, sequence, roots and keys are %v, want 2 2 2", got)
	}
}

// TestHangUp has clients that say nothing sensible.
func TestHangUp(t *testing.T) {
	t.Parallel()
	a := newAgent(t, nil)
	path := strings.TrimPrefix(a.found.Env["SPIFFE_ENDPOINT_SOCKET"], "unix://")
	for _, text := range []string{"", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", strings.Repeat("\xff", 1<<16)} {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, text) // the server may hang up first
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := spiffe.Platform.Native.Fetch(t.Context(), nil, a.found, "a"); err != nil {
		t.Errorf("after clients that hung up: %v", err)
	}
}
