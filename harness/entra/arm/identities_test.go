package arm_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra/directory"
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
	reply := `{"location":"westeurope","tags":{"a":"b"},"id":"` + strings.Replace(path, "resourceGroups", "resourcegroups", 1) + `","name":"fresh",
		"type":"Microsoft.ManagedIdentity/userAssignedIdentities",
		"properties":{"isolationScope":"None","tenantId":"` + r.tenant.ID + `","principalId":"` + p.PrincipalID + `","clientId":"` + p.ClientID + `"}}`
	r.as("Reader", "GET", strings.ToLower(path), "").want(t, 200, reply)
	r.as("Reader", "GET", path+"?api-version=2023-01-31", "").want(t, 200, strings.Replace(reply, `"isolationScope":"None",`, "", 1))
	tagged := func(tags string) string { return strings.Replace(reply, `{"a":"b"}`, tags, 1) }
	r.as("Contributor", "PATCH", path, `{"tags":{"c":"d"}}`).want(t, 200, tagged(`{"c":"d"}`))
	r.as("Contributor", "PATCH", path, `{}`).want(t, 200, tagged(`{"c":"d"}`))
	r.as("Contributor", "PUT", path, `{"location":"westeurope","tags":{"e":"f"}}`).want(t, 200, tagged(`{"e":"f"}`))
	r.as("Reader", "GET", path, "").want(t, 200, tagged(`{"e":"f"}`))
	r.as("Contributor", "PUT", path, `{"location":"westeurope"}`).want(t, 200, tagged(`{}`))
	r.as("Contributor", "PATCH", path+"2", `{}`).refused(t, 404, "ResourceNotFound", "The Resource 'Microsoft.ManagedIdentity/userAssignedIdentities/fresh2' under "+
		"resource group 'App' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix")
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
	r.as("Contributor", "PUT", path, `{"location":"westeurope"} x`).refused(t, 400, "InvalidRequestContent",
		"The request content was invalid and could not be deserialized: 'there is text after the object'.")
	r.as("Contributor", "PUT", path, `{"location":7}`).refused(t, 400, "InvalidRequestContent",
		"The request content was invalid and could not be deserialized: 'a number is not what belongs at path location, position 13'.")

	// A role over the identity goes with it.
	_, _, nobody := r.client("Nobody")
	over := path + assignmentsAt + "/" + assignmentName
	if got := r.as("Owner", "PUT", over, `{"properties":{"roleDefinitionId":"`+definitionsAt+"/"+readerRole+`","principalId":"`+nobody+`"}}`); got.status != 201 {
		t.Fatalf("role over the identity: %d %s", got.status, got.body)
	}
	r.as("Contributor", "PUT", identityPath+"/x", `{"location":"eastus"}`).refused(t, 400, "BadRequest", "Identity name 'x' is invalid.")
	r.as("Contributor", "PUT", strings.Replace(path, "App", "none", 1), `{"location":"eastus"}`).refused(t, 404, "ResourceGroupNotFound",
		"Resource group 'none' could not be found.")

	r.as("Contributor", "DELETE", path, "").want(t, 200, "")
	r.as("Contributor", "DELETE", path, "").want(t, 204, "")
	if got := r.as("Owner", "GET", over, ""); got.status != 404 {
		t.Errorf("role over an identity that is gone: %d %s", got.status, got.body)
	}
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
			"BadRequest", "Federated Identity Credential subject must not be longer than 600 characters."},
		{"long issuer", "worker/federatedIdentityCredentials/xyz", `{"properties":{"issuer":"https://i.example/` + strings.Repeat("s", 600) + `","subject":"s","audiences":["a"]}}`, 400,
			"BadRequest", "Federated Identity Credential issuer must not be longer than 600 characters."},
		{"issuer", "worker/federatedIdentityCredentials/xyz", `{"properties":{"issuer":"i.example","subject":"s","audiences":["a"]}}`, 400, "BadRequest",
			"Federated Identity Credential issuer 'i.example' is not a valid URI."},
		{"expression", "worker/federatedIdentityCredentials/xyz?api-version=2025-01-31-preview", flexibleBody("https://gitlab.com", "", "claims[sub]", "1"), 400, "BadRequest",
			"Federated Identity Credential claims matching expression is invalid: position 1: expected claims['NAME'], got 'claims[sub]'."},
		{"expression about GitHub", "worker/federatedIdentityCredentials/xyz?api-version=2025-01-31-preview",
			flexibleBody("https://token.actions.githubusercontent.com", "", "claims['sub'] eq 'x'", "1"), 400, "BadRequest", "Federated Identity Credential claims matching " +
				"expression is invalid: issuer 'https://token.actions.githubusercontent.com': managed identities take no expressions about GitHub."},
		{"expression and subject", "worker/federatedIdentityCredentials/xyz?api-version=2025-01-31-preview", flexibleBody("https://gitlab.com", "s", "claims['sub'] eq 'x'", "1"), 400,
			"BadRequest", "Federated Identity Credential must specify either 'subject' or 'claimsMatchingExpression'."},
		{"language", "worker/federatedIdentityCredentials/xyz?api-version=2025-01-31-preview", flexibleBody("https://gitlab.com", "", "claims['sub'] eq 'x'", "2"), 400, "BadRequest",
			"Federated Identity Credential claims matching expression must have language version 1."},
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

// flexibleBody is a credential with an expression.
func flexibleBody(issuer, subject, expression, version string) string {
	return `{"properties":{"issuer":"` + issuer + `","subject":"` + subject + `","audiences":["api://AzureADTokenExchange"],
		"claimsMatchingExpression":{"value":"` + expression + `","languageVersion":` + version + `}}}`
}

