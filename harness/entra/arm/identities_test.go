package arm_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type identity struct {
	ID, Name, Location string
	Properties         struct{ TenantID, PrincipalID, ClientID string }
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	path := identityPath + "/fresh"
	created := r.as("Contributor", "PUT", path, `{"location":"West Europe","tags":{"a":"b"}}`)
	fresh := decoded[identity](t, created)
	p := fresh.Properties
	if created.status != 201 || len(p.ClientID) != 36 || len(p.PrincipalID) != 36 || p.ClientID == p.PrincipalID || p.TenantID != r.tenant.ID {
		t.Errorf("created %d %s", created.status, created.body)
	}
	reply := `{"location":"westeurope","tags":{},"id":"` + strings.Replace(path, "resourceGroups", "resourcegroups", 1) + `","name":"fresh",
		"type":"Microsoft.ManagedIdentity/userAssignedIdentities",
		"properties":{"tenantId":"` + r.tenant.ID + `","principalId":"` + p.PrincipalID + `","clientId":"` + p.ClientID + `"}}`
	r.as("Reader", "GET", strings.ToLower(path), "").want(t, 200, reply)
	r.as("Contributor", "PUT", path, `{"location":"westeurope"}`).want(t, 200, reply)
	r.as("Contributor", "PATCH", path, `{"tags":{}}`).want(t, 200, reply)
	for _, list := range []string{identityPath, "/subscriptions/" + production + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities"} {
		if diff := cmp.Diff([]string{"worker", "fresh"}, names(t, r.as("Group Reader", "GET", list, ""))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", list, diff)
		}
		list = strings.Replace(list, "App", "other", 1)
		if diff := cmp.Diff([]string{}, names(t, r.as("Vault Reader", "GET", "/subscriptions/"+production+"/providers/Microsoft.ManagedIdentity/userAssignedIdentities", ""))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", list, diff)
		}
	}
	r.as("Contributor", "PUT", path, `{"location":"eastus"}`).refused(t, 409, "InvalidResourceLocation", "The resource 'fresh' already exists in location 'westeurope' in "+
		"resource group 'App'. A resource with the same name cannot be created in location 'eastus'. Please select a new resource name.")
	r.as("Contributor", "PUT", path, `{}`).refused(t, 400, "LocationRequired", "The location property is required for this definition.")
	r.as("Contributor", "PUT", path, `{`).refused(t, 400, "InvalidRequestContent", "The request content was invalid and could not be deserialized: 'unexpected EOF'.")
	r.as("Contributor", "PUT", identityPath+"/x", `{"location":"eastus"}`).refused(t, 400, "BadRequest", "Identity name 'x' is invalid.")
	r.as("Contributor", "PUT", strings.Replace(path, "App", "none", 1), `{"location":"eastus"}`).refused(t, 404, "ResourceGroupNotFound",
		"Resource group 'none' could not be found.")

	r.as("Contributor", "DELETE", path, "").want(t, 200, "")
	r.as("Contributor", "DELETE", path, "").want(t, 204, "")
	r.as("Reader", "GET", path, "").refused(t, 404, "ResourceNotFound", "The Resource 'Microsoft.ManagedIdentity/userAssignedIdentities/fresh' under resource group 'App' was "+
		"not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix")
}

const credentialBody = `{"properties":{"issuer":"https://issuer.example","subject":"` + subject + `","audiences":["api://AzureADTokenExchange"]}}`

