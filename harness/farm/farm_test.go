package farm_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// free is a port of the system's choice.
const free = "127.0.0.1:0"

// exchangeAudience is what federated credentials list in the public cloud.
const exchangeAudience = "api://AzureADTokenExchange"

// start runs a farm until the test's end. Planes that the options do not place get a free port, except for the workload
// plane.
func start(t *testing.T, opts farm.Options) *farm.Server {
	t.Helper()
	addrs := map[plane.Plane]string{plane.Issuer: free, plane.Workload: "", plane.Entra: free, plane.Control: free}
	for p, addr := range opts.Addr {
		addrs[p] = addr
	}
	opts.Addr = addrs
	s, err := farm.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// newWorld makes a world in a farm.
func newWorld(t *testing.T, s *farm.Server, spec control.WorldSpec) *farm.World {
	t.Helper()
	w, err := s.NewWorld(spec)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func addIssuer(t *testing.T, w *farm.World, spec control.IssuerSpec) control.Issuer {
	t.Helper()
	iss, err := w.AddIssuer(spec)
	if err != nil {
		t.Fatal(err)
	}
	return iss
}

func mint(t *testing.T, w *farm.World, issuerURL, subject string) control.Minted {
	t.Helper()
	minted, err := w.Mint(control.MintSpec{Issuer: issuerURL, Audience: []string{exchangeAudience}, Claims: map[string]any{"sub": subject}})
	if err != nil {
		t.Fatal(err)
	}
	return minted
}

// addApp makes an application that trusts a subject of an issuer.
func addApp(t *testing.T, w *farm.World, issuerURL, subject string) control.Application {
	t.Helper()
	app, err := w.AddApplication(control.ApplicationSpec{Name: "deployer", Credentials: []directory.Credential{
		{Name: "only", Issuer: issuerURL, Subject: subject, Audiences: []string{exchangeAudience}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// trusting is a client that knows the farm's authority and no resolver.
func trusting(s *farm.Server) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.CA())
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true, ExpectContinueTimeout: time.Minute}}
}

// canonical is a client that reaches a world under the real names.
func canonical(s *farm.Server, world string) *http.Client {
	return &http.Client{Transport: s.Transport(world)}
}

// get returns the status and the body; host, if there is one, goes into the Host header.
func get(t *testing.T, client *http.Client, address, host string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// document is get for a JSON document that must be there.
func document(t *testing.T, client *http.Client, address string) map[string]any {
	t.Helper()
	status, body := get(t, client, address, "")
	if status != http.StatusOK {
		t.Fatalf("GET %s: status %d: %s", address, status, body)
	}
	var members map[string]any
	if err := json.Unmarshal([]byte(body), &members); err != nil {
		t.Fatalf("GET %s: %v", address, err)
	}
	return members
}

// answer is Entra's.
type answer struct {
	AccessToken string `json:"access_token"`
	Codes       []int  `json:"error_codes"`
	Description string `json:"error_description"`
}

// code is the AADSTS code; 0 is a token.
func (a answer) code() int {
	if len(a.Codes) == 0 {
		return 0
	}
	return a.Codes[0]
}

// exchange signs in to the world's tenant.
func exchange(ctx context.Context, t *testing.T, client *http.Client, tenant, clientID, assertion string) answer {
	t.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "scope": {"https://graph.microsoft.com/.default"},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://login.microsoftonline.com/"+tenant+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var a answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		t.Fatal(err)
	}
	if (a.AccessToken == "") == (a.code() == 0) {
		t.Fatalf("an answer with a token and a code, or with neither: %+v", a.Codes)
	}
	return a
}

// logged is a log that a test can read while the farm writes it.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// logger writes everything down to debug.
func (l *logged) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
