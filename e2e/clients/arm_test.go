package clients

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armsubscriptions"
	"github.com/google/go-cmp/cmp"
)

// The clients of Azure Resource Manager in Go.
const (
	armMSI           = "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	armAuthorization = "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	armResources     = "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources"
	armSubscriptions = "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armsubscriptions"
)

// armOptions lead a client of Azure Resource Manager to a farm under the real names.
func (f *entraFarm) armOptions() *arm.ClientOptions {
	return &arm.ClientOptions{ClientOptions: f.clientOptions()}
}

func (f *entraFarm) clientOptions() azcore.ClientOptions {
	return azcore.ClientOptions{Transport: f.Client()}
}

// credential signs in as an application of contosoFile with a token of GitHub.
func (f *entraFarm) credential(t *testing.T, clientID string) azcore.TokenCredential {
	t.Helper()
	c, err := azidentity.NewClientAssertionCredential(contosoTenant, clientID, func(context.Context) (string, error) { return f.assertion, nil },
		&azidentity.ClientAssertionCredentialOptions{ClientOptions: f.clientOptions()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// must ends the test with an error.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refusedByARM fails unless Azure Resource Manager refused a request so.
func refusedByARM(t *testing.T, err error, status int, code string) {
	t.Helper()
	var refused *azcore.ResponseError
	if !errors.As(err, &refused) || refused.StatusCode != status || refused.ErrorCode != code {
		t.Errorf("error %v, want %d %s", err, status, code)
	}
}

// TestARMIdentities manages a managed identity and its federated credentials, and trips over the limit of one write at
// a time.
func TestARMIdentities(t *testing.T) {
	t.Parallel()
	f := startEntra(t, azureIdentity, armMSI, armSubscriptions)
	ctx, operator := t.Context(), f.credential(t, operatorClient)

	subscriptions := must[*armsubscriptions.Client](t)(armsubscriptions.NewClient(operator, f.armOptions()))
	page := must[armsubscriptions.ClientListResponse](t)(subscriptions.NewListPager(nil).NextPage(ctx))
	if len(page.Value) != 1 || *page.Value[0].SubscriptionID != contosoSubscription || *page.Value[0].DisplayName != "Production" {
		t.Fatalf("subscriptions %+v", page.Value)
	}

	identities := must[*armmsi.UserAssignedIdentitiesClient](t)(armmsi.NewUserAssignedIdentitiesClient(contosoSubscription, operator, f.armOptions()))
	made := must[armmsi.UserAssignedIdentitiesClientCreateOrUpdateResponse](t)(
		identities.CreateOrUpdate(ctx, "app", "worker", armmsi.Identity{Location: to.Ptr("westeurope")}, nil))
	if *made.Properties.TenantID != contosoTenant || len(*made.Properties.ClientID) != 36 {
		t.Errorf("identity %+v", made.Properties)
	}

	credentials := must[*armmsi.FederatedIdentityCredentialsClient](t)(armmsi.NewFederatedIdentityCredentialsClient(contosoSubscription, operator, f.armOptions()))
	put := func(name, subject string) error {
		_, err := credentials.CreateOrUpdate(ctx, "app", "worker", name, armmsi.FederatedIdentityCredential{Properties: &armmsi.FederatedIdentityCredentialProperties{
			Issuer: to.Ptr("https://token.actions.githubusercontent.com"), Subject: to.Ptr(subject), Audiences: []*string{to.Ptr(exchangeAudience)},
		}}, nil)
		return err
	}
	const main = "repo:octo-org/octo-repo:ref:refs/heads/main"
	if err := put("main", main); err != nil {
		t.Fatal(err)
	}
	refusedByARM(t, put("again", main), http.StatusBadRequest, "BadRequest")
	got := must[armmsi.FederatedIdentityCredentialsClientGetResponse](t)(credentials.Get(ctx, "app", "worker", "main", nil))
	if *got.Properties.Subject != main || *got.Name != "main" {
		t.Errorf("credential %+v", got.Properties)
	}
	_, err := credentials.Get(ctx, "app", "worker", "none", nil)
	refusedByARM(t, err, http.StatusNotFound, "NotFound")

	// As soon as the credential is there the identity signs in with it.
	worker := f.credential(t, *made.Properties.ClientID)
	access := must[azcore.AccessToken](t)(worker.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}}))
	want := map[string]any{"appid": *made.Properties.ClientID, "oid": *made.Properties.PrincipalID, "aud": "https://management.azure.com"}
	if diff := cmp.Diff(want, pick(claimsOf(t, access.Token), "appid", "oid", "aud")); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}

	parallelWrites(t, put)
	for _, name := range []string{"main", "none"} { // 200 and 204
		if _, err := credentials.Delete(ctx, "app", "worker", name, nil); err != nil {
			t.Errorf("delete %s: %v", name, err)
		}
	}
	if _, err := identities.Delete(ctx, "app", "worker", nil); err != nil {
		t.Error(err)
	}
}

