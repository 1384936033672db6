package arm_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	const production = `{
		"id":"/subscriptions/11111111-2222-4333-8444-555555555555","subscriptionId":"11111111-2222-4333-8444-555555555555","tenantId":"TENANT",
		"displayName":"Production","state":"Enabled","authorizationSource":"RoleBased","managedByTenants":[],
		"subscriptionPolicies":{"locationPlacementId":"Public_2014-09-01","quotaId":"PayAsYouGo_2014-09-01","spendingLimit":"Off"}}`
	one := strings.ReplaceAll(production, "TENANT", r.tenant.ID)
	path := "/subscriptions/11111111-2222-4333-8444-555555555555"
	r.as("Reader", "GET", "/subscriptions?api-version=2019-11-01", "").want(t, 200, `{"value":[`+one+`],"count":{"type":"Total","value":1}}`)
	r.as("Vault Reader", "GET", "/Subscriptions", "").want(t, 200, `{"value":[`+one+`],"count":{"type":"Total","value":1}}`)
	r.as("Nobody", "GET", "/subscriptions", "").want(t, 200, `{"value":[],"count":{"type":"Total","value":0}}`)
	r.as("Stranger", "GET", "/subscriptions", "").want(t, 200, `{"value":[],"count":{"type":"Total","value":0}}`)
	r.as("Reader", "GET", path, "").want(t, 200, one)
	r.as("Reader", "GET", "/subscriptions/x", "").refused(t, 400, "InvalidSubscriptionId", "The provided subscription identifier 'x' is malformed or invalid.")
	const unknown = "99999999-2222-4333-8444-555555555555"
	r.as("Reader", "GET", "/subscriptions/"+unknown, "").refused(t, 404, "SubscriptionNotFound", "The subscription '"+unknown+"' could not be found.")
	r.as("Reader", "POST", "/subscriptions", "").refused(t, 405, "MethodNotAllowed", "The requested resource does not support http method 'POST'.")
	r.as("Reader", "GET", "/nothing", "").refused(t, 404, "InvalidResourceType",
		"The resource type could not be found for the request path '/nothing' and api version '2024-11-30'.")
}

func TestTenants(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	id := r.tenant.ID
	r.as("Nobody", "GET", "/tenants?api-version=2016-06-01", "").want(t, 200, `{"value":[{"id":"/tenants/`+id+`","tenantId":"`+id+`"}]}`)
	r.as("Nobody", "GET", "/tenants?api-version=2022-12-01", "").want(t, 200, `{"value":[{"id":"/tenants/`+id+`","tenantId":"`+id+`","displayName":"Contoso",
		"domains":["contoso.onmicrosoft.com"],"defaultDomain":"contoso.onmicrosoft.com","tenantCategory":"Home"}]}`)
}

func TestProviders(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	path := "/subscriptions/" + production + "/providers"
	list := decoded[struct {
		Value []struct{ Namespace, RegistrationState string } `json:"value"`
	}](t, r.as("Reader", "GET", path, ""))
	var namespaces []string
	for _, p := range list.Value {
		namespaces = append(namespaces, p.Namespace+" "+p.RegistrationState)
	}
	want := []string{
		"Microsoft.Authorization Registered", "Microsoft.ManagedIdentity Registered", "Microsoft.Resources Registered", "Microsoft.KeyVault Registered",
	}
	if diff := cmp.Diff(want, namespaces); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
	vaults := decoded[struct {
		ResourceTypes []struct{ ResourceType string } `json:"resourceTypes"`
	}](t, r.as("Reader", "GET", path+"/microsoft.keyvault", ""))
	if len(vaults.ResourceTypes) != 1 || vaults.ResourceTypes[0].ResourceType != "vaults" {
		t.Errorf("resource types %v", vaults.ResourceTypes)
	}
	r.as("Reader", "GET", path+"/Microsoft.Nothing", "").refused(t, 404, "InvalidResourceNamespace", "The resource namespace 'Microsoft.Nothing' is invalid.")
}

