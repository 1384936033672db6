package clients

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/issuers"
)

// credentials are azidentity's two ways to present an assertion. Neither is told more than a workload would tell it;
// the transport is how it reaches the farm under the canonical names.
var credentials = []struct {
	name string
	make func(t *testing.T, w workloadOf, transport policy.Transporter) (azcore.TokenCredential, error)
}{
	{"ClientAssertionCredential", func(_ *testing.T, w workloadOf, transport policy.Transporter) (azcore.TokenCredential, error) {
		assertion := func(context.Context) (string, error) { return w.assertion.Token, nil }
		return azidentity.NewClientAssertionCredential(w.farm.Tenant, w.app.ClientID, assertion, &azidentity.ClientAssertionCredentialOptions{
			ClientOptions: azcore.ClientOptions{Transport: transport},
		})
	}},
	{"WorkloadIdentityCredential", func(t *testing.T, w workloadOf, transport policy.Transporter) (azcore.TokenCredential, error) {
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: azcore.ClientOptions{Transport: transport},
			TenantID:      w.farm.Tenant, ClientID: w.app.ClientID, TokenFilePath: tokenFile(t, w.assertion.Token),
		})
	}},
}

// tokenFile is a file with a token, as a kubelet projects it.
func tokenFile(t *testing.T, token string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAzidentity signs in as every platform there is.
func TestAzidentity(t *testing.T) {
	t.Parallel()
	for _, platform := range issuers.All() {
		t.Run(platform.Name, func(t *testing.T) {
			t.Parallel()
			w := trusted(t, platform.Name)
			conforms(t, w.farm, azureIdentity)
			for _, c := range credentials {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					wire := &wire{http: w.farm.Client()}
					credential, err := c.make(t, w, wire)
					if err != nil {
						t.Fatal(err)
					}
					access, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{graphScope}})
					if err != nil {
						t.Fatal(err)
					}
					claims := claimsOf(t, access.Token)
					want := map[string]any{
						"aud": "https://graph.microsoft.com", "appid": w.app.ClientID, "tid": w.farm.Tenant, "idtyp": "app", "ver": "1.0",
						"iss": "https://sts.windows.net/" + w.farm.Tenant + "/",
					}
					if diff := cmp.Diff(want, pick(claims, "aud", "appid", "azp", "tid", "idtyp", "ver", "iss")); diff != "" {
						t.Errorf("claims (-want +got):\n%s", diff)
					}
					wantLife(t, claims, access.ExpiresOn)
					if diff := cmp.Diff(signInRequests(w.farm.Tenant), wire.requests()); diff != "" {
						t.Errorf("requests (-want +got):\n%s", diff)
					}
				})
			}
		})
	}
}

// TestAzidentityRefused looks at what a user of azidentity gets to read when Entra refuses.
func TestAzidentityRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(c *harness.Credential)
		want   string
	}{
		{"issuer", func(c *harness.Credential) { c.Issuer += "/" }, "AADSTS700211: "},
		{"audience", func(c *harness.Credential) { c.Audiences = []string{"api://another"} }, "AADSTS700212: "},
		{"subject", func(c *harness.Credential) { c.Subject += "/canary" }, "AADSTS700213: "},
		{"subject's case", func(c *harness.Credential) { c.Subject = strings.ToUpper(c.Subject) }, "AADSTS7002138: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := trusted(t, "github")
			conforms(t, w.farm, azureIdentity)
			credential := credentialFor(t, w.assertion)
			tt.change(&credential)
			w.app = w.farm.MustAddApp("mistaken", credential)
			for _, c := range credentials {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					credential, err := c.make(t, w, w.farm.Client())
					if err != nil {
						t.Fatal(err)
					}
					_, err = credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{graphScope}})
					var refused *azidentity.AuthenticationFailedError
					if !errors.As(err, &refused) || refused.RawResponse == nil {
						t.Fatalf("error %v, want an AuthenticationFailedError with the response", err)
					}
					if refused.RawResponse.StatusCode != http.StatusUnauthorized {
						t.Errorf("status %d, want %d", refused.RawResponse.StatusCode, http.StatusUnauthorized)
					}
					for _, part := range []string{tt.want, c.name, `"error": "invalid_client"`, `"error_uri"`} {
						if !strings.Contains(err.Error(), part) {
							t.Errorf("error %q lacks %q", err, part)
						}
					}
				})
			}
		})
	}
}