// TestCredential gives a new identity a federated credential and a role, and signs in with it.
func TestCredential(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	fresh := decoded[identity](t, r.as("Contributor", "PUT", identityPath+"/fresh", `{"location":"westeurope"}`))
	path := identityPath + "/fresh/federatedIdentityCredentials/main-branch"
	reply := `{"id":"` + strings.Replace(path, "resourceGroups", "resourcegroups", 1) + `","name":"main-branch",
		"type":"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",` + credentialBody[1:]

	r.as("Reader", "GET", path, "").refused(t, 404, "NotFound", "The federated identity credential 'main-branch' was not found.")
	r.as("Contributor", "PUT", path, credentialBody).want(t, 201, reply)
	r.as("Reader", "GET", path, "").want(t, 200, reply)
	r.as("Reader", "GET", path[:strings.LastIndex(path, "/")], "").want(t, 200, `{"value":[`+reply+`]}`)

	if got := r.as("fresh", "GET", vaultPath, ""); got.status != 403 || !strings.Contains(got.body, fresh.Properties.ClientID) {
		t.Errorf("without a role: %d %s", got.status, got.body)
	}
	r.as("Owner", "PUT", vaultPath+assignmentsAt+"/"+assignmentName, `{"properties":{"roleDefinitionId":"`+subscriptionAt+definitionsAt+"/"+readerRole+
		`","principalId":"`+fresh.Properties.PrincipalID+`"}}`)
	if got := r.as("fresh", "GET", vaultPath, ""); got.status != 200 {
		t.Errorf("with a role: %d %s", got.status, got.body)
	}

	changed := func(text string) string { return strings.ReplaceAll(text, "heads/main", "heads/next") }
	r.as("Contributor", "PUT", path, changed(credentialBody)).want(t, 200, changed(reply))
	r.as("Contributor", "DELETE", path, "").want(t, 200, "")
	r.as("Contributor", "DELETE", path, "").want(t, 204, "")
}

func TestCredentialRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	const must = "The request format was unexpected. Federated Identity Credential must specify 'issuer', 'subject' and 'audience'."
	for _, tt := range []struct {
		name, path, body string
		status           int
		code, message    string
	}{
		{"name", "worker/federatedIdentityCredentials/x", credentialBody, 400, "BadRequest", "Federated Identity Credential name 'x' is invalid."},
		{"first letter", "worker/federatedIdentityCredentials/-xy", credentialBody, 400, "BadRequest", "Federated Identity Credential name '-xy' is invalid."},
		{"no properties", "worker/federatedIdentityCredentials/xyz", `{}`, 400, "BadRequest", "Federated Identity Credential from HTTP body has empty properties"},
		{"no issuer", "worker/federatedIdentityCredentials/xyz", `{"properties":{"subject":"s","audiences":["a"]}}`, 400, "BadRequest", must},
		{"no subject", "worker/federatedIdentityCredentials/xyz", `{"properties":{"issuer":"https://i.example","audiences":["a"]}}`, 400, "BadRequest", must},
		{"no audience", "worker/federatedIdentityCredentials/xyz", `{"properties":{"issuer":"https://i.example","subject":"s","audiences":[]}}`, 400, "BadRequest", must},
		{"two audiences", "worker/federatedIdentityCredentials/xyz", `{"properties":{"issuer":"https://i.example","subject":"s","audiences":["a","b"]}}`, 400, "BadRequest",
			"Federated identity credentials must have exactly one audience."},
		{"parent", "nobody/federatedIdentityCredentials/xyz", credentialBody, 404, "NotFound", "The parent user-assigned identity doesn't exist."},
		{"taken", "worker/federatedIdentityCredentials/xyz", credentialBody, 400, "BadRequest", "Issuer and subject combination already exists for this Managed Identity."},
		{"long subject", "worker/federatedIdentityCredentials/xyz", `{"properties":{"issuer":"https://i.example","subject":"` + strings.Repeat("s", 601) + `","audiences":["a"]}}`, 400,
			"BadRequest", `managed identity "worker": credential "xyz": the subject has 601 characters, the limit is 600`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r.as("Contributor", "PUT", identityPath+"/"+tt.path, tt.body).refused(t, tt.status, tt.code, tt.message)
		})
	}
}

func TestCredentialLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	token := r.token("Contributor", management)
	path := identityPath + "/worker/federatedIdentityCredentials/"
	for i := range 19 { // it has one
		body := strings.Replace(credentialBody, "heads/main", "heads/b"+strings.Repeat("x", i), 1)
		if got := r.send(token, "PUT", path+"name"+strings.Repeat("x", i), body); got.status != 201 {
			t.Fatalf("number %d: status %d: %s", i+2, got.status, got.body)
		}
	}
	r.send(token, "PUT", path+"one-more", strings.Replace(credentialBody, "heads/main", "heads/one-more", 1)).refused(t, 400, "BadRequest",
		"Too many Federated Identity Credentials: a managed identity can have at most 20.")
}

// TestFlexibleCredential uses an api-version with expressions; older ones do not see them.
func TestFlexibleCredential(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	path := identityPath + "/worker/federatedIdentityCredentials/flexible"
	body := `{"properties":{"issuer":"https://gitlab.com","audiences":["api://AzureADTokenExchange"],
		"claimsMatchingExpression":{"value":"claims['sub'] matches 'project_path:contoso/*'","languageVersion":1}}}`
	got := r.as("Contributor", "PUT", path+"?api-version=2025-05-31-preview", body)
	if got.status != 201 || !strings.Contains(got.body, `"claimsMatchingExpression":{"value":"claims['sub'] matches 'project_path:contoso/*'","languageVersion":1}`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	r.as("Contributor", "PUT", path+"2", body).refused(t, 400, "BadRequest",
		"The request format was unexpected. Federated Identity Credential must specify 'issuer', 'subject' and 'audience'.")
}

// TestCredentialRegion uses a region without federated credentials.
func TestCredentialRegion(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	if got := r.as("Contributor", "PUT", identityPath+"/far", `{"location":"New Zealand North"}`); got.status != 201 {
		t.Fatal(got.body)
	}
	r.as("Contributor", "PUT", identityPath+"/far/federatedIdentityCredentials/abc", credentialBody).refused(t, 405, "MethodNotAllowed",
		"The request format was unexpected: Support for federated identity credentials not enabled.")
}

// TestConcurrentWrites holds one write of a credential while others are tried.
func TestConcurrentWrites(t *testing.T) {
	t.Parallel()
	entered, release := make(chan string, 4), make(chan struct{})
	var once sync.Once
	r := newRig(t, func(_ context.Context, id string) {
		first := false
		once.Do(func() { first = true })
		if first {
			entered <- id
			<-release
		}
	})
	token := r.token("Contributor", management)
	if got := r.send(token, "PUT", identityPath+"/second", `{"location":"westeurope"}`); got.status != 201 {
		t.Fatal(got.body)
	}
	path := identityPath + "/worker/federatedIdentityCredentials/"
	next := strings.Replace(credentialBody, "heads/main", "heads/next", 1)
	done := make(chan int)
	go func() { done <- r.send(token, "PUT", path+"held", next).status }()
	id := strings.Replace(identityPath, "resourceGroups", "resourcegroups", 1) + "/worker"
	if held := <-entered; held != id {
		t.Errorf("held %q, want %q", held, id)
	}
	message := "Too many Federated Identity Credentials are written concurrently for the managed identity '" + strings.ToLower(id) + "'. Concurrent Federated Identity " +
		"Credentials writes under the same managed identity are not supported."
	const code = "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"
	r.send(token, "PUT", path+"other", next).refused(t, http.StatusConflict, code, message)
	r.send(token, "DELETE", path+"main-branch", "").refused(t, http.StatusConflict, code, message)
	if got := r.send(token, "GET", path+"main-branch", ""); got.status != 200 {
		t.Errorf("a read meanwhile: %d %s", got.status, got.body)
	}
	if got := r.send(token, "PUT", identityPath+"/second/federatedIdentityCredentials/other", next); got.status != 201 {
		t.Errorf("another identity meanwhile: %d %s", got.status, got.body)
	}
	close(release)
	if status := <-done; status != 201 {
		t.Errorf("the held write: status %d", status)
	}
	r.send(token, "DELETE", path+"main-branch", "").want(t, 200, "")
}
