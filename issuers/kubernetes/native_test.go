package kubernetes_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
	"github.com/issuerd/issuerd/issuers/kubernetes"
)

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// cluster is a workload with its cluster's API server below a prefix, as a farm serves it, with a clock that tests
// move.
type cluster struct {
	issuer *issuer.Issuer
	api    *issuer.API
	base   string
	env    map[string]string

	mu  sync.Mutex
	now time.Time
}

func newCluster(t *testing.T, preset string, claims issuer.Claims) *cluster {
	t.Helper()
	c := &cluster{now: start}
	c.issuer = newIssuer(t, issuer.WithPreset(preset), issuer.WithNow(c.clock))
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
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
	mux.Handle("/w/1/", http.StripPrefix("/w/1", c.api.Handler))
	if c.env, err = c.api.Env(""); err != nil {
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

// bearer is the credential in the kubeconfig.
func (c *cluster) bearer(t *testing.T) string {
	t.Helper()
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
	return config.Users[0].User.Token
}

// get reads an object as the kubeconfig's user.
func (c *cluster) get(t *testing.T, path string) map[string]any {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, c.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.bearer(t))
	_, body, err := issuer.Send(http.DefaultClient, r)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func payload(t *testing.T, token string) map[string]any {
	t.Helper()
	var claims map[string]any
	_, text := issuertest.Parts(t, token)
	if err := json.Unmarshal(text, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
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
    token: ` + c.bearer(t) + `
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

// TestLongestOnAKS: an AKS cluster shortens what is over a day, no other does.
func TestLongestOnAKS(t *testing.T) {
	t.Parallel()
	for preset, want := range map[string]float64{"aks-pod": 86400, "pod": 86401, "eks-pod": 86401} {
		c := newCluster(t, preset, issuer.Claims{"expirationSeconds": 86401})
		token, err := kubernetes.Platform.Native.Fetch(t.Context(), http.DefaultClient, issuer.Found{Base: c.base, Env: c.env}, "")
		if err != nil {
			t.Fatal(err)
		}
		claims := payload(t, token)
		if life := claims["exp"].(float64) - claims["iat"].(float64); life != want {
			t.Errorf("%s: the token lives %v s, want %v", preset, life, want)
		}
	}
}
