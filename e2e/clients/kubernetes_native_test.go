package clients

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
	authentication "k8s.io/api/authentication/v1"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/issuerd/issuerd/harness"
)

// The service account of the platform's presets.
const (
	kubeNamespace = "default"
	kubeAccount   = "workload-identity-sa"
)

// kubernetesWorkload is a farm with a cluster and a pod in it.
func kubernetesWorkload(t *testing.T, preset string) (*harness.Farm, *harness.Issuer, *harness.Workload) {
	t.Helper()
	farm := harness.New(t)
	iss := farm.MustAddIssuer(harness.IssuerSpec{Platform: "kubernetes", Preset: preset})
	return farm, iss, iss.MustStartWorkload(harness.WorkloadSpec{Preset: preset})
}

// clientGo is client-go with the kubeconfig of a workload; contentType changes what it sends, empty is its default:
// protobuf.
func clientGo(t *testing.T, kubeconfig, contentType string) *kubernetes.Clientset {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.ContentType = contentType
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// signInWith signs a token's subject in with azidentity, as an application that trusts it.
func signInWith(t *testing.T, farm *harness.Farm, token string) {
	t.Helper()
	claims := claimsOf(t, token)
	app := farm.MustAddApp(fmt.Sprintf("%v %v", claims["sub"], claims["jti"]), credentialFor(t, harness.Token{Claims: claims}))
	credential, err := azidentity.NewClientAssertionCredential(farm.Tenant, app.ClientID,
		func(context.Context) (string, error) { return token, nil },
		&azidentity.ClientAssertionCredentialOptions{ClientOptions: azcore.ClientOptions{Transport: farm.Client()}})
	if err != nil {
		t.Fatal(err)
	}
	wantKubernetesAccess(t, farm, app, credential)
}

func wantKubernetesAccess(t *testing.T, farm *harness.Farm, app *harness.App, credential azcore.TokenCredential) {
	t.Helper()
	conforms(t, farm, azureIdentity)
	access, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{graphScope}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"aud": "https://graph.microsoft.com", "appid": app.ClientID, "tid": farm.Tenant, "idtyp": "app"}
	if diff := cmp.Diff(want, pick(claimsOf(t, access.Token), "aud", "appid", "tid", "idtyp")); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

// TestClientGoCreateToken asks for a token with client-go, in both encodings, and signs in with it.
func TestClientGoCreateToken(t *testing.T) {
	t.Parallel()
	farm, iss, w := kubernetesWorkload(t, "aks-pod")
	conforms(t, farm, "k8s.io/client-go")
	for _, contentType := range []string{"", "application/json"} {
		client := clientGo(t, w.Env["KUBECONFIG"], contentType)
		seconds := int64(7200)
		got, err := client.CoreV1().ServiceAccounts(kubeNamespace).CreateToken(t.Context(), kubeAccount, &authentication.TokenRequest{
			Spec: authentication.TokenRequestSpec{Audiences: []string{exchangeAudience}, ExpirationSeconds: &seconds},
		}, meta.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		claims := claimsOf(t, got.Status.Token)
		want := map[string]any{
			"iss": iss.URL, "sub": "system:serviceaccount:default:workload-identity-sa", "aud": []any{exchangeAudience},
		}
		if diff := cmp.Diff(want, pick(claims, "iss", "sub", "aud")); diff != "" {
			t.Errorf("claims (-want +got):\n%s", diff)
		}
		if _, pod := claims["kubernetes.io"].(map[string]any)["pod"]; pod {
			t.Error("the token is bound to a pod that nobody named")
		}
		if life := claims["exp"].(float64) - claims["iat"].(float64); life != 7200 {
			t.Errorf("the token lives %v s, want 7200", life)
		}
		if left := time.Until(got.Status.ExpirationTimestamp.Time); left <= 0 || left > 2*time.Hour {
			t.Errorf("expirationTimestamp is %v from now, want two hours", left)
		}
		signInWith(t, farm, got.Status.Token)
	}
}

// TestClientGoBound asks for a pod's token and finds the pod in the review of it.
func TestClientGoBound(t *testing.T) {
	t.Parallel()
	farm, iss, w := kubernetesWorkload(t, "pod")
	conforms(t, farm, "k8s.io/client-go")
	client := clientGo(t, w.Env["KUBECONFIG"], "")
	got, err := client.CoreV1().ServiceAccounts(kubeNamespace).CreateToken(t.Context(), kubeAccount, &authentication.TokenRequest{
		Spec: authentication.TokenRequestSpec{BoundObjectRef: &authentication.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: "quick-start"}},
	}, meta.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	review, err := client.AuthenticationV1().TokenReviews().Create(t.Context(), &authentication.TokenReview{
		Spec: authentication.TokenReviewSpec{Token: got.Status.Token},
	}, meta.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	status := review.Status
	if !status.Authenticated || status.Error != "" || status.User.Username != "system:serviceaccount:default:workload-identity-sa" {
		t.Errorf("status is %+v, want the service account, authenticated", status)
	}
	if diff := cmp.Diff([]string{iss.URL}, status.Audiences); diff != "" {
		t.Errorf("audiences (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(authentication.ExtraValue{"quick-start"}, status.User.Extra["authentication.kubernetes.io/pod-name"]); diff != "" {
		t.Errorf("pod-name (-want +got):\n%s", diff)
	}

	wrong, err := client.AuthenticationV1().TokenReviews().Create(t.Context(), &authentication.TokenReview{
		Spec: authentication.TokenReviewSpec{Token: got.Status.Token, Audiences: []string{"vault"}},
	}, meta.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want := `[invalid bearer token, token audiences ["` + iss.URL + `"] is invalid for the target audiences ["vault"]]`; wrong.Status.Error != want {
		t.Errorf("error is %q, want %q", wrong.Status.Error, want)
	}
}

// TestClientGoAccounts makes a service account, finds it, and signs in as it; then as the account client-go may do
// little.
func TestClientGoAccounts(t *testing.T) {
	t.Parallel()
	farm, _, w := kubernetesWorkload(t, "pod")
	conforms(t, farm, "k8s.io/client-go")
	client := clientGo(t, w.Env["KUBECONFIG"], "")
	accounts := client.CoreV1().ServiceAccounts(kubeNamespace)
	made, err := accounts.Create(t.Context(), &core.ServiceAccount{ObjectMeta: meta.ObjectMeta{
		Name: "payments", Annotations: map[string]string{"azure.workload.identity/client-id": "3d0b6b3f"},
	}}, meta.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := accounts.Get(t.Context(), "payments", meta.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, got); diff != "" {
		t.Errorf("created and got (-created +got):\n%s", diff)
	}
	list, err := accounts.List(t.Context(), meta.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, item := range list.Items {
		names = append(names, item.Name)
	}
	if diff := cmp.Diff([]string{"default", "payments", kubeAccount}, names); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
	if _, err := accounts.Create(t.Context(), made, meta.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Errorf("created twice: error %v", err)
	}
	exchange, err := accounts.CreateToken(t.Context(), "payments", &authentication.TokenRequest{
		Spec: authentication.TokenRequestSpec{Audiences: []string{exchangeAudience}},
	}, meta.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	signInWith(t, farm, exchange.Status.Token)

	own, err := accounts.CreateToken(t.Context(), "payments", &authentication.TokenRequest{}, meta.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", w.Env["KUBECONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	config.BearerToken = own.Status.Token
	pod, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	self, err := pod.AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authentication.SelfSubjectReview{}, meta.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantGroups := []string{"system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"}
	if diff := cmp.Diff(wantGroups, self.Status.UserInfo.Groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	_, err = pod.CoreV1().ServiceAccounts(kubeNamespace).CreateToken(t.Context(), "default", &authentication.TokenRequest{}, meta.CreateOptions{})
	want := `serviceaccounts "default" is forbidden: User "system:serviceaccount:default:payments" cannot create resource ` +
		`"serviceaccounts/token" in API group "" in the namespace "default"`
	if !apierrors.IsForbidden(err) || err.Error() != want {
		t.Errorf("error %v\nwant  %s", err, want)
	}
	if _, err := pod.Discovery().ServerVersion(); err != nil {
		t.Error(err)
	}
}

// TestClientGoRefused looks at what a user of client-go gets to read.
func TestClientGoRefused(t *testing.T) {
	t.Parallel()
	farm, _, w := kubernetesWorkload(t, "pod")
	conforms(t, farm, "k8s.io/client-go")
	accounts := clientGo(t, w.Env["KUBECONFIG"], "").CoreV1().ServiceAccounts(kubeNamespace)
	short := int64(60)
	tests := []struct {
		name, account string
		spec          authentication.TokenRequestSpec
		want          string
		is            func(error) bool
	}{
		{"too short", kubeAccount, authentication.TokenRequestSpec{ExpirationSeconds: &short},
			`TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes`,
			apierrors.IsInvalid},
		{"no account", "nobody", authentication.TokenRequestSpec{}, `serviceaccounts "nobody" not found`, apierrors.IsNotFound},
		{"no pod", kubeAccount, authentication.TokenRequestSpec{
			BoundObjectRef: &authentication.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: "gone"},
		}, `pods "gone" not found`, apierrors.IsNotFound},
	}
	for _, tt := range tests {
		_, err := accounts.CreateToken(t.Context(), tt.account, &authentication.TokenRequest{Spec: tt.spec}, meta.CreateOptions{})
		if !tt.is(err) || err.Error() != tt.want {
			t.Errorf("%s: error %v\nwant %s", tt.name, err, tt.want)
		}
	}
}

// TestProjectedToken signs in with the file that a kubelet projects. The workload reads it again when it is due.
func TestProjectedToken(t *testing.T) {
	t.Parallel()
	farm, iss, w := kubernetesWorkload(t, "aks-pod")
	path := w.Env["AZURE_FEDERATED_TOKEN_FILE"]
	token, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	claims := claimsOf(t, string(token))
	if claims["iss"] != iss.URL || claims["kubernetes.io"].(map[string]any)["pod"] == nil {
		t.Errorf("claims are %v, want a pod's of %s", claims, iss.URL)
	}
	app := farm.MustAddApp("pod", credentialFor(t, harness.Token{Claims: claims}))
	credential, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
		ClientOptions: azcore.ClientOptions{Transport: farm.Client()}, TenantID: farm.Tenant, ClientID: app.ClientID, TokenFilePath: path,
	})
	if err != nil {
		t.Fatal(err)
	}
	wantKubernetesAccess(t, farm, app, credential)

	// The kubelet's rule, by the farm's clock: nothing at 80 % of the token's hour, a new token after it.
	farm.MustAdvance(45 * time.Minute)
	if same, err := os.ReadFile(path); err != nil || string(same) != string(token) {
		t.Errorf("after 45 minutes there is another token in the file, want the same (%v)", err)
	}
	farm.MustAdvance(45 * time.Minute)
	anew, err := os.ReadFile(path)
	if err != nil || string(anew) == string(token) {
		t.Errorf("after 90 minutes there is the same token in the file, want another (%v)", err)
	}
	if credential, err = azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
		ClientOptions: azcore.ClientOptions{Transport: farm.Client()}, TenantID: farm.Tenant, ClientID: app.ClientID, TokenFilePath: path,
	}); err != nil {
		t.Fatal(err)
	}
	wantKubernetesAccess(t, farm, app, credential)
	stale, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
		ClientOptions: azcore.ClientOptions{Transport: farm.Client()}, TenantID: farm.Tenant, ClientID: app.ClientID, TokenFilePath: tokenFile(t, string(token)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stale.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{graphScope}}); err == nil || !strings.Contains(err.Error(), "AADSTS700024") {
		t.Errorf("with the token of 90 minutes ago: error %v, want AADSTS700024", err)
	}
}

// TestAzureWorkloadIdentity starts a process that knows what the webhook of Azure Workload Identity gives a pod whose
// service account is annotated with an application, and nothing else but, as an AKS cluster with identity bindings has
// it, where Entra is.
func TestAzureWorkloadIdentity(t *testing.T) {
	t.Parallel()
	farm := harness.New(t)
	conforms(t, farm, azureIdentity)
	issuer := farm.MustAddIssuer(harness.IssuerSpec{Platform: "kubernetes", Preset: "aks-pod"})
	app := farm.MustAddApp("payments-api", harness.Credential{Name: "pod", Issuer: issuer.URL, Subject: "system:serviceaccount:payments:api"})
	w := issuer.MustStartWorkload(harness.WorkloadSpec{Claims: map[string]any{
		"sub":                               "system:serviceaccount:payments:api",
		"azure.workload.identity/client-id": app.ClientID,
		"azure.workload.identity/tenant-id": farm.Tenant,
	}})
	env := []string{
		workloadVariable + "=" + tokenProxy,
		"AZURE_KUBERNETES_TOKEN_PROXY=" + farm.URL(harness.EntraPlane) + "/", "AZURE_KUBERNETES_CA_FILE=" + farm.CAFile(),
	}
	for name, value := range w.Env {
		env = append(env, name+"="+value)
	}
	want := map[string]any{"aud": "https://graph.microsoft.com", "appid": app.ClientID, "tid": farm.Tenant, "idtyp": "app"}
	if diff := cmp.Diff(want, pick(claimsOf(t, runWorkload(t, env)), "aud", "appid", "tid", "idtyp")); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

// TestKubectl runs kubectl against the cluster, configured by the environment alone.
func TestKubectl(t *testing.T) {
	t.Parallel()
	kubectl := kubectlWithTokens(t)
	farm, iss, w := kubernetesWorkload(t, "aks-pod")
	conforms(t, farm, "kubectl")
	home := t.TempDir()
	run := func(args ...string) (stdout, stderr string, err error) {
		cmd := exec.CommandContext(t.Context(), kubectl, args...)
		cmd.Env = []string{"KUBECONFIG=" + w.Env["KUBECONFIG"], "HOME=" + home, "PATH=" + os.Getenv("PATH")}
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		err = cmd.Run()
		return strings.TrimSpace(out.String()), strings.TrimSpace(errs.String()), err
	}

	token, stderr, err := run("create", "token", kubeAccount, "--audience", exchangeAudience, "--duration", "1h")
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	signInWith(t, farm, token)

	document, stderr, err := run("get", "--raw", "/.well-known/openid-configuration")
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	var discovery struct {
		Issuer string
		JWKS   string `json:"jwks_uri"`
	}
	if err := json.Unmarshal([]byte(document), &discovery); err != nil || discovery.Issuer != iss.URL || discovery.JWKS != w.Base+"/openid/v1/jwks" {
		t.Errorf("the document is %s, want issuer %q and jwks_uri at %s", document, iss.URL, w.Base)
	}
	keys, stderr, err := run("get", "--raw", "/openid/v1/jwks")
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	if err := verified(token, keys); err != nil {
		t.Errorf("kubectl's token against kubectl's keys: %v", err)
	}
	for _, tt := range []struct {
		args []string
		want string // an expression
	}{
		{[]string{"create", "serviceaccount", "payments"}, `^serviceaccount/payments created$`},
		{[]string{"create", "sa", "dry", "--dry-run=server"}, `^serviceaccount/dry created \(server dry run\)$`},
		{[]string{"get", "serviceaccounts"}, `^NAME +SECRETS +AGE\ndefault +0 +\d+s\npayments +0 +\d+s\nworkload-identity-sa +0 +\d+s$`},
		{[]string{"get", "sa", "--all-namespaces", "-o", "name"}, `(?m)^serviceaccount/payments$`},
		{[]string{"get", "sa", "payments", "-o", "yaml"}, `(?s)^apiVersion: v1\nkind: ServiceAccount\nmetadata:\n.*  name: payments\n  namespace: default\n.*  uid: `},
		{[]string{"get", "sa", "payments", "--no-headers"}, `^payments +0 +\d+s$`},
		{[]string{"create", "token", "payments", "--bound-object-kind", "Node", "--bound-object-name", "aks-nodepool1-12345678-vmss000000"}, `^ey`},
		{[]string{"api-resources", "-o", "name"}, `^serviceaccounts\nselfsubjectreviews.authentication.k8s.io\ntokenreviews.authentication.k8s.io$`},
		{[]string{"api-versions"}, `^authentication.k8s.io/v1\nv1$`},
		{[]string{"version"}, `(?m)^Server Version: .*v1\.36\.3`},
	} {
		if stdout, stderr, err := run(tt.args...); err != nil || !regexp.MustCompile(tt.want).MatchString(stdout) {
			t.Errorf("kubectl %v: %q, want %s: %v\n%s", tt.args, stdout, tt.want, err, stderr)
		}
	}
	second, stderr, err := run("create", "token", "payments", "--audience", exchangeAudience)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	signInWith(t, farm, second)
	t.Run("auth whoami", func(t *testing.T) {
		who, stderr, err := run("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")
		if strings.Contains(stderr, "selfsubjectreviews API is not enabled in the cluster") {
			leaveOut(t, "kubectl", kubectl+" auth whoami knows only beta APIs (older than 1.28)")
		}
		if err != nil || who != "kubernetes-admin" {
			t.Errorf("%q, want kubernetes-admin: %v\n%s", who, err, stderr)
		}
	})
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"create", "token", "nobody"}, `serviceaccounts "nobody" not found`},
		{[]string{"create", "token", kubeAccount, "--duration", "60s"}, "may not specify a duration less than 10 minutes"},
		{[]string{"--token", "wrong", "create", "token", kubeAccount}, "Unauthorized"},
		{[]string{"get", "sa", "nobody"}, `Error from server (NotFound): serviceaccounts "nobody" not found`},
		{[]string{"create", "sa", "payments"}, `error: failed to create serviceaccount: serviceaccounts "payments" already exists`},
		{[]string{"get", "sa", "dry"}, `Error from server (NotFound): serviceaccounts "dry" not found`},
		{[]string{"create", "token", kubeAccount, "--as=alice", "--as-group=g"}, `serviceaccounts "workload-identity-sa" is forbidden: ` +
			`User "alice" cannot create resource "serviceaccounts/token" in API group "" in the namespace "default"`},
		{[]string{"get", "sa", "--as-group=g"}, "without impersonating a user"},
		{[]string{"get", "pods"}, `error: the server doesn't have a resource type "pods"`},
	} {
		if _, stderr, err := run(tt.args...); err == nil || !strings.Contains(stderr, tt.want) {
			t.Errorf("kubectl %v: error %v, stderr %q; want %q", tt.args, err, stderr, tt.want)
		}
	}
}

// verified checks a token's signature with keys as they are published.
func verified(token, keys string) error {
	var published jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(keys), &published); err != nil {
		return err
	}
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return err
	}
	_, err = parsed.Verify(&published)
	return err
}

// kubectlWithTokens is the kubectl of this machine, if it has create token, which is of 1.24.
func kubectlWithTokens(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("kubectl")
	if err != nil {
		leaveOut(t, "kubectl", "no kubectl on PATH")
	}
	out, err := exec.CommandContext(t.Context(), path, "create", "token", "--help").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--audience") {
		leaveOut(t, "kubectl", path+" has no create token (older than 1.24)")
	}
	return path
}

// TestKubernetesAnonymous: nobody gets at the keys through the API server without a token.
func TestKubernetesAnonymous(t *testing.T) {
	t.Parallel()
	farm, _, w := kubernetesWorkload(t, "pod")
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(farm.CA())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	response, err := (&http.Client{Transport: transport}).Get(w.Base + "/openid/v1/jwks")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var status meta.Status
	if err := json.NewDecoder(response.Body).Decode(&status); err != nil {
		t.Fatal(err)
	}
	if want := `forbidden: User "system:anonymous" cannot get path "/openid/v1/jwks"`; response.StatusCode != http.StatusForbidden || status.Message != want {
		t.Errorf("%d %q, want 403 %q", response.StatusCode, status.Message, want)
	}
}
