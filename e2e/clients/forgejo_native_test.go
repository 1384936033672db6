package clients

import (
	"testing"

	"github.com/hashicorp/go-azure-sdk/sdk/auth"
)

// TestForgejo signs in as a job of Forgejo Actions, with what HashiCorp's library does on GitHub.
func TestForgejo(t *testing.T) {
	j := startCIJob(t, "forgejo", "branch")
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
