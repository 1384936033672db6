package apiserver_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// recordedRequest is what client-go 0.37.2 sent for one audience and an hour.
const recordedRequest = "k8s\x00\n(\n\x18authentication.k8s.io/v1\x12\fTokenRequest\x129\n\x10\n\x00\x12\x00\x1a\x00\"\x00*\x002\x008\x00B\x00\x12\x1f\n\x1a" +
	"api://AzureADTokenExchange \x90\x1c\x1a\x04\n\x00\x12\x00\x1a\x00\"\x00"

func TestTokenRequest(t *testing.T) {
	t.Parallel()
	const pod = `"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"quick-start"}`
	own := "https://contosok8s.blob.core.windows.net/oidc/"
	tests := []struct {
		name, preset, spec string
		seconds            float64 // exp - iat
		says               string  // after start, expirationTimestamp
		audience           []any   // nil: the API server's
		bound              []string
		warning            string
	}{
		{name: "nothing asked", preset: "pod", spec: `{}`, seconds: 3600, says: "1h"},
		{name: "audiences", preset: "pod", spec: `{"audiences":["a","b"],"expirationSeconds":600}`, seconds: 600, says: "10m", audience: []any{"a", "b"}},
		{name: "pod", preset: "pod", spec: `{` + pod + `}`, seconds: 3600, says: "1h", bound: []string{"node", "pod"}},
		{name: "node alone", preset: "pod", spec: `{"boundObjectRef":{"kind":"Node","apiVersion":"v1","name":"worker-1"}}`, seconds: 3600, says: "1h",
			bound: []string{"node"}},
		{name: "secret", preset: "secret-bound", spec: `{"boundObjectRef":{"kind":"Secret","apiVersion":"v1","name":"workload-identity-token"}}`,
			seconds: 3600, says: "1h", bound: []string{"secret"}},
		{name: "extended", preset: "pod", spec: `{"expirationSeconds":3607,` + pod + `}`, seconds: 31536000, says: "1h0m7s",
			bound: []string{"node", "pod", "warnafter"}},
		{name: "not extended without a pod", preset: "pod", spec: `{"expirationSeconds":3607}`, seconds: 3607, says: "1h0m7s"},
		{name: "not extended for another audience", preset: "pod", spec: `{"audiences":["a"],"expirationSeconds":3607,` + pod + `}`, seconds: 3607,
			says: "1h0m7s", audience: []any{"a"}, bound: []string{"node", "pod"}},
		{name: "90 days on EKS", preset: "eks-pod", spec: `{"expirationSeconds":3607,` + pod + `}`, seconds: 90 * 86400, says: "1h0m7s",
			bound: []string{"node", "pod", "warnafter"}},
		{name: "a day on AKS", preset: "aks-pod", spec: `{"expirationSeconds":86401}`, seconds: 86400, says: "24h",
			warning: `299 - "requested expiration of 86401 seconds shortened to 86400 seconds"`},
		{name: "never extended on AKS", preset: "aks-pod", spec: `{"expirationSeconds":3607,` + pod + `}`, seconds: 3607, says: "1h0m7s",
			bound: []string{"node", "pod"}},
		{name: "136 years", preset: "pod", spec: `{"expirationSeconds":4294967296}`, seconds: 1 << 32, says: "1193046h28m16s"},
		{name: "a year that is meant", preset: "legacy-extended", spec: `{"expirationSeconds":31536000,` + pod + `}`, seconds: 31536000, says: "8760h",
			bound: []string{"node", "pod"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, tt.preset, nil)
			code, out, header := c.call(http.MethodPost, tokenPath, `{"spec":`+tt.spec+`}`)
			if code != http.StatusCreated {
				t.Fatalf("%d %v", code, out)
			}
			status := out["status"].(map[string]any)
			claims := payload(t, status["token"].(string))
			about := claims["kubernetes.io"].(map[string]any)
			var bound []string
			for name := range about {
				if name != "namespace" && name != "serviceaccount" {
					bound = append(bound, name)
				}
			}
			slices.Sort(bound)
			says, err := time.ParseDuration(tt.says)
			if err != nil {
				t.Fatal(err)
			}
			audience := tt.audience
			if audience == nil {
				audience = []any{c.issuer.URL()}
			}
			want := []any{tt.seconds, start.Add(says).Format(time.RFC3339), audience, audience, tt.bound, tt.warning}
			got := []any{
				claims["exp"].(float64) - claims["iat"].(float64), status["expirationTimestamp"], claims["aud"],
				out["spec"].(map[string]any)["audiences"], bound, header.Get("Warning"),
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("life, expirationTimestamp, aud, audiences, bound, warning (-want +got):\n%s", diff)
			}
			account := about["serviceaccount"].(map[string]any)
			meta := map[string]any{
				"name": "workload-identity-sa", "namespace": "default", "uid": account["uid"], "creationTimestamp": start.Format(time.RFC3339),
			}
			if diff := cmp.Diff(meta, out["metadata"]); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("recorded protobuf", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t, "pod", nil)
		code, out, _ := c.call(http.MethodPost, tokenPath, recordedRequest, "Content-Type", "application/vnd.kubernetes.protobuf",
			"Accept", "application/vnd.kubernetes.protobuf,application/json")
		want := map[string]any{"audiences": []any{"api://AzureADTokenExchange"}, "expirationSeconds": 3600.0, "boundObjectRef": nil}
		if diff := cmp.Diff([]any{http.StatusCreated, want}, []any{code, out["spec"]}); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if c.issuer.URL() != own {
			t.Errorf("issuer %q, want %q", c.issuer.URL(), own)
		}
	})
}
