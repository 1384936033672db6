package clients

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-azure-sdk/sdk/auth"
	"github.com/hashicorp/go-azure-sdk/sdk/environments"
)

// TestHashiCorp signs in as Terraform's providers azurerm and azuread do in a run of HCP Terraform. The library asks
// nothing but the token endpoint. Its HTTP client is a variable of the package, which no other test uses.
func TestHashiCorp(t *testing.T) {
	t.Parallel()
	w := trusted(t, "terraform")
	conforms(t, w.farm, goAzureSDK)
	wire := &wire{http: w.farm.Client()}
	auth.Client = wire
	environment := environments.AzurePublic()
	tests := []struct {
		name string
		api  environments.Api
		want string // aud
	}{
		{"azurerm", environment.ResourceManager, "https://management.azure.com"},
		{"azuread", environment.MicrosoftGraph, "https://graph.microsoft.com"},
	}
	var requests []string
	for _, tt := range tests {
		authorizer, err := auth.NewAuthorizerFromCredentials(t.Context(), auth.Credentials{
			Environment: *environment, TenantID: w.farm.Tenant, ClientID: w.app.ClientID,
			EnableAuthenticationUsingOIDC: true, OIDCAssertionToken: w.assertion.Token,
		}, tt.api)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		token, err := authorizer.Token(t.Context(), new(http.Request))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		claims := claimsOf(t, token.AccessToken)
		want := map[string]any{"aud": tt.want, "appid": w.app.ClientID, "tid": w.farm.Tenant, "idtyp": "app"}
		if diff := cmp.Diff(want, pick(claims, "aud", "appid", "tid", "idtyp")); diff != "" {
			t.Errorf("%s: claims (-want +got):\n%s", tt.name, diff)
		}
		if claims["oid"] == nil {
			t.Errorf("%s: no oid, which the providers read", tt.name)
		}
		wantLife(t, claims, token.Expiry)
		requests = append(requests, "POST login.microsoftonline.com/"+w.farm.Tenant+"/oauth2/v2.0/token")
	}
	if diff := cmp.Diff(requests, wire.requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