func TestGroups(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	path := "/subscriptions/" + production + "/resourceGroups"
	app := `{"id":"` + path + `/App","name":"App","type":"Microsoft.Resources/resourceGroups","location":"westeurope","properties":{"provisioningState":"Succeeded"}}`
	if diff := cmp.Diff([]string{"App", "other"}, names(t, r.as("Reader", "GET", path, ""))); diff != "" {
		t.Errorf("groups of Reader (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"App"}, names(t, r.as("Group Reader", "GET", path, ""))); diff != "" {
		t.Errorf("groups of Group Reader (-want +got):\n%s", diff)
	}
	r.as("Reader", "GET", strings.ToLower(path)+"/APP", "").want(t, 200, app)
	r.as("Reader", "GET", path+"/none", "").refused(t, 404, "ResourceGroupNotFound", "Resource group 'none' could not be found.")
	r.as("Reader", "HEAD", path+"/app", "").want(t, 204, "")
	r.as("Reader", "HEAD", path+"/none", "").want(t, 404, "")

	r.as("Contributor", "PUT", path+"/fresh", `{"location":"West Europe"}`).want(t, 201, strings.ReplaceAll(app, "App", "fresh"))
	r.as("Contributor", "PUT", path+"/fresh", `{"location":"westeurope"}`).want(t, 200, strings.ReplaceAll(app, "App", "fresh"))
	r.as("Contributor", "PUT", path+"/fresh", `{"location":"westeurope","tags":{"a":"b"}}`).want(t, 200,
		strings.ReplaceAll(strings.Replace(app, `"properties"`, `"tags":{"a":"b"},"properties"`, 1), "App", "fresh"))
	r.as("Contributor", "PUT", path+"/fresh", `{"location":"eastus"}`).refused(t, 409, "InvalidResourceGroupLocation",
		"Invalid resource group location 'eastus'. The Resource group already exists in location 'westeurope'.")
	r.as("Contributor", "DELETE", path+"/none", "").refused(t, 404, "ResourceGroupNotFound", "Resource group 'none' could not be found.")
	r.as("Contributor", "DELETE", path+"/app", "").want(t, 200, "")
	r.as("Contributor", "GET", identityPath, "").refused(t, 404, "ResourceGroupNotFound", "Resource group 'App' could not be found.")
	r.as("Group Reader", "GET", "/subscriptions", "").want(t, 200, `{"value":[],"count":{"type":"Total","value":0}}`)
	r.as("Contributor", "PUT", path+"/fresh2", `{}`).refused(t, 400, "LocationRequired", "The location property is required for this definition.")
	r.as("Contributor", "PUT", path+"/fresh2.", `{"location":"eastus"}`).refused(t, 400, "InvalidResourceGroupName", "The resource group name 'fresh2.' is invalid.")
}

func TestResources(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	vault := `{"id":"` + vaultPath + `","name":"contoso-vault","type":"Microsoft.KeyVault/vaults","location":"westeurope","tags":{},"properties":{
		"tenantId":"` + r.tenant.ID + `","sku":{"family":"A","name":"standard"},"accessPolicies":[],"enableRbacAuthorization":true,"enableSoftDelete":true,
		"vaultUri":"https://contoso-vault.vault.azure.net/","provisioningState":"Succeeded"}}`
	r.as("Vault Reader", "GET", vaultPath, "").want(t, 200, vault)
	r.as("Reader", "GET", strings.ToUpper(vaultPath[:len(vaultPath)-len("contoso-vault")])+"contoso-vault", "").want(t, 200, vault)
	r.as("Reader", "GET", groupPath+"/providers/Microsoft.KeyVault/vaults", "").want(t, 200, `{"value":[`+vault+`]}`)
	r.as("Reader", "GET", vaultPath+"2", "").refused(t, 404, "ResourceNotFound", "The Resource 'Microsoft.KeyVault/vaults/contoso-vault2' under resource group 'App' was not "+
		"found. For more details please go to https://aka.ms/ARMResourceNotFoundFix")
	for client, want := range map[string][]string{"Reader": {"contoso-vault", "worker"}, "Vault Reader": {"contoso-vault"}, "Group Reader": {"contoso-vault", "worker"}} {
		if diff := cmp.Diff(want, names(t, r.as(client, "GET", "/subscriptions/"+production+"/resources", ""))); diff != "" {
			t.Errorf("resources of %s (-want +got):\n%s", client, diff)
		}
	}
	if diff := cmp.Diff([]string{}, names(t, r.as("Reader", "GET", "/subscriptions/"+production+"/resourceGroups/other/resources", ""))); diff != "" {
		t.Errorf("resources of an empty group (-want +got):\n%s", diff)
	}
}
