package kubernetes_test

import (
	"crypto/rand"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/kubernetes"
)

const annotation = "azure.workload.identity/"

// TestWebhook compares the environment and the projected token with what the webhook of Azure Workload Identity makes
// of annotations.
func TestWebhook(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		annotations map[string]any
		env         map[string]string // without the paths
		seconds     float64           // of the token in the file
	}{
		{"none", nil, map[string]string{}, 3600},
		{"application", map[string]any{"client-id": "c", "tenant-id": "t"},
			map[string]string{"AZURE_CLIENT_ID": "c", "AZURE_TENANT_ID": "t", "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com/"}, 3600},
		{"client alone", map[string]any{"client-id": "c"},
			map[string]string{"AZURE_CLIENT_ID": "c", "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com/"}, 3600},
		{"empty", map[string]any{"client-id": "", "tenant-id": nil}, map[string]string{}, 3600},
		{"a day", map[string]any{"service-account-token-expiration": "86400"}, map[string]string{}, 86400},
		{"the default volume's", map[string]any{"service-account-token-expiration": "3607"}, map[string]string{}, 3607},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			claims := issuer.Claims{}
			for name, value := range tt.annotations {
				claims[annotation+name] = value
			}
			c := newCluster(t, "pod", claims)
			env := map[string]string{}
			for name, value := range c.env {
				if name != "KUBECONFIG" && name != "AZURE_FEDERATED_TOKEN_FILE" {
					env[name] = value
				}
			}
			if diff := cmp.Diff(tt.env, env); diff != "" {
				t.Errorf("environment (-want +got):\n%s", diff)
			}
			raw, err := os.ReadFile(c.env["AZURE_FEDERATED_TOKEN_FILE"])
			if err != nil {
				t.Fatal(err)
			}
			token := payload(t, string(raw))
			if got := token["exp"].(float64) - token["iat"].(float64); got != tt.seconds {
				t.Errorf("the token in the file lives %v s, want %v", got, tt.seconds)
			}
			account := c.get(t, "/api/v1/namespaces/default/serviceaccounts/workload-identity-sa")
			annotated, _ := account["metadata"].(map[string]any)["annotations"].(map[string]any)
			for name, want := range tt.annotations {
				if annotated[annotation+name] != want {
					t.Errorf("the service account's annotations are %v, want %s %v", annotated, name, want)
				}
				if _, has := token[annotation+name]; has {
					t.Errorf("the token has the claim %s", annotation+name)
				}
			}
		})
	}
}

// TestBadPods has claims of a workload that make no pod.
func TestBadPods(t *testing.T) {
	t.Parallel()
	const expiration = annotation + "service-account-token-expiration"
	valid := "Expected value to be between 3600 and 86400"
	for _, tt := range []struct {
		name  string
		value any
		want  string
	}{
		{expiration, "3599", `kubernetes: annotation "` + expiration + `": token expiration 3599 not valid. ` + valid},
		{expiration, "86401", `kubernetes: annotation "` + expiration + `": token expiration 86401 not valid. ` + valid},
		{expiration, "1h", `kubernetes: annotation "` + expiration + `": want seconds, got "1h"`},
		{expiration, int64(3600), "kubernetes: " + expiration + ": want a string, got int64"},
		{"user", true, "kubernetes: user: want a string, got bool"},
		{"user", "system:serviceaccount:default:gone", `kubernetes: user "system:serviceaccount:default:gone": serviceaccounts "gone" not found`},
		{"expirationSeconds", "1h", "kubernetes: the workload's request for a token: json: cannot unmarshal string into Go struct field " +
			"volume.expirationSeconds of type int64"},
		{"boundObjectRef", "quick-start", "kubernetes: the workload's request for a token: json: cannot unmarshal string into Go struct field " +
			"volume.boundObjectRef of type apiserver.Reference"},
	} {
		_, err := kubernetes.Platform.Native.New(issuer.Workload{
			Issuer: newIssuer(t), Claims: issuer.Claims{tt.name: tt.value}, Base: "https://127.0.0.1:6443", Now: func() time.Time { return start }, Rand: rand.Reader,
		})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s %v: error %v\nwant %s", tt.name, tt.value, err, tt.want)
		}
	}
}

// TestFetchAsked asks for tokens as pods that are made up in other ways.
func TestFetchAsked(t *testing.T) {
	t.Parallel()
	const may = ` cannot create resource "serviceaccounts/token" in API group "" in the namespace "default"`
	tests := []struct {
		name    string
		claims  issuer.Claims
		status  int // 0: there is a token
		message string
	}{
		{"administrator", issuer.Claims{"user": "kubernetes-admin"}, 0, ""},
		{"another cluster's", issuer.Claims{"user": "admin"}, 401, "Unauthorized"},
		{"nobody", issuer.Claims{"user": "system:anonymous"}, 403,
			`serviceaccounts "workload-identity-sa" is forbidden: User "system:anonymous"` + may},
		{"itself", issuer.Claims{"user": "system:serviceaccount:default:workload-identity-sa"}, 403,
			`serviceaccounts "workload-identity-sa" is forbidden: User "system:serviceaccount:default:workload-identity-sa"` + may},
		{"another account", issuer.Claims{"user": "system:serviceaccount:kube-system:default"}, 403,
			`serviceaccounts "workload-identity-sa" is forbidden: User "system:serviceaccount:kube-system:default"` + may},
		{"no account", issuer.Claims{"serviceAccountName": "x"}, 404, `serviceaccounts "x" not found`},
		{"too short", issuer.Claims{"expirationSeconds": 599}, 422,
			`TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes`},
		{"short", issuer.Claims{"expirationSeconds": 600}, 0, ""},
		{"no pod", issuer.Claims{"boundObjectRef": map[string]any{"name": "gone"}}, 404, `pods "gone" not found`},
		{"bound to nothing", issuer.Claims{"boundObjectRef": nil}, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, "pod", tt.claims)
			found := issuer.Found{Base: c.base, Env: c.env}
			token, err := kubernetes.Platform.Native.Fetch(t.Context(), http.DefaultClient, found, "api://AzureADTokenExchange")
			var refused *issuer.Refused
			if tt.status != 0 {
				if !errors.As(err, &refused) || *refused != (issuer.Refused{Status: tt.status, Message: tt.message}) {
					t.Errorf("error %#v\nwant %d %s", err, tt.status, tt.message)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			claims := payload(t, token)
			if life, want := claims["exp"].(float64)-claims["iat"].(float64), tt.claims["expirationSeconds"]; want != nil && life != float64(want.(int)) {
				t.Errorf("the token lives %v s, want %v", life, want)
			}
			_, asked := tt.claims["boundObjectRef"]
			if _, has := claims["kubernetes.io"].(map[string]any)["pod"]; has == asked {
				t.Errorf("the token names a pod: %v, want %v", has, !asked)
			}
		})
	}
}
