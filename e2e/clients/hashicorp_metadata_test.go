package clients

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-azure-sdk/sdk/auth"
	"github.com/hashicorp/go-azure-sdk/sdk/environments"
)

// metadataWorkload does what Terraform's provider azurerm does with ARM_METADATA_HOSTNAME: it asks there where
// everything is, signs in there, and lists the subscriptions. It prints the answer.
func metadataWorkload() int {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // only what hangs takes longer, also on a busy machine
	defer cancel()
	if err := listSubscriptions(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func listSubscriptions(ctx context.Context) error {
	environment, err := environments.FromEndpoint(ctx, "https://"+os.Getenv("ARM_METADATA_HOSTNAME"))
	if err != nil {
		return err
	}
	authorizer, err := auth.NewAuthorizerFromCredentials(ctx, auth.Credentials{
		Environment: *environment, TenantID: os.Getenv("ARM_TENANT_ID"), ClientID: os.Getenv("ARM_CLIENT_ID"),
		EnableAuthenticationUsingOIDC: true, OIDCAssertionToken: os.Getenv("ARM_OIDC_TOKEN"),
	}, environment.ResourceManager)
	if err != nil {
		return err
	}
	endpoint, ok := environment.ResourceManager.Endpoint()
	if !ok {
		return fmt.Errorf("no endpoint of Azure Resource Manager in %+v", environment)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(*endpoint, "/")+"/subscriptions?api-version=2022-12-01", nil)
	if err != nil {
		return err
	}
	token, err := authorizer.Token(ctx, req)
	if err != nil {
		return err
	}
	token.SetAuthHeader(req)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(os.Stdout, resp.Body)
	return err
}

// TestMetadataHost leads Terraform's library to a farm by one variable, in a process of its own.
func TestMetadataHost(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		leaveOut(t, "go-azure-sdk", "the library has no setting for a certificate, and Go reads SSL_CERT_FILE on Linux only")
	}
	f := startEntra(t, goAzureSDK)
	got := runWorkload(t, []string{
		workloadVariable + "=" + metadataHost, "SSL_CERT_FILE=" + f.CAFile(), "ARM_METADATA_HOSTNAME=" + strings.TrimPrefix(f.authority, "https://"),
		"ARM_TENANT_ID=" + contosoTenant, "ARM_CLIENT_ID=" + operatorClient, "ARM_OIDC_TOKEN=" + f.assertion,
	})
	if !strings.Contains(got, `"subscriptionId":"`+contosoSubscription+`"`) {
		t.Errorf("subscriptions %s, want %s among them", got, contosoSubscription)
	}
}
