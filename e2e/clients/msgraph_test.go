package clients

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	kiotaauth "github.com/microsoft/kiota-authentication-azure-go"
	kiotahttp "github.com/microsoft/kiota-http-go"
	kiotajson "github.com/microsoft/kiota-serialization-json-go"
	msgraphcore "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go/applications"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
)

// msgraphSDK is Microsoft Graph's client for Go. Of its packages the tests use that of applications alone, because the
// whole is many times as large to compile.
const msgraphSDK = "github.com/microsoftgraph/msgraph-sdk-go"

// graphApplications leads the client to the farm under the real name. But for the transport at its end, its middleware
// is as it comes.
func (f *entraFarm) graphApplications(t *testing.T, clientID string) *applications.ApplicationsRequestBuilder {
	t.Helper()
	auth := must[*kiotaauth.AzureIdentityAuthenticationProvider](t)(
		kiotaauth.NewAzureIdentityAuthenticationProviderWithScopes(f.credential(t, clientID), []string{graphScope}))
	var options msgraphcore.GraphClientOptions
	middleware := msgraphcore.GetDefaultMiddlewaresWithOptions(&options)
	adapter := must[*msgraphcore.GraphRequestAdapterBase](t)(
		msgraphcore.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(auth, options,
			kiotajson.NewJsonParseNodeFactory(), kiotajson.NewJsonSerializationWriterFactory(),
			&http.Client{Transport: kiotahttp.NewCustomTransportWithParentTransport(f.Client().Transport, middleware...)}))
	adapter.SetBaseUrl("https://graph.microsoft.com/v1.0")
	return applications.NewApplicationsRequestBuilderInternal(map[string]string{"baseurl": "https://graph.microsoft.com/v1.0"}, adapter)
}

// refusedByGraph fails unless Microsoft Graph refused a request so.
func refusedByGraph(t *testing.T, err error, status int, code string) {
	t.Helper()
	var refused *odataerrors.ODataError
	if !errors.As(err, &refused) || refused.ResponseStatusCode != status || *refused.GetErrorEscaped().GetCode() != code {
		t.Errorf("error %v, want %d %s", err, status, code)
	}
}

// TestGraphCredentials manages an application's federated credentials.
func TestGraphCredentials(t *testing.T) {
	t.Parallel()
	f := startEntra(t, azureIdentity, msgraphSDK)
	ctx, all := t.Context(), f.graphApplications(t, operatorClient)

	application := models.NewApplication()
	application.SetDisplayName(to.Ptr("made by the SDK"))
	made := must[models.Applicationable](t)(all.Post(ctx, application, nil))
	credentials := all.ByApplicationId(*made.GetId()).FederatedIdentityCredentials()

	created := must[models.FederatedIdentityCredentialable](t)(credentials.Post(ctx, federatedCredential("main", mainBranch), nil))
	if *created.GetSubject() != mainBranch || len(*created.GetId()) != 36 || created.GetDescription() != nil {
		t.Errorf("created %+v", created.GetBackingStore().Enumerate())
	}
	_, err := credentials.Post(ctx, federatedCredential("main", "another"), nil)
	refusedByGraph(t, err, http.StatusConflict, "Request_MultipleObjectsWithSameKeyValue")
	_, err = credentials.Post(ctx, federatedCredential("again", mainBranch), nil)
	refusedByGraph(t, err, http.StatusBadRequest, "InvalidFederatedIdentityCredentialValue")

	one := credentials.ByFederatedIdentityCredentialId(*created.GetId())
	change := models.NewFederatedIdentityCredential()
	change.SetDescription(to.Ptr("the main branch"))
	if _, err := one.Patch(ctx, change, nil); err != nil {
		t.Fatal(err)
	}
	if got := must[models.FederatedIdentityCredentialable](t)(one.Get(ctx, nil)); *got.GetDescription() != "the main branch" || *got.GetSubject() != mainBranch {
		t.Errorf("changed %+v", got.GetBackingStore().Enumerate())
	}
	list := must[models.FederatedIdentityCredentialCollectionResponseable](t)(credentials.Get(ctx, &applications.ItemFederatedIdentityCredentialsRequestBuilderGetRequestConfiguration{
		QueryParameters: &applications.ItemFederatedIdentityCredentialsRequestBuilderGetQueryParameters{Filter: to.Ptr("name eq 'main'")},
	}))
	if len(list.GetValue()) != 1 || *list.GetValue()[0].GetName() != "main" {
		t.Errorf("%d credentials called main", len(list.GetValue()))
	}
	found := must[models.ApplicationCollectionResponseable](t)(all.Get(ctx, &applications.ApplicationsRequestBuilderGetRequestConfiguration{
		QueryParameters: &applications.ApplicationsRequestBuilderGetQueryParameters{Filter: to.Ptr("appId eq '" + *made.GetAppId() + "'"), Select: []string{"id", "displayName"}},
	}))
	if len(found.GetValue()) != 1 || *found.GetValue()[0].GetId() != *made.GetId() {
		t.Errorf("%d applications with the client id", len(found.GetValue()))
	}

	if err := one.Delete(ctx, nil); err != nil {
		t.Fatal(err)
	}
	_, err = one.Get(ctx, nil)
	refusedByGraph(t, err, http.StatusNotFound, "Request_ResourceNotFound")
}

// TestGraphCredentialSignsIn trusts a repository, whose tokens sign in from then on, until it is trusted no more.
func TestGraphCredentialSignsIn(t *testing.T) {
	t.Parallel()
	f := startEntra(t, azureIdentity, msgraphSDK)
	ctx, all := t.Context(), f.graphApplications(t, operatorClient)
	found := must[models.ApplicationCollectionResponseable](t)(all.Get(ctx, &applications.ApplicationsRequestBuilderGetRequestConfiguration{
		QueryParameters: &applications.ApplicationsRequestBuilderGetQueryParameters{Filter: to.Ptr("appId eq '" + webClient + "'")},
	}))
	if len(found.GetValue()) != 1 {
		t.Fatalf("%d applications with the client id", len(found.GetValue()))
	}
	credentials := all.ByApplicationId(*found.GetValue()[0].GetId()).FederatedIdentityCredentials()
	signIn := func() error {
		_, err := f.credential(t, webClient).GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{graphScope}})
		return err
	}
	refused := func(code string) {
		t.Helper()
		if err := signIn(); err == nil || !strings.Contains(err.Error(), code) {
			t.Errorf("sign-in: %v, want %s", err, code)
		}
	}
	refused("AADSTS70025: ")
	made := must[models.FederatedIdentityCredentialable](t)(credentials.Post(ctx, federatedCredential("main", mainBranch), nil))
	if err := signIn(); err != nil {
		t.Error(err)
	}
	if err := credentials.ByFederatedIdentityCredentialId(*made.GetId()).Delete(ctx, nil); err != nil {
		t.Fatal(err)
	}
	refused("AADSTS70025: ")
}

// federatedCredential trusts a subject of GitHub.
func federatedCredential(name, subject string) models.FederatedIdentityCredentialable {
	c := models.NewFederatedIdentityCredential()
	c.SetName(&name)
	c.SetIssuer(to.Ptr(githubActions))
	c.SetSubject(&subject)
	c.SetAudiences([]string{exchangeAudience})
	return c
}
