package kubernetes_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
	"github.com/issuerd/issuerd/issuers/kubernetes"
)

func TestConformance(t *testing.T) { issuertest.Run(t, kubernetes.Platform) }

func FuzzClaims(f *testing.F) { issuertest.Fuzz(f, kubernetes.Platform) }

var recorded = []issuertest.Recorded{
	{File: "testdata/kubernetes-2025-pod.json", Preset: "kubeadm-in-cluster"},
	{File: "testdata/gke-2024-pod-audience-nais.json", Preset: "gke-pod"},
	{File: "testdata/gke-2025-pod-extended.json", Preset: "gke-pod"},
	{File: "testdata/eks-2023-pod-identity.json", Preset: "eks-pod-identity", Lacks: []string{"jti"},
		Inside: issuer.Claims{"kubernetes.io": map[string]any{"node": nil}},
		Why:    "Kubernetes before 1.30 had neither jti nor node"},
}

func TestRecordedTokens(t *testing.T) {
	t.Parallel()
	for _, r := range recorded {
		t.Run(r.File, func(t *testing.T) {
			t.Parallel()
			issuertest.Replay(t, kubernetes.Platform, r)
		})
	}
}

// TestDerivedTokens gives the names and uids that the cluster chose, and nothing else.
func TestDerivedTokens(t *testing.T) {
	t.Parallel()
	object := func(name, uid string) map[string]any { return map[string]any{"name": name, "uid": uid} }
	tests := []struct {
		recorded issuertest.Recorded
		request  issuer.Request
		unknown  []string
	}{
		{recorded[0], issuer.Request{
			Audience: []string{"macfly4200.8gears.ch"},
			Claims: issuer.Claims{
				"sub": "system:serviceaccount:default:default",
				"kubernetes.io": map[string]any{
					"node":           object("k3d-credential-provider-test-server-0", "c922a6dd-d8af-4877-8a09-922898d7ddb5"),
					"pod":            object("httpd", "375b30f1-ef29-4477-b46a-aa80607b6cfc"),
					"serviceaccount": map[string]any{"uid": "c871d5a5-d81d-4ce7-8c4b-2dd62dbde226"},
				},
			},
		}, []string{"jti"}},
		{recorded[1], issuer.Request{
			Audience: []string{"nais"},
			Claims: issuer.Claims{"kubernetes.io": map[string]any{
				"namespace":      "my-namespace",
				"node":           object("my-node", "646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1"),
				"pod":            object("my-pod", "5e0bd49b-f040-43b0-99b7-22765a53f7f3"),
				"serviceaccount": object("my-serviceaccount", "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798"),
			}},
		}, []string{"jti"}},
		{recorded[2], issuer.Request{ // the default volume's request: 3607 seconds, no audience
			Lifetime: 3607 * time.Second,
			Claims: issuer.Claims{"kubernetes.io": map[string]any{
				"namespace":      "amarin",
				"node":           object("gke-hyperfleet-dev-default-pool-78e4bad4-882j", "e85d0fce-d62c-46b8-87f7-6bca42909d26"),
				"pod":            object("gcloud-66b75ff5dc-c8zqr", "d4202860-0f9d-4c81-8a25-559de58b5c01"),
				"serviceaccount": object("gcloud-ksa", "8c1869ef-b894-46ee-8b88-548cb1509cf1"),
			}},
		}, []string{"jti"}},
		{recorded[3], issuer.Request{
			Claims: issuer.Claims{
				"jti": nil,
				"sub": "system:serviceaccount:ns-a:sa1",
				"kubernetes.io": map[string]any{
					"node":           nil,
					"pod":            object("app1", "fd6df8ef-d820-4a7a-92c5-97f91dafb80a"),
					"serviceaccount": map[string]any{"uid": "aad7d4eb-6302-40f6-9f89-92f8293bca5e"},
				},
			},
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.recorded.File, func(t *testing.T) {
			t.Parallel()
			issuertest.Derive(t, kubernetes.Platform, tt.recorded, tt.request, tt.unknown...)
		})
	}
}

func TestRecordedDocuments(t *testing.T) {
	t.Parallel()
	tests := []struct {
		preset, file string
		replacements []string
	}{
		{"pod", "testdata/k8s-selfmanaged-blob-discovery.json", nil},
		{"kubeadm-in-cluster", "testdata/k8s-kind-discovery.json", nil},
		{"kubeadm-in-cluster", "testdata/eks-incluster-discovery.json", []string{ // moved, so its keys are below its issuer
			"https://ip-1-2-3-4.eu-central-1.compute.internal:443/", "https://oidc.eks.region.amazonaws.com/id/123abc/"}},
		{"aks-pod", "testdata/aks-discovery.json", []string{ // the documentation's jwks_uri has another placeholder for the tenant
			"com/00000000-0000-0000-0000-000000000000/00000000", "com/ffffffff-eeee-dddd-cccc-bbbbbbbbbbb0/00000000"}},
		{"eks-pod", "testdata/eks-public-discovery.json", nil},
		{"gke-pod", "testdata/gke-public-discovery.json", nil},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			issuertest.Document(t, kubernetes.Platform, tt.preset, tt.file, tt.replacements...)
		})
	}
}

