package clients

import (
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-azure-sdk/sdk/auth"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// ciJob is a farm with a job of a CI, and an application that trusts the job's token.
type ciJob struct {
	farm *harness.Farm
	env  map[string]string
	app  *harness.App
}

// startCIJob starts a job of a preset of the generic platform. The federated identity credential is what its own token asks for.
func startCIJob(t *testing.T, preset string) ciJob {
	t.Helper()
	j := ciJob{farm: harness.New(t)}
	made := j.farm.MustAddIssuer(harness.IssuerSpec{Platform: "generic", Preset: preset})
	w := made.MustStartWorkload(harness.WorkloadSpec{Preset: preset, Audience: exchangeAudience})
	j.env = w.Env
	platform, err := issuers.ByName("generic")
	if err != nil {
		t.Fatal(err)
	}
	token, err := platform.Native.Fetch(t.Context(), j.farm.Client(), issuer.Found{Base: w.Base, Env: w.Env}, exchangeAudience)
	if err != nil {
		t.Fatal(err)
	}
	j.app = j.farm.MustAddApp(preset, credentialFor(t, harness.Token{Claims: claimsOf(t, token)}))
	return j
}

// TestAzurePipelines signs in as a job of Azure Pipelines with azidentity, which finds the address in the environment.
func TestAzurePipelines(t *testing.T) {
	j := startCIJob(t, "azure-devops")
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

// TestAzurePipelinesHashiCorp signs in as Terraform's providers do in Azure Pipelines, and repeats the mistakes that their users report.
func TestAzurePipelinesHashiCorp(t *testing.T) {
	j := startCIJob(t, "azure-devops")
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
	j := startCIJob(t, "azure-devops")
	platform, err := issuers.ByName("generic")
	if err != nil {
		t.Fatal(err)
	}
	delete(j.env, "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")
	token, err := platform.Native.Fetch(t.Context(), j.farm.Client(), issuer.Found{Env: j.env}, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = j.app.Exchange(token)
	wantError(t, err, "AADSTS700213: ", "p://contoso/app/build")
}

// TestForgejo signs in as a job of Forgejo Actions, with what HashiCorp's library does on GitHub.
func TestForgejo(t *testing.T) {
	j := startCIJob(t, "forgejo")
	useHashiCorp(t, j.farm)
	credentials := auth.Credentials{
		TenantID: j.farm.Tenant, ClientID: j.app.ClientID, EnableAuthenticationUsingGitHubOIDC: true,
		OIDCTokenRequestURL: j.env["ACTIONS_ID_TOKEN_REQUEST_URL"], OIDCTokenRequestToken: j.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
	}
	claims, err := hashiCorp(t, credentials)
	if err != nil {
		t.Fatal(err)
	}
	wantSignedIn(t, "forgejo", claims, j.farm.Tenant, j.app.ClientID)
	credentials.OIDCTokenRequestToken = "wrong"
	_, err = hashiCorp(t, credentials)
	wantError(t, err, "githubAssertion: received HTTP status 401 with response: Unauthorized")
}

// TestDeliveredTokens signs in with the variable that a CI sets, as Terraform's providers do with ARM_OIDC_TOKEN.
func TestDeliveredTokens(t *testing.T) {
	for preset, variable := range map[string]string{
		"plain": "ID_TOKEN", "gitlab": "ID_TOKEN", "circleci": "CIRCLE_OIDC_TOKEN", "circleci-v2": "CIRCLE_OIDC_TOKEN_V2",
		"bitbucket": "BITBUCKET_STEP_OIDC_TOKEN",
	} {
		t.Run(preset, func(t *testing.T) {
			j := startCIJob(t, preset)
			useHashiCorp(t, j.farm)
			claims, err := hashiCorp(t, auth.Credentials{
				TenantID: j.farm.Tenant, ClientID: j.app.ClientID, EnableAuthenticationUsingOIDC: true, OIDCAssertionToken: j.env[variable],
			})
			if err != nil {
				t.Fatal(err)
			}
			wantSignedIn(t, preset, claims, j.farm.Tenant, j.app.ClientID)
		})
	}
}

// TestBuildkite signs in with the token that a step's agent asks its API for. The agent is no library; the platform's own minimal client
// stands for it, with the requests of its source.
func TestBuildkite(t *testing.T) {
	j := startCIJob(t, "buildkite")
	useHashiCorp(t, j.farm)
	platform, err := issuers.ByName("generic")
	if err != nil {
		t.Fatal(err)
	}
	token, err := platform.Native.Fetch(t.Context(), j.farm.Client(), issuer.Found{Env: j.env}, exchangeAudience)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := hashiCorp(t, auth.Credentials{
		TenantID: j.farm.Tenant, ClientID: j.app.ClientID, EnableAuthenticationUsingOIDC: true, OIDCAssertionToken: token,
	})
	if err != nil {
		t.Fatal(err)
	}
	wantSignedIn(t, "buildkite", claims, j.farm.Tenant, j.app.ClientID)
}

// wantError fails unless an error says all of that.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}
