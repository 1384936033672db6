package clients

import (
	"testing"

	"github.com/hashicorp/go-azure-sdk/sdk/auth"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// TestBuildkite signs in with the token that a step's agent asks its API for. The agent is no library; the platform's
// own minimal client stands for it, with the requests of its source.
func TestBuildkite(t *testing.T) {
	j := startCIJob(t, "buildkite", "step")
	useHashiCorp(t, j.farm)
	token, err := j.platform.Native.Fetch(t.Context(), j.farm.Client(), issuer.Found{Env: j.env}, exchangeAudience)
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
