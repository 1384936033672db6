package clients

import (
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-azure-sdk/sdk/auth"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// TestAzurePipelines signs in as a job of Azure Pipelines with azidentity, which finds the address in the environment.
func TestAzurePipelines(t *testing.T) {
	j := startCIJob(t, "azure-devops", "service-connection")
	conforms(t, j.farm, azureIdentity)
	for name, value := range j.env {
		t.Setenv(name, value)
	}
	connection, secret := j.env["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"], j.env["SYSTEM_ACCESSTOKEN"]
	const refused = " response from the OIDC endpoint. Check service connection ID and Pipeline configuration."
	tests := []struct {
		name, connection, secret string
		want                     []string // of the error; nil: there is none
	}{
		{"signs in", connection, secret, nil},
		{"unknown connection", "00000000-0000-0000-0000-000000000000", secret, []string{
			"404 Not Found" + refused, "No service connection found with identifier ",
		}},
		{"wrong access token", connection, "wrong", []string{"401 Unauthorized" + refused}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wire := &wire{http: j.farm.Client()}
			credential, err := azidentity.NewAzurePipelinesCredential(j.farm.Tenant, j.app.ClientID, tt.connection, tt.secret,
				&azidentity.AzurePipelinesCredentialOptions{ClientOptions: azcore.ClientOptions{
					Transport: wire, Retry: policy.RetryOptions{MaxRetries: -1},
				}})
			if err != nil {
				t.Fatal(err)
			}
			access, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{graphScope}})
			if tt.want != nil {
				wantError(t, err, tt.want...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			claims := claimsOf(t, access.Token)
			wantSignedIn(t, tt.name, claims, j.farm.Tenant, j.app.ClientID)
			wantLife(t, claims, access.ExpiresOn)
			address := strings.TrimPrefix(j.env["SYSTEM_OIDCREQUESTURI"], "https://")
			signIn := signInRequests(j.farm.Tenant)
			want := []string{signIn[0], signIn[1], "POST " + address, signIn[2]}
			if diff := cmp.Diff(want, wire.requests()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAzurePipelinesHashiCorp signs in as Terraform's providers do in Azure Pipelines, and repeats the mistakes that
// their users report.
func TestAzurePipelinesHashiCorp(t *testing.T) {
	j := startCIJob(t, "azure-devops", "service-connection")
	useHashiCorp(t, j.farm)
	good := auth.Credentials{
		TenantID: j.farm.Tenant, ClientID: j.app.ClientID, EnableAuthenticationUsingADOPipelineOIDC: true,
		OIDCTokenRequestURL: j.env["SYSTEM_OIDCREQUESTURI"], OIDCTokenRequestToken: j.env["SYSTEM_ACCESSTOKEN"],
		ADOPipelineServiceConnectionID: j.env["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"],
	}
	tests := []struct {
		name   string
		change func(c *auth.Credentials)
		want   []string // of the error; nil: there is none
	}{
		{"signs in", func(*auth.Credentials) {}, nil},
		{"unknown connection", func(c *auth.Credentials) { c.ADOPipelineServiceConnectionID = "prod" }, []string{
			"adoPipelineAssertion: received HTTP status 404 with response: ", `No service connection found with identifier \"prod\"`,
		}},
		// The redirect to the page for people ends in HTML.
		{"wrong access token", func(c *auth.Credentials) { c.OIDCTokenRequestToken = "wrong" }, []string{
			"adoPipelineAssertion: cannot unmarshal response: invalid character '<' looking for beginning of value",
		}},
		// Azure/terraform-provider-azapi#892: without a service connection, the providers ask as on GitHub.
		{"no connection", func(c *auth.Credentials) {
			c.ADOPipelineServiceConnectionID, c.EnableAuthenticationUsingGitHubOIDC = "", true
		}, []string{
			"githubAssertion: received HTTP status 405 with response: ",
			`{"count":1,"value":{"Message":"The requested resource does not support http method 'GET'."}}`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			credentials := good
			tt.change(&credentials)
			claims, err := hashiCorp(t, credentials)
			if tt.want != nil {
				wantError(t, err, tt.want...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantSignedIn(t, tt.name, claims, j.farm.Tenant, j.app.ClientID)
		})
	}
}

// TestAzurePipelinesSubject asks for the pipeline's token where the credential is for the service connection's, as in
// microsoft/terraform-provider-azuredevops#1443: Entra refuses the subject.
func TestAzurePipelinesSubject(t *testing.T) {
	t.Parallel()
	j := startCIJob(t, "azure-devops", "service-connection")
	delete(j.env, "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")
	token, err := j.platform.Native.Fetch(t.Context(), j.farm.Client(), issuer.Found{Env: j.env}, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = j.app.Exchange(token)
	wantError(t, err, "AADSTS700213: ", "p://contoso/app/build")
}