// TestFlexibleCredential uses the api-versions with expressions; other ones do not see them.
func TestFlexibleCredential(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	path := identityPath + "/worker/federatedIdentityCredentials/flexible"
	const text = "claims['sub'] matches 'project_path:contoso/*' and claims['project_id'] eq '20'"
	body := flexibleBody("https://gitlab.com", "", text, "1")
	const member = `"claimsMatchingExpression":{"value":"` + text + `","languageVersion":1}`
	for _, version := range []string{"2025-05-31-preview", "2025-01-31-preview"} {
		if got := r.as("Contributor", "PUT", path+"?api-version="+version, body); got.status/100 != 2 || !strings.Contains(got.body, member) {
			t.Errorf("%s: %d %s", version, got.status, got.body)
		}
	}
	for _, version := range []string{"2024-11-30", "2026-04-30", "2026-05-31"} {
		r.as("Contributor", "PUT", path+"2?api-version="+version, body).refused(t, 400, "BadRequest",
			"The request format was unexpected. Federated Identity Credential must specify 'issuer', 'subject' and 'audience'.")
		if got := r.as("Reader", "GET", path+"?api-version="+version, ""); got.status != 200 || strings.Contains(got.body, "claimsMatching") {
			t.Errorf("%s: %d %s", version, got.status, got.body)
		}
	}
}

// TestNoFlexibleCredential: Azure Government has none. The words around those of Microsoft Graph there are inferred.
func TestNoFlexibleCredential(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	token := r.token("Contributor", management)
	if _, err := r.dir.Change(r.tenant.ID, func(t *directory.Tenant) error {
		t.Cloud = "usgov"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	body := flexibleBody("https://gitlab.com", "", "claims['sub'] matches 'project_path:contoso/*' and claims['project_id'] eq '20'", "1")
	r.send(token, "PUT", identityPath+"/worker/federatedIdentityCredentials/flexible?api-version=2025-01-31-preview", body).refused(t, 400, "BadRequest",
		"Federated Identity Credential claims matching expression is invalid: matching via expression is not currently supported for this cloud.")
}

// TestCredentialPages follows the links of a list.
func TestCredentialPages(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	token := r.token("Contributor", management)
	list := identityPath + "/worker/federatedIdentityCredentials"
	want := []string{"main-branch", "name-a", "name-b", "name-c", "name-d"}
	for _, name := range want[1:] {
		if got := r.send(token, "PUT", list+"/"+name, strings.Replace(credentialBody, "heads/main", "heads/"+name, 1)); got.status != 201 {
			t.Fatal(got.body)
		}
	}
	var got [][]string
	for next := list + "?$top=2"; next != ""; {
		answer := r.send(token, "GET", next, "")
		got = append(got, names(t, answer))
		next = decoded[struct{ NextLink string }](t, answer).NextLink
		path, ours := strings.CutPrefix(next, "https://management.azure.com")
		if next != "" && (!ours || !strings.Contains(next, "api-version=2024-11-30")) {
			t.Fatalf("next link %q", next)
		}
		next = path
	}
	if diff := cmp.Diff([][]string{want[:2], want[2:4], want[4:]}, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if all := r.send(token, "GET", list, ""); strings.Contains(all.body, "nextLink") || len(names(t, all)) != 5 {
		t.Errorf("without $top: %s", all.body)
	}
	if past := r.send(token, "GET", list+"?$skiptoken=99", ""); len(names(t, past)) != 0 {
		t.Errorf("past the end: %s", past.body)
	}
	r.send(token, "GET", list+"?$top=0", "").refused(t, 400, "BadRequest", "The value '0' of the query parameter '$top' is invalid.")
	r.send(token, "GET", list+"?$skiptoken=-1", "").refused(t, 400, "BadRequest", "The value '-1' of the query parameter '$skiptoken' is invalid.")
	r.send(token, "GET", list+"?$top=1&$TOP=2", "").refused(t, 400, "BadRequest", "The value '1,2' of the query parameter '$top' is invalid.")
}

// TestCredentialRegion uses a region without federated credentials.
func TestCredentialRegion(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	if got := r.as("Contributor", "PUT", identityPath+"/far", `{"location":"New Zealand North"}`); got.status != 201 {
		t.Fatal(got.body)
	}
	r.as("Contributor", "PUT", identityPath+"/far/federatedIdentityCredentials/abc", credentialBody).refused(t, 405, "MethodNotAllowed",
		"The request format was unexpected : Support for federated identity credentials not enabled.")
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

// TestWriteEnds says that a write under way ends as soon as it has refused another, and that one alone takes its time.
func TestWriteEnds(t *testing.T) {
	t.Parallel()
	entered := make(chan string, 1)
	r := newRig(t, func(ctx context.Context, id string) {
		entered <- id
		<-ctx.Done()
	})
	token := r.token("Contributor", management)
	path := identityPath + "/worker/federatedIdentityCredentials/"
	done := make(chan int)
	go func() { done <- r.send(token, "DELETE", path+"main-branch", "").status }()
	<-entered
	select {
	case status := <-done:
		t.Fatalf("status %d before another write", status)
	default:
	}
	if got := r.send(token, "PUT", path+"other", credentialBody); got.status != http.StatusConflict {
		t.Errorf("the other write: %d %s", got.status, got.body)
	}
	if status := <-done; status != http.StatusOK {
		t.Errorf("the first write: status %d", status)
	}
}
