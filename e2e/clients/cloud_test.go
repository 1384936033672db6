package clients

import (
	"context"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	_ "github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/runtime" // tells each cloud the audience of Resource Manager
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// TestClouds signs in to Resource Manager in each cloud with what Azure's SDK knows about it: the login host, and the
// audience, which ends with a slash.
func TestClouds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		cloud cloud.Configuration
	}{
		{"public", cloud.AzurePublic},
		{"usgov", cloud.AzureGovernment},
		{"china", cloud.AzureChina},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			audience, err := directory.ExchangeAudience(tt.name)
			if err != nil {
				t.Fatal(err)
			}
			farm := harness.New(t, harness.WithCloud(tt.name))
			conforms(t, farm, azureIdentity)
			minted := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"}).MustMint(harness.MintSpec{Audience: []string{audience}})
			app := farm.MustAddApp("deployer", credentialFor(t, minted))
			assertion := func(context.Context) (string, error) { return minted.Token, nil }
			credential, err := azidentity.NewClientAssertionCredential(farm.Tenant, app.ClientID, assertion, &azidentity.ClientAssertionCredentialOptions{
				ClientOptions: azcore.ClientOptions{Cloud: tt.cloud, Transport: farm.Client()},
			})
			if err != nil {
				t.Fatal(err)
			}
			want := tt.cloud.Services[cloud.ResourceManager].Audience
			access, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{want + "/.default"}, EnableCAE: true})
			if err != nil {
				t.Fatal(err)
			}
			claims := claimsOf(t, access.Token)
			if want == "" || claims["aud"] != want || claims["tid"] != farm.Tenant {
				t.Errorf("aud is %v and tid %v, want %q and %q", claims["aud"], claims["tid"], want, farm.Tenant)
			}
		})
	}
}
