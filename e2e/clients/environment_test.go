package clients

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness"
)

// workloadVariable makes the test binary a workload in a process of its own, which knows no more than its environment.
// Its value is one of the modes below.
const workloadVariable = "ISSUERD_TEST_WORKLOAD"

const (
	baseURL    = "base-url"    // AZURE_AUTHORITY_HOST is the farm
	tokenProxy = "token-proxy" // AZURE_KUBERNETES_TOKEN_PROXY is the farm, the authority the canonical one

	metadataHost = "metadata-host" // ARM_METADATA_HOSTNAME is the farm, see hashicorp_metadata_test.go
)

// workload signs in and prints the access token.
func workload() int {
	var options azidentity.WorkloadIdentityCredentialOptions
	switch mode := os.Getenv(workloadVariable); mode {
	case baseURL:
		// For a host that is not Microsoft's, azidentity asks login.microsoftonline.com who that is; the switch has no
		// variable.
		options.DisableInstanceDiscovery = true
		if runtime.GOOS != "linux" {
			options.Transport = trustFile() // Go reads SSL_CERT_FILE on Linux, not on macOS
		}
	case tokenProxy:
		options.EnableAzureProxy = true
	case metadataHost:
		return metadataWorkload()
	default:
		fmt.Fprintf(os.Stderr, "no mode %q\n", mode)
		return 2
	}
	access, err := signIn(&options)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Print(access.Token)
	return 0
}

func signIn(options *azidentity.WorkloadIdentityCredentialOptions) (azcore.AccessToken, error) {
	credential, err := azidentity.NewWorkloadIdentityCredential(options)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // only what hangs takes longer, also on a busy machine
	defer cancel()
	return credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{graphScope}})
}

// trustFile is an HTTP client that does what Go on Linux does with SSL_CERT_FILE. With an unreadable file it trusts
// nobody.
func trustFile() *http.Client {
	roots := x509.NewCertPool()
	if pem, err := os.ReadFile(os.Getenv("SSL_CERT_FILE")); err == nil {
		roots.AppendCertsFromPEM(pem)
	}
	return &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	}}
}

// TestEnvironment runs a workload whose client is configured by its environment alone, against issuers and an authority
// by path. The requests carry no header of the farm's.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	farm := harness.New(t)
	conforms(t, farm, azureIdentity)
	authority, ca := farm.URL(harness.EntraPlane)+"/", farm.CAFile()
	github := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github", ByPath: true})
	minted := github.MustMint(harness.MintSpec{Audience: []string{exchangeAudience}})
	app := farm.MustAddApp("deployer", credentialFor(t, minted))

	tests := []struct {
		mode string
		env  []string
	}{
		{baseURL, []string{"AZURE_AUTHORITY_HOST=" + authority, "SSL_CERT_FILE=" + ca}},
		// What the webhook of AKS sets for identity bindings. Instance discovery is on.
		{tokenProxy, []string{
			"AZURE_AUTHORITY_HOST=https://login.microsoftonline.com/",
			"AZURE_KUBERNETES_TOKEN_PROXY=" + authority, "AZURE_KUBERNETES_CA_FILE=" + ca,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.mode, func(t *testing.T) {
			t.Parallel()
			token := runWorkload(t, append(tt.env,
				workloadVariable+"="+tt.mode, "AZURE_TENANT_ID="+farm.Tenant, "AZURE_CLIENT_ID="+app.ClientID,
				"AZURE_FEDERATED_TOKEN_FILE="+tokenFile(t, minted.Token),
			))
			want := map[string]any{"aud": "https://graph.microsoft.com", "appid": app.ClientID, "tid": farm.Tenant, "idtyp": "app"}
			if diff := cmp.Diff(want, pick(claimsOf(t, token), "aud", "appid", "tid", "idtyp")); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
}

// runWorkload starts this binary as a workload and returns what it prints. Of this process' environment it gets the
// proxy of TestMain.
func runWorkload(t *testing.T, env []string) string {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = append(env, "HTTPS_PROXY="+os.Getenv("HTTPS_PROXY"), "HTTP_PROXY="+os.Getenv("HTTP_PROXY"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	return strings.TrimSpace(stdout.String())
}
