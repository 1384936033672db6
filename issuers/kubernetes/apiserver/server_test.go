package apiserver_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/kubernetes"
	"github.com/issuerd/issuerd/issuers/kubernetes/apiserver"
)

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// cluster is an API server below a prefix, as a farm serves it, with a clock that tests move.
type cluster struct {
	t      *testing.T
	issuer *issuer.Issuer
	server *apiserver.Server
	base   string
	bearer string // the administrator's

	mu  sync.Mutex
	now time.Time
}

func newCluster(t *testing.T, preset string, claims issuer.Claims) *cluster {
	t.Helper()
	var options apiserver.Options
	if preset == "aks-pod" {
		options.MaxSeconds = 86400
	}
	return startCluster(t, claims, options, issuer.WithPreset(preset))
}

// newClusterAt has its issuer at another URL.
func newClusterAt(t *testing.T, url string) *cluster {
	t.Helper()
	return startCluster(t, nil, apiserver.Options{}, issuer.WithURL(url))
}

func startCluster(t *testing.T, claims issuer.Claims, options apiserver.Options, opts ...issuer.Option) *cluster {
	t.Helper()
	c := &cluster{t: t, now: start}
	c.issuer = newIssuer(t, append(opts, issuer.WithNow(c.clock))...)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.StripPrefix("/w/1", c.server).ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	c.base = srv.URL + "/w/1"
	var err error
	c.server, err = apiserver.New(issuer.Workload{Issuer: c.issuer, Claims: claims, Base: c.base, Now: c.clock, Rand: rand.Reader}, options)
	if err != nil {
		t.Fatal(err)
	}
	if _, c.bearer, err = c.server.User(""); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *cluster) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *cluster) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// call sends a request; headers come in pairs. An Authorization header is the administrator's unless one is given.
func (c *cluster) call(method, path, body string, headers ...string) (int, map[string]any, http.Header) {
	c.t.Helper()
	r, err := http.NewRequest(method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.bearer)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Del(headers[i])
		if headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		out = map[string]any{"text": string(raw)}
	}
	return response.StatusCode, out, response.Header
}

const (
	accountsPath = "/api/v1/namespaces/default/serviceaccounts"
	tokenPath    = accountsPath + "/workload-identity-sa/token"
	reviewPath   = "/apis/authentication.k8s.io/v1/tokenreviews"
	selfPath     = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
)

// token asks for a token as the administrator.
func (c *cluster) token(path, spec string) string {
	c.t.Helper()
	code, out, _ := c.call(http.MethodPost, path, `{"spec":`+spec+`}`)
	if code != http.StatusCreated {
		c.t.Fatalf("token: %d %v", code, out)
	}
	return out["status"].(map[string]any)["token"].(string)
}

func payload(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token has %d parts", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func newIssuer(t *testing.T, opts ...issuer.Option) *issuer.Issuer {
	t.Helper()
	iss, err := issuer.New(kubernetes.Platform, append(opts, issuer.WithKeys(issuer.GenerateTestKey))...)
	if err != nil {
		t.Fatal(err)
	}
	return iss
}

// TestDocuments compares what a service account may read with what an API server serves.
func TestDocuments(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "eks-pod", nil)
	own := []string{"Authorization", "Bearer " + c.token(tokenPath, `{}`)}
	_, document, header := c.call(http.MethodGet, "/.well-known/openid-configuration", "", own...)
	want := map[string]any{
		"issuer": c.issuer.URL(), "jwks_uri": c.base + "/openid/v1/jwks", "response_types_supported": []any{"id_token"},
		"subject_types_supported": []any{"public"}, "id_token_signing_alg_values_supported": []any{"RS256"},
	}
	if diff := cmp.Diff(want, document); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	if got := header.Get("Content-Type") + "; " + header.Get("Cache-Control"); got != "application/json; public, max-age=3600" {
		t.Errorf("headers %q", got)
	}
	_, keys, header := c.call(http.MethodGet, "/openid/v1/jwks", "", own...)
	raw, err := c.issuer.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	var published map[string]any
	if err := json.Unmarshal(raw, &published); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(published, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if got := header.Get("Content-Type"); got != "application/jwk-set+json" {
		t.Errorf("Content-Type %q", got)
	}
	code, version, _ := c.call(http.MethodGet, "/version", "", "Authorization", "")
	if code != http.StatusOK || version["gitVersion"] != "v1.36.3" {
		t.Errorf("version: %d %v", code, version)
	}
}