// parallelWrites writes credentials side by side, which Azure refuses: all but those that happen to come one after the
// other.
func parallelWrites(t *testing.T, put func(name, subject string) error) {
	t.Helper()
	for range 50 { // a busy machine may serialize them
		errs := make([]error, 4)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				errs[i] = put(fmt.Sprintf("branch-%d", i), fmt.Sprintf("repo:octo-org/octo-repo:ref:refs/heads/%d", i))
			})
		}
		wg.Wait()
		refused := 0
		for _, err := range errs {
			if err != nil {
				refusedByARM(t, err, http.StatusConflict, "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity")
				refused++
			}
		}
		if refused == len(errs) {
			t.Fatal("every one of several writes was refused, want one to succeed")
		}
		if refused > 0 {
			return
		}
	}
	t.Error("no write was refused")
}

// TestARMRoles gives a client a role and takes it away: what it may read turns from 403 to 200 and back.
func TestARMRoles(t *testing.T) {
	t.Parallel()
	f := startEntra(t, azureIdentity, armAuthorization, armResources)
	ctx, operator, guest := t.Context(), f.credential(t, operatorClient), f.credential(t, guestClient)
	groups := must[*armresources.ResourceGroupsClient](t)(armresources.NewResourceGroupsClient(contosoSubscription, guest, f.armOptions()))
	_, err := groups.Get(ctx, "app", nil)
	refusedByARM(t, err, http.StatusForbidden, "AuthorizationFailed")

	scope := "/subscriptions/" + contosoSubscription + "/resourceGroups/app"
	definitions := must[*armauthorization.RoleDefinitionsClient](t)(armauthorization.NewRoleDefinitionsClient(operator, f.armOptions()))
	page := must[armauthorization.RoleDefinitionsClientListResponse](t)(
		definitions.NewListPager(scope, &armauthorization.RoleDefinitionsClientListOptions{Filter: to.Ptr("roleName eq 'Reader'")}).NextPage(ctx))
	if len(page.Value) != 1 {
		t.Fatalf("%d roles called Reader", len(page.Value))
	}
	token := must[azcore.AccessToken](t)(guest.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}}))
	assignments := must[*armauthorization.RoleAssignmentsClient](t)(armauthorization.NewRoleAssignmentsClient(contosoSubscription, operator, f.armOptions()))
	create := func(name string) (armauthorization.RoleAssignmentsClientCreateResponse, error) {
		return assignments.Create(ctx, scope, name, armauthorization.RoleAssignmentCreateParameters{Properties: &armauthorization.RoleAssignmentProperties{
			RoleDefinitionID: page.Value[0].ID, PrincipalID: to.Ptr(claimsOf(t, token.Token)["oid"].(string)),
			PrincipalType: to.Ptr(armauthorization.PrincipalTypeServicePrincipal),
		}}, nil)
	}
	const name = "5a2b1c3d-0000-4000-8000-0000000000aa"
	made := must[armauthorization.RoleAssignmentsClientCreateResponse](t)(create(name))
	if *made.Name != name || *made.Properties.Scope != scope {
		t.Errorf("assignment %+v", made.RoleAssignment)
	}
	_, err = create("5a2b1c3d-0000-4000-8000-0000000000bb")
	refusedByARM(t, err, http.StatusConflict, "RoleAssignmentExists")

	group := must[armresources.ResourceGroupsClientGetResponse](t)(groups.Get(ctx, "app", nil))
	if *group.Name != "app" || *group.Location != "westeurope" {
		t.Errorf("group %+v", group.ResourceGroup)
	}
	if _, err := assignments.Delete(ctx, scope, name, nil); err != nil {
		t.Error(err)
	}
	_, err = groups.Get(ctx, "app", nil)
	refusedByARM(t, err, http.StatusForbidden, "AuthorizationFailed")
}

// TestManagedIdentityCredential is a workload in App Service that has a managed identity: its environment is all that
// it knows.
func TestManagedIdentityCredential(t *testing.T) {
	f := startEntra(t, azureIdentity)
	for name, value := range f.ManagedIdentityEnv() {
		t.Setenv(name, value)
	}
	deployer := f.Tenants()[0].ManagedIdentities[0]
	for _, id := range []azidentity.ManagedIDKind{
		azidentity.ClientID(deployer.ClientID), azidentity.ObjectID(deployer.PrincipalID),
		azidentity.ResourceID("/subscriptions/" + contosoSubscription + "/resourceGroups/app/providers/Microsoft.ManagedIdentity/userAssignedIdentities/deployer"),
	} {
		credential := must[*azidentity.ManagedIdentityCredential](t)(
			azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ClientOptions: f.clientOptions(), ID: id}))
		access, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}})
		if err != nil {
			t.Errorf("%T: %v", id, err)
			continue
		}
		claims := claimsOf(t, access.Token)
		want := map[string]any{"appid": deployer.ClientID, "oid": deployer.PrincipalID, "aud": "https://management.azure.com"}
		if diff := cmp.Diff(want, pick(claims, "appid", "oid", "aud")); diff != "" {
			t.Errorf("%T: claims (-want +got):\n%s", id, diff)
		}
		wantLife(t, claims, access.ExpiresOn)
	}
	credential := must[*azidentity.ManagedIdentityCredential](t)(azidentity.NewManagedIdentityCredential(
		&azidentity.ManagedIdentityCredentialOptions{ClientOptions: f.clientOptions(), ID: azidentity.ClientID(guestClient)}))
	_, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}})
	var refused *azidentity.AuthenticationFailedError
	if !errors.As(err, &refused) || refused.RawResponse == nil || refused.RawResponse.StatusCode != http.StatusBadRequest {
		t.Errorf("as an application: %v, want 400", err)
	}
}
