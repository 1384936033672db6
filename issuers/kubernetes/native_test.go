package kubernetes_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/kubernetes"
)

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// cluster is an API server below a prefix, as a farm serves it, with a clock that tests move.
type cluster struct {
	t      *testing.T
	issuer *issuer.Issuer
	api    *issuer.API
	base   string
	env    map[string]string
	bearer string // the administrator's

	mu  sync.Mutex
	now time.Time
}

func newCluster(t *testing.T, preset string, claims issuer.Claims) *cluster {
	t.Helper()
	return startCluster(t, claims, issuer.WithPreset(preset))
}

// newClusterAt has its issuer at another URL.
func newClusterAt(t *testing.T, url string) *cluster {
	t.Helper()
	return startCluster(t, nil, issuer.WithURL(url))
}

func startCluster(t *testing.T, claims issuer.Claims, opts ...issuer.Option) *cluster {
	t.Helper()
	c := &cluster{t: t, now: start}
	c.issuer = newIssuer(t, append(opts, issuer.WithNow(c.clock))...)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.StripPrefix("/w/1", c.api.Handler).ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	c.base = srv.URL + "/w/1"
	dir := t.TempDir()
	var err error
	c.api, err = kubernetes.Platform.Native.New(issuer.Workload{
		Issuer: c.issuer, Claims: claims, Base: c.base, Dir: func() (string, error) { return dir, nil }, CA: []byte("PEM"), Now: c.clock, Rand: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.env, err = c.api.Env(""); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(c.env["KUBECONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Users []struct{ User struct{ Token string } }
	}
	if err := yaml.Unmarshal(raw, &config); err != nil {
		t.Fatal(err)
	}
	c.bearer = config.Users[0].User.Token
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

func TestFetch(t *testing.T) {
	t.Parallel()
	for _, preset := range kubernetes.Platform.PresetNames() {
		t.Run(preset, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, preset, nil)
			const audience = "api://AzureADTokenExchange"
			found := issuer.Found{Base: c.base, Env: c.env}
			token, err := kubernetes.Platform.Native.Fetch(t.Context(), http.DefaultClient, found, audience)
			if err != nil {
				t.Fatal(err)
			}
			minted, err := c.issuer.Mint(issuer.Request{Audience: []string{audience}})
			if err != nil {
				t.Fatal(err)
			}
			projected, err := os.ReadFile(c.env["AZURE_FEDERATED_TOKEN_FILE"])
			if err != nil {
				t.Fatal(err)
			}
			want := payload(t, minted.Raw)
			for way, got := range map[string]map[string]any{"fetched": payload(t, token), "projected": payload(t, string(projected))} {
				want["jti"], got["jti"] = nil, nil
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-minted +got):\n%s", way, diff)
				}
			}
		})
	}
	t.Run("own audience", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t, "pod", nil)
		token, err := kubernetes.Platform.Native.Fetch(t.Context(), http.DefaultClient, issuer.Found{Base: c.base, Env: c.env}, "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]any{c.issuer.URL()}, payload(t, token)["aud"]); diff != "" {
			t.Errorf("aud (-want +got):\n%s", diff)
		}
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		c, other := newCluster(t, "pod", nil), newCluster(t, "pod", nil)
		_, err := kubernetes.Platform.Native.Fetch(t.Context(), http.DefaultClient, issuer.Found{Base: c.base, Env: other.env}, "")
		var refused *issuer.Refused
		if !errors.As(err, &refused) {
			t.Fatalf("error %v, want a *issuer.Refused", err)
		}
		if diff := cmp.Diff(issuer.Refused{Status: 401, Message: "Unauthorized"}, *refused); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestKubeconfig reads the file as clients do; client-go does so in e2e.
func TestKubeconfig(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "service-account", nil)
	raw, err := os.ReadFile(c.env["KUBECONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	want := `apiVersion: v1
kind: Config
clusters:
- name: kubernetes
  cluster:
    server: ` + c.base + `
    certificate-authority-data: UEVN
contexts:
- name: kubernetes-admin@kubernetes
  context:
    cluster: kubernetes
    namespace: default
    user: kubernetes-admin
    extensions:
    - name: projected-token
      extension:
        serviceAccountName: workload-identity-sa
        expirationSeconds: 3600
current-context: kubernetes-admin@kubernetes
users:
- name: kubernetes-admin
  user:
    token: ` + c.bearer + `
`
	if diff := cmp.Diff(want, string(raw)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, path := range []string{c.env["KUBECONFIG"], c.env["AZURE_FEDERATED_TOKEN_FILE"]} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", path, info.Mode().Perm())
		}
	}
}

// TestWithoutFolder: the API works, the environment can't.
func TestWithoutFolder(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t, issuer.WithURL("http://cluster.example"))
	api, err := kubernetes.Platform.Native.New(issuer.Workload{Issuer: iss, Base: "http://127.0.0.1/w/1", Now: time.Now, Rand: rand.Reader,
		Dir: func() (string, error) { return "", errors.New("there is none") },
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = api.Env("")
	if want := "kubernetes: the environment is made of files, and there is none"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	w := httptest.NewRecorder()
	api.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if w.Code != http.StatusOK {
		t.Errorf("readyz: %d", w.Code)
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

// FuzzNative sends bodies of both types to every route that reads one.
func FuzzNative(f *testing.F) {
	iss, err := issuer.New(kubernetes.Platform, issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		f.Fatal(err)
	}
	var credential [32]byte
	api, err := kubernetes.Platform.Native.New(issuer.Workload{
		Issuer: iss, Base: "https://127.0.0.1/w/1", Now: time.Now, Rand: io.MultiReader(bytes.NewReader(credential[:]), rand.Reader),
	})
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
			api.Handler.ServeHTTP(w, r)
			if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s: %d %q", path, w.Code, w.Body)
			}
		}
	})
}