func TestServiceAccounts(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "pod", issuer.Claims{"sub": "system:serviceaccount:payments:api"})
	code, made, _ := c.call(http.MethodPost, "/api/v1/namespaces/payments/serviceaccounts",
		`{"metadata":{"generateName":"job-","annotations":{"azure.workload.identity/client-id":"x"}}}`)
	name, _ := made["metadata"].(map[string]any)["name"].(string)
	if code != http.StatusCreated || len(name) != len("job-")+5 || !strings.HasPrefix(name, "job-") {
		t.Fatalf("%d %v", code, made)
	}
	_, got, _ := c.call(http.MethodGet, "/api/v1/namespaces/payments/serviceaccounts/"+name, "")
	if diff := cmp.Diff(made, got); diff != "" {
		t.Errorf("made and got (-made +got):\n%s", diff)
	}
	_, list, _ := c.call(http.MethodGet, "/api/v1/namespaces/payments/serviceaccounts", "")
	var names []any
	for _, item := range list["items"].([]any) {
		names = append(names, item.(map[string]any)["metadata"].(map[string]any)["name"])
	}
	if diff := cmp.Diff([]any{"api", "default", name}, names); diff != "" || list["kind"] != "ServiceAccountList" {
		t.Errorf("%v (-want +got):\n%s", list["kind"], diff)
	}
	claims := payload(t, c.token("/api/v1/namespaces/payments/serviceaccounts/"+name+"/token", `{}`))
	account := claims["kubernetes.io"].(map[string]any)["serviceaccount"].(map[string]any)
	if claims["sub"] != "system:serviceaccount:payments:"+name || account["name"] != name || account["uid"] != got["metadata"].(map[string]any)["uid"] {
		t.Errorf("claims %v of %v", claims, got)
	}
}

// TestNoDiscovery: an API server whose issuer is not https has no documents.
func TestNoDiscovery(t *testing.T) {
	t.Parallel()
	c := newClusterAt(t, "http://cluster.example")
	for _, path := range []string{"/.well-known/openid-configuration", "/openid/v1/jwks"} {
		if code, out, _ := c.call(http.MethodGet, path, ""); code != http.StatusNotFound {
			t.Errorf("%s: %d %v, want 404", path, code, out)
		}
	}
}

// FuzzServer sends bodies of both types to every route that reads one.
func FuzzServer(f *testing.F) {
	iss, err := issuer.New(kubernetes.Platform, issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		f.Fatal(err)
	}
	var credential [32]byte
	server, err := apiserver.New(issuer.Workload{
		Issuer: iss, Base: "https://127.0.0.1/w/1", Now: time.Now, Rand: io.MultiReader(bytes.NewReader(credential[:]), rand.Reader),
	}, apiserver.Options{})
	if err != nil {
		f.Fatal(err)
	}
	bearer := "Bearer " + base64.RawURLEncoding.EncodeToString(credential[:])
	f.Add([]byte(recordedRequest), true)
	f.Add([]byte(`{"spec":{"token":"a.b.c","audiences":["x"]},"metadata":{"name":"x"}}`), false)
	f.Add([]byte(`{"kind":"TokenRequest","spec":{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"quick-start"},"expirationSeconds":-1}}`), false)
	f.Add([]byte("k8s\x00\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), true)
	f.Fuzz(func(t *testing.T, body []byte, protobuf bool) {
		for _, path := range []string{tokenPath, reviewPath, selfPath, accountsPath} {
			r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
			r.Header.Set("Authorization", bearer)
			if protobuf {
				r.Header.Set("Content-Type", "application/vnd.kubernetes.protobuf")
			}
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s: %d %q", path, w.Code, w.Body)
			}
		}
	})
}