// TestKeys compares with the documentation's example, an AKS cluster that lists two keys as one does after a rotation.
func TestKeys(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t, issuer.WithPreset("aks-pod"))
	if _, err := iss.Rotate(true); err != nil {
		t.Fatal(err)
	}
	got, err := iss.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	issuertest.Keys(t, got, "testdata/aks-jwks-shape.json", "xxxx", "key material", "xxx", "43 base64url characters")
}

// TestHeaders: the headers of kube-apiserver are known, those of the managed clusters' public documents are not.
func TestHeaders(t *testing.T) {
	t.Parallel()
	tests := []struct{ preset, path, contentType, cache string }{
		{"kubeadm-in-cluster", "/.well-known/openid-configuration", "application/json", "public, max-age=3600"},
		{"kubeadm-in-cluster", "/openid/v1/jwks", "application/jwk-set+json", "public, max-age=3600"},
		{"eks-pod", "/id/1111222233334444555566667777888F/keys", "application/json", ""},
		{"gke-pod", "/v1/projects/contoso-prod/locations/europe-north1/clusters/main/jwks", "application/json", ""},
	}
	for _, tt := range tests {
		t.Run(tt.preset+tt.path, func(t *testing.T) {
			t.Parallel()
			recorder := httptest.NewRecorder()
			newIssuer(t, issuer.WithPreset(tt.preset)).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, tt.path, nil))
			header := recorder.Result().Header
			want := []any{http.StatusOK, tt.contentType, tt.cache}
			if diff := cmp.Diff(want, []any{recorder.Code, header.Get("Content-Type"), header.Get("Cache-Control")}); diff != "" {
				t.Errorf("status, Content-Type, Cache-Control (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSubjectAndNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, preset       string
		claims             issuer.Claims
		sub, namespace, sa string
	}{
		{"preset", "pod", nil, "system:serviceaccount:default:workload-identity-sa", "default", "workload-identity-sa"},
		{"subjects.json: container-registry/federated-idp-examples", "pod",
			issuer.Claims{"sub": "system:serviceaccount:default:default"}, "system:serviceaccount:default:default", "default", "default"},
		{"sub names both", "service-account",
			issuer.Claims{"sub": "system:serviceaccount:payments:api"}, "system:serviceaccount:payments:api", "payments", "api"},
		{"names make sub", "aks-pod",
			issuer.Claims{"kubernetes.io": map[string]any{"namespace": "payments", "serviceaccount": map[string]any{"name": "api"}}},
			"system:serviceaccount:payments:api", "payments", "api"},
		{"namespace alone", "pod",
			issuer.Claims{"kubernetes.io": map[string]any{"namespace": "payments"}},
			"system:serviceaccount:payments:workload-identity-sa", "payments", "workload-identity-sa"},
		{"an odd sub says nothing about names", "pod", issuer.Claims{"sub": "somebody"}, "somebody", "default", "workload-identity-sa"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			claims := mint(t, tt.preset, issuer.Request{Claims: tt.claims})
			about := claims["kubernetes.io"].(map[string]any)
			want := []any{tt.sub, tt.namespace, tt.sa}
			got := []any{claims["sub"], about["namespace"], about["serviceaccount"].(map[string]any)["name"]}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("sub, namespace, name (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBinding checks what each preset's token is bound to, and that another name has another uid.
func TestBinding(t *testing.T) {
	t.Parallel()
	tests := []struct {
		preset string
		want   []string
	}{
		{"pod", []string{"namespace", "node", "pod", "serviceaccount"}},
		{"service-account", []string{"namespace", "serviceaccount"}},
		{"node-bound", []string{"namespace", "node", "serviceaccount"}},
		{"secret-bound", []string{"namespace", "secret", "serviceaccount"}},
		{"legacy-extended", []string{"namespace", "node", "pod", "serviceaccount", "warnafter"}},
	}
	for _, tt := range tests {
		t.Run(tt.preset, func(t *testing.T) {
			t.Parallel()
			token, err := newIssuer(t, issuer.WithPreset(tt.preset)).Mint(issuer.Request{})
			if err != nil {
				t.Fatal(err)
			}
			_, payload := issuertest.Parts(t, token.Raw)
			var got []string
			for _, name := range issuertest.Members(t, payload) {
				if member, ok := strings.CutPrefix(name, "kubernetes.io."); ok && !strings.Contains(member, ".") {
					got = append(got, member)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("members of kubernetes.io (-want +got):\n%s", diff)
			}
		})
	}
	uid := func(sub string) any {
		about := mint(t, "pod", issuer.Request{Claims: issuer.Claims{"sub": sub}})["kubernetes.io"].(map[string]any)
		return about["serviceaccount"].(map[string]any)["uid"]
	}
	one, other := uid("system:serviceaccount:a:x"), uid("system:serviceaccount:b:x")
	if one == other || one != uid("system:serviceaccount:a:x") {
		t.Errorf("uid of a/x is %q, of b/x %q, want two that stay", one, other)
	}
}

func TestExtension(t *testing.T) {
	t.Parallel()
	const asked = 3607 * time.Second
	api := []string{"https://kubernetes.default.svc.cluster.local"}
	tests := []struct {
		name, preset string
		lifetime     time.Duration
		audience     []string
		want         time.Duration
		warned       bool
	}{
		{"own audience by default", "legacy-extended", 0, nil, 365 * 24 * time.Hour, true},
		{"own audience by name", "kubeadm-in-cluster", asked, api, 365 * 24 * time.Hour, true},
		{"another audience", "legacy-extended", 0, []string{"api://AzureADTokenExchange"}, asked, false},
		{"one of two is another", "kubeadm-in-cluster", asked, append(api, "other"), asked, false},
		{"another lifetime", "legacy-extended", time.Hour, nil, time.Hour, false},
		{"no pod", "service-account", asked, nil, asked, false},
		{"AKS", "aks-pod", asked, nil, asked, false},
		{"EKS", "eks-pod", asked, nil, 90 * 24 * time.Hour, true},
		{"as usual", "pod", 0, nil, time.Hour, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			claims := mint(t, tt.preset, issuer.Request{Lifetime: tt.lifetime, Audience: tt.audience})
			iat := claims["iat"].(int64)
			if got := time.Duration(claims["exp"].(int64)-iat) * time.Second; got != tt.want {
				t.Errorf("exp - iat is %v, want %v", got, tt.want)
			}
			warn, warned := claims["kubernetes.io"].(map[string]any)["warnafter"]
			if warned != tt.warned || warned && warn != iat+3607 {
				t.Errorf("warnafter is %v (iat %d), want it: %v", warn, iat, tt.warned)
			}
		})
	}
}

func TestExtensionOfGivenAudience(t *testing.T) {
	t.Parallel()
	for _, aud := range []any{"other", []any{"other"}, 1} {
		claims := mint(t, "legacy-extended", issuer.Request{Claims: issuer.Claims{"aud": aud}})
		if got := claims["exp"].(int64) - claims["iat"].(int64); got != 3607 {
			t.Errorf("aud %v: exp - iat is %d s, want 3607", aud, got)
		}
		if !cmp.Equal(aud, claims["aud"]) {
			t.Errorf("aud is %v, want %v", claims["aud"], aud)
		}
	}
}

func TestAudience(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, preset string
		asked        []string
		claims       issuer.Claims
		want         []any
	}{
		{"none: the API server's", "aks-pod", nil, nil, []any{"https://eastus.oic.prod-aks.azure.com/ffffffff-eeee-dddd-cccc-bbbbbbbbbbb0/00000000-0000-0000-0000-000000000000/"}},
		{"none, another iss", "pod", nil, issuer.Claims{"iss": "https://other.example"}, []any{"https://other.example"}},
		{"one is an array", "pod", []string{"api://AzureADTokenExchange"}, nil, []any{"api://AzureADTokenExchange"}},
		{"two", "pod", []string{"a", "b"}, nil, []any{"a", "b"}},
		{"Pod Identity", "eks-pod-identity", nil, nil, []any{"pods.eks.amazonaws.com"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			claims := mint(t, tt.preset, issuer.Request{Audience: tt.asked, Claims: tt.claims})
			if diff := cmp.Diff(any(tt.want), claims["aud"]); diff != "" {
				t.Errorf("aud (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWrongTypes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		claims issuer.Claims
		want   string // empty: minted
	}{
		{"object needed", issuer.Claims{"kubernetes.io": "x"}, `kubernetes: claim "kubernetes.io": want an object, got string "x"`},
		{"namespace needed", issuer.Claims{"kubernetes.io": map[string]any{"namespace": 7}}, `kubernetes: claim "kubernetes.io.namespace": want a string, got int "7"`},
		{"name needed", issuer.Claims{"kubernetes.io": map[string]any{"serviceaccount": map[string]any{"name": true}}},
			`kubernetes: claim "kubernetes.io.serviceaccount.name": want a string, got bool "true"`},
		{"account needed", issuer.Claims{"kubernetes.io": map[string]any{"serviceaccount": "api"}},
			`kubernetes: claim "kubernetes.io.serviceaccount": want an object, got string "api"`},
		{"not needed: sub is given", issuer.Claims{"kubernetes.io": "x", "sub": "s"}, ""},
		{"not needed: a pod is in no sub", issuer.Claims{"kubernetes.io": map[string]any{"pod": 1}}, ""},
		{"not needed: sub is odd itself", issuer.Claims{"sub": 5, "kubernetes.io": []any{}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			token, err := newIssuer(t).Mint(issuer.Request{Claims: tt.claims})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Fatalf("error %q, want %q", got, tt.want)
			}
			for name, want := range tt.claims {
				if _, object := want.(map[string]any); !object && err == nil && !cmp.Equal(want, token.Claims[name]) {
					t.Errorf("%s is %v, want %v", name, token.Claims[name], want)
				}
			}
		})
	}
}

func newIssuer(t *testing.T, opts ...issuer.Option) *issuer.Issuer {
	t.Helper()
	iss, err := issuer.New(kubernetes.Platform, append([]issuer.Option{issuer.WithKeys(issuer.GenerateTestKey)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return iss
}

func mint(t *testing.T, preset string, req issuer.Request) issuer.Claims {
	t.Helper()
	token, err := newIssuer(t, issuer.WithPreset(preset)).Mint(req)
	if err != nil {
		t.Fatal(err)
	}
	return token.Claims
}
