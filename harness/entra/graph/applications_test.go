package graph_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// recorded is a body of testdata with the values of an answer put in its placeholders.
func recorded(t *testing.T, name string, values ...string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(strings.NewReplacer(values...).Replace(string(raw)))
}

func TestApplicationLife(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	created := c.must(201, "POST", "/v1.0/applications", map[string]any{
		"displayName": "azure-cli-test-000001", "serviceManagementReference": "96524024-75b0-497b-ab38-0381399a6a9d", "keyCredentials": []any{},
	})
	id, appID := created.text("id"), created.text("appId")
	want := recorded(t, "application.json", "{id}", id, "{appId}", appID, "{created}", "2026-09-08T00:24:38.0000000Z")
	if diff := cmp.Diff(want, created.raw); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	if got, want := created.header.Get("Location"), "https://graph.microsoft.com/v2/"+r.tenant.ID+"/directoryObjects/"+id+"/Microsoft.DirectoryServices.Application"; got != want {
		t.Errorf("Location %q, want %q", got, want)
	}
	got := c.must(200, "GET", "/v1.0/applications/"+id, nil)
	if diff := cmp.Diff(recorded(t, "application.json", "{id}", id, "{appId}", appID, "{created}", "2026-09-08T00:24:38Z"), got.raw); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	// What Terraform does with a new application, types on everything included.
	c.must(204, "PATCH", "/v1.0/applications/"+id, map[string]any{
		"@odata.type": "#microsoft.graph.application", "id": id, "appId": appID, "tags": nil, "optionalClaims": nil,
		"web":          map[string]any{"@odata.type": "#microsoft.graph.webApplication", "homePageUrl": nil, "redirectUris": nil},
		"spa":          map[string]any{"@odata.type": "#microsoft.graph.spaApplication", "redirectUris": []any{}},
		"publicClient": nil,
	})
	if again := c.must(200, "GET", "/v1.0/applications/"+id, nil); again.raw != got.raw {
		t.Errorf("after a change to nothing (-want +got):\n%s", cmp.Diff(got.raw, again.raw))
	}
	c.must(204, "PATCH", "/v1.0/applications/"+id, map[string]any{"displayName": "TERRAFORM_UPDATE_1"})
	c.must(204, "PATCH", "/v1.0/applications(appId='"+appID+"')", map[string]any{
		"displayName": "web", "notes": "n", "tags": []string{"a"}, "identifierUris": []string{"api://web"},
		"api": map[string]any{"requestedAccessTokenVersion": 2}, "web": map[string]any{"homePageUrl": "https://web.example"},
	})
	c.must(204, "PATCH", "/v1.0/applications/"+id, map[string]any{"web": map[string]any{"logoutUrl": "https://web.example/out"}})
	got = c.must(200, "GET", "/beta/applications/"+id+"?$select=displayName,notes,tags,identifierUris,api,web,oauth2RequirePostResponse", nil)
	wantBody := `{"@odata.context":"https://graph.microsoft.com/beta/$metadata#applications(displayName,notes,tags,identifierUris,api,web,oauth2RequirePostResponse)/$entity",` +
		`"displayName":"web","identifierUris":["api://web"],"notes":"n","tags":["a"],"api":{"acceptMappedClaims":null,"knownClientApplications":[],` +
		`"requestedAccessTokenVersion":2,"oauth2PermissionScopes":[],"preAuthorizedApplications":[]},"web":{"homePageUrl":"https://web.example",` +
		`"logoutUrl":"https://web.example/out","redirectUris":[],"implicitGrantSettings":{"enableAccessTokenIssuance":false,"enableIdTokenIssuance":false},` +
		`"redirectUriSettings":[]},"oauth2RequirePostResponse":false}`
	if diff := cmp.Diff(wantBody, got.raw); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	c.must(204, "DELETE", "/v1.0/applications/"+id, nil)
	c.must(404, "GET", "/v1.0/applications/"+id, nil)
	c.must(404, "GET", "/v1.0/directory/deletedItems/"+id, nil)
}

func TestUniqueName(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	const at = "/v1.0/applications(uniqueName='web')"
	c.must(404, "PATCH", at, map[string]any{"displayName": "web"})
	created := c.must(201, "PATCH", at, map[string]any{"displayName": "web"}, "Prefer", "create-if-missing")
	c.must(204, "PATCH", at, map[string]any{"displayName": "web 2"}, "Prefer", "create-if-missing")
	if got := c.must(200, "GET", at, nil); got.text("id") != created.text("id") || got.text("displayName") != "web 2" || got.text("uniqueName") != "web" {
		t.Errorf("read %s", got.raw)
	}
	c.refused(400, "Request_BadRequest", "Property 'uniqueName' is read-only and cannot be set.", "PATCH", at, map[string]any{"uniqueName": "x"})
	c.refused(400, "Request_BadRequest", "Another object with the same value for property uniqueName already exists.",
		"POST", "/v1.0/applications", map[string]any{"displayName": "x", "uniqueName": "web"})
}

func TestApplicationRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	c.must(201, "POST", "/v1.0/applications", map[string]any{"displayName": "taken", "identifierUris": []string{"api://taken"}})
	at := "/v1.0/applications/" + c.app.ObjectID
	const bad = "Request_BadRequest"
	for _, tt := range []struct {
		code, message string
		body          map[string]any
	}{
		{bad, "A value is required for property 'displayName' of resource 'Application'.", map[string]any{"displayName": ""}},
		{bad, "Invalid value specified for property 'displayName' of resource 'Application'.", map[string]any{"displayName": 1}},
		{bad, "Invalid value specified for property 'owners' of resource 'Application'.", map[string]any{"owners": []string{c.app.ServicePrincipalID}}},
		{bad, "Property 'appId' is read-only and cannot be set.", map[string]any{"appId": c.app.ObjectID}},
		{bad, "Another object with the same value for property identifierUris already exists.", map[string]any{"identifierUris": []string{"api://taken"}}},
		{bad, "Invalid value specified for property 'identifierUris' of resource 'Application'.", map[string]any{"identifierUris": "api://x"}},
		{bad, "Invalid value specified for property 'requestedAccessTokenVersion' of resource 'Application'.", map[string]any{"api": map[string]any{"requestedAccessTokenVersion": 3}}},
		{bad, "New password credentials must be generated using service actions.", map[string]any{"passwordCredentials": []any{map[string]any{"secretText": "x"}}}},
		{bad, "Invalid value specified for property 'appRoles' of resource 'Application'.", map[string]any{"appRoles": []any{map[string]any{"id": "x"}}}},
		{"BadRequest", "An unexpected 'PrimitiveValue' node was found when reading from the JSON reader. A 'StartArray' node was expected.", map[string]any{"appRoles": 1}},
		{bad, `application "admin": identifier URI "api://AzureADTokenExchange" belongs to AAD Token Exchange Endpoint`, map[string]any{"identifierUris": []string{"api://AzureADTokenExchange"}}},
	} {
		c.refused(400, tt.code, tt.message, "PATCH", at, tt.body)
	}
}

func TestOwners(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c, other := r.caller("admin", everything...), r.caller("other", "Application.ReadWrite.OwnedBy")
	id := c.must(201, "POST", "/v1.0/applications", map[string]any{"displayName": "web"}).text("id")
	at := "/v1.0/applications/" + id
	expect := func(want ...string) {
		t.Helper()
		if got := c.must(200, "GET", at+"/owners", nil); !cmp.Equal(got.values("id"), want) && len(got.values("id"))+len(want) > 0 {
			t.Errorf("owners %v, want %v", got.values("id"), want)
		}
	}
	expect(c.app.ServicePrincipalID)
	other.must(403, "PATCH", at, map[string]any{"notes": "x"})
	reference := map[string]any{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/" + other.app.ServicePrincipalID}
	c.must(204, "POST", at+"/owners/$ref", reference)
	expect(c.app.ServicePrincipalID, other.app.ServicePrincipalID)
	c.refused(400, "Request_BadRequest", "One or more added object references already exist for the following modified properties: 'owners'.", "POST", at+"/owners/$ref", reference)
	other.must(204, "PATCH", at, map[string]any{"notes": "x"})
	reader := r.caller("reader", "Application.Read.All") // whom owning alone does not let write
	c.must(204, "POST", at+"/owners/$ref", map[string]any{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/" + reader.app.ServicePrincipalID})
	reader.must(403, "PATCH", at, map[string]any{"notes": "x"})
	c.must(204, "DELETE", at+"/owners/"+reader.app.ServicePrincipalID+"/$ref", nil)
	c.must(204, "DELETE", at+"/owners/"+c.app.ServicePrincipalID+"/$ref", nil)
	c.must(404, "DELETE", at+"/owners/"+c.app.ServicePrincipalID+"/$ref", nil)
	expect(other.app.ServicePrincipalID)
	c.must(404, "POST", at+"/owners/$ref", map[string]any{"@odata.id": "https://graph.microsoft.com/v1.0/users/" + id})
	c.must(204, "DELETE", "/v1.0/applications/"+other.app.ObjectID, nil)
	expect()

	bound := c.must(201, "POST", "/v1.0/applications", map[string]any{
		"displayName": "bound", "owners@odata.bind": []string{"https://graph.microsoft.com/v1.0/directoryObjects('" + c.app.ServicePrincipalID + "')"},
	})
	if got := c.must(200, "GET", "/v1.0/applications/"+bound.text("id")+"/owners", nil); !strings.Contains(got.raw, `"@odata.type":"#microsoft.graph.servicePrincipal"`) {
		t.Errorf("owners %s", got.raw)
	}
	if strings.Contains(bound.raw, "owners") {
		t.Errorf("created %s", bound.raw)
	}
}

func TestServicePrincipals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	app := c.must(201, "POST", "/v1.0/applications", map[string]any{"displayName": "azure-cli-test-000001"})
	body := map[string]any{"appId": app.text("appId"), "accountEnabled": true}
	created := c.must(201, "POST", "/v1.0/servicePrincipals", body)
	id := created.text("id")
	want := recorded(t, "servicePrincipal.json", "{id}", id, "{appId}", app.text("appId"), "{tid}", r.tenant.ID, "{created}", "2026-09-08T00:24:38Z")
	if diff := cmp.Diff(want, created.raw); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	c.refused(409, "Request_MultipleObjectsWithSameKeyValue",
		"The service principal cannot be created, updated, or restored because the service principal name "+app.text("appId")+" is already in use.",
		"POST", "/v1.0/servicePrincipals", body)
	const nowhere = "11111111-1111-4111-8111-111111111111"
	c.refused(400, "Request_BadRequest", "The appId '"+nowhere+"' of the service principal does not reference a valid application object.",
		"POST", "/v1.0/servicePrincipals", map[string]any{"appId": nowhere})
	c.refused(400, "Request_BadRequest", "Invalid value specified for property 'appId' of resource 'ServicePrincipal'.", "POST", "/v1.0/servicePrincipals", map[string]any{"appId": "x"})
	c.must(204, "PATCH", "/v1.0/servicePrincipals(appId='"+app.text("appId")+"')", map[string]any{"appRoleAssignmentRequired": true, "tags": []string{"x"}, "notes": "n"})
	got := c.must(200, "GET", "/v1.0/servicePrincipals/"+id, nil)
	if got.body["appRoleAssignmentRequired"] != true || got.text("notes") != "n" {
		t.Errorf("changed %s", got.raw)
	}
	if got := c.must(200, "GET", "/v1.0/directoryObjects/"+id, nil).text("@odata.type"); got != "#microsoft.graph.servicePrincipal" {
		t.Errorf("type %q", got)
	}
	ids := map[string]any{"ids": []string{id, nowhere, r.identity.PrincipalID}, "types": []string{"user", "group", "servicePrincipal"}}
	if got := c.must(200, "POST", "/v1.0/directoryObjects/getByIds", ids).values("displayName"); !cmp.Equal(got, []string{"azure-cli-test-000001", "worker"}) {
		t.Errorf("by ids %v", got)
	}
	if got := c.must(200, "GET", "/beta/servicePrincipals/"+id+"?$select=samlMetadataUrl", nil).raw; got !=
		`{"@odata.context":"https://graph.microsoft.com/beta/$metadata#servicePrincipals(samlMetadataUrl)/$entity","samlMetadataUrl":null}` {
		t.Errorf("selected %s", got)
	}
	c.must(204, "DELETE", "/v1.0/servicePrincipals/"+id, nil)
	c.must(404, "GET", "/v1.0/servicePrincipals/"+id, nil)
	c.must(201, "PATCH", "/v1.0/servicePrincipals(appId='"+app.text("appId")+"')", map[string]any{"accountEnabled": true}, "Prefer", "create-if-missing")

	worker := c.must(200, "GET", "/v1.0/servicePrincipals/"+r.identity.PrincipalID, nil)
	wantNames := []any{"isExplicit=True", "/subscriptions/" + subscription + "/resourcegroups/app/providers/Microsoft.ManagedIdentity/userAssignedIdentities/worker"}
	if worker.text("servicePrincipalType") != "ManagedIdentity" || !cmp.Equal(worker.body["alternativeNames"], any(wantNames)) {
		t.Errorf("managed identity %s", worker.raw)
	}
	graphSP := c.must(200, "GET", "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')", nil)
	if !strings.Contains(graphSP.raw, `"id":"1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9","isEnabled":true,"origin":"Application","value":"Application.ReadWrite.All"`) {
		t.Errorf("Microsoft Graph %s", graphSP.raw)
	}
	c.must(403, "PATCH", "/v1.0/servicePrincipals/"+graphSP.text("id"), map[string]any{"accountEnabled": false})
	c.must(403, "DELETE", "/v1.0/servicePrincipals/"+r.identity.PrincipalID, nil)
}

// TestAppRoles: an assignment shows up in the next token, and its removal too.
func TestAppRoles(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c, client := r.caller("admin", everything...), r.caller("client")
	const roleID = "aaaaaaaa-1111-4111-8111-111111111111"
	api := c.must(201, "POST", "/v1.0/applications", map[string]any{
		"displayName": "api", "identifierUris": []string{"api://orders"},
		"appRoles": []any{
			map[string]any{"id": roleID, "value": "Orders.Read", "displayName": "Read", "description": "d", "isEnabled": true, "allowedMemberTypes": []string{"Application"}},
			map[string]any{"id": "bbbbbbbb-1111-4111-8111-111111111111", "value": "Clerk", "displayName": "Clerk", "isEnabled": true, "allowedMemberTypes": []string{"User"}},
		},
	})
	resource := c.must(201, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": api.text("appId")}).text("id")
	roles := func(clientID, subject string) string {
		token := r.signIn(clientID, subject, "api://orders")
		var claims struct{ Roles []string }
		unsafeClaims(t, token, &claims)
		return strings.Join(claims.Roles, " ")
	}
	if got := roles(client.app.ClientID, "client"); got != "" {
		t.Errorf("roles before %q", got)
	}
	at := "/v1.0/servicePrincipals/" + client.app.ServicePrincipalID + "/appRoleAssignments"
	assignment := map[string]any{"principalId": client.app.ServicePrincipalID, "resourceId": resource, "appRoleId": roleID}
	created := c.must(201, "POST", at, assignment)
	want := fmt.Sprintf(`{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#servicePrincipals('%s')/appRoleAssignments/$entity","id":"%s",`+
		`"deletedDateTime":null,"appRoleId":"%s","createdDateTime":"2026-09-08T00:24:38Z","principalDisplayName":"client","principalId":"%s",`+
		`"principalType":"ServicePrincipal","resourceDisplayName":"api","resourceId":"%s"}`,
		client.app.ServicePrincipalID, created.text("id"), roleID, client.app.ServicePrincipalID, resource)
	if diff := cmp.Diff(want, created.raw); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	if got := roles(client.app.ClientID, "client"); got != "Orders.Read" {
		t.Errorf("roles %q", got)
	}
	// A managed identity, through the other side.
	assigned := "/v1.0/servicePrincipals/" + resource + "/appRoleAssignedTo"
	c.must(201, "POST", assigned, with(assignment, map[string]any{"principalId": r.identity.PrincipalID}))
	if got := roles(r.identity.ClientID, "system:serviceaccount:a:b"); got != "Orders.Read" {
		t.Errorf("roles of the managed identity %q", got)
	}
	if got := c.must(200, "GET", assigned, nil).values("principalDisplayName"); !cmp.Equal(got, []string{"client", "worker"}) {
		t.Errorf("assigned to %v", got)
	}
	if got := c.must(200, "GET", at+"?$filter=resourceId eq "+resource, nil).values("id"); !cmp.Equal(got, []string{created.text("id")}) {
		t.Errorf("assignments %v", got)
	}
	const bad = "Request_BadRequest"
	c.refused(400, bad, "Permission being assigned already exists on the object", "POST", at, assignment)
	c.refused(400, bad, "Permission being assigned was not found on application", "POST", at, with(assignment, map[string]any{"appRoleId": resource}))
	c.refused(400, bad, "Permission being assigned was not found on application", "POST", at, with(assignment, map[string]any{"appRoleId": "bbbbbbbb-1111-4111-8111-111111111111"}))
	c.refused(400, bad, "A value is required for property 'resourceId' of resource 'AppRoleAssignment'.", "POST", at, with(assignment, map[string]any{"resourceId": nil}))
	c.refused(400, bad, "Invalid value specified for property 'principalId' of resource 'AppRoleAssignment'.", "POST", at, with(assignment, map[string]any{"principalId": resource}))
	c.must(404, "POST", at, with(assignment, map[string]any{"resourceId": roleID}))
	c.must(400, "PATCH", "/v1.0/applications/"+api.text("id"), map[string]any{"appRoles": []any{}}) // enabled roles cannot go

	c.must(200, "GET", at+"/"+created.text("id"), nil)
	c.must(204, "DELETE", at+"/"+created.text("id"), nil)
	c.must(404, "DELETE", at+"/"+created.text("id"), nil)
	if got := roles(client.app.ClientID, "client"); got != "" {
		t.Errorf("roles after %q", got)
	}
	c.must(204, "DELETE", "/v1.0/servicePrincipals/"+resource, nil)
	tenant, err := r.dir.Tenant(r.tenant.ID)
	if err != nil {
		t.Fatal(err)
	}
	if left := tenant.ManagedIdentities[0].AppRoleAssignments; len(left) != 0 {
		t.Errorf("assignments at a resource that is gone: %v", left)
	}
}

// unsafeClaims reads a token's claims without checking it; the tests of the parent package verify tokens.
func unsafeClaims(t *testing.T, token string, into any) {
	t.Helper()
	payload, err := base64Payload(token)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, into); err != nil {
		t.Fatal(err)
	}
}

func TestListQueries(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	for i := range 5 {
		if _, err := r.dir.AddApplication(r.tenant.ID, directory.Application{Name: fmt.Sprintf("App %d", i), IdentifierURIs: []string{fmt.Sprintf("api://%d", i)}}); err != nil {
			t.Fatal(err)
		}
	}
	names := func(query string, headers ...string) string {
		t.Helper()
		got := c.must(200, "GET", "/v1.0/applications?"+strings.ReplaceAll(query, " ", "+"), nil, headers...)
		return strings.Join(got.values("displayName"), ",")
	}
	app := func(i int) directory.Application {
		tenant, err := r.dir.Tenant(r.tenant.ID)
		if err != nil {
			t.Fatal(err)
		}
		return tenant.Applications[1+i]
	}
	advanced := []string{"ConsistencyLevel", "eventual"}
	for _, tt := range []struct {
		query, want string
		headers     []string
	}{
		{"%24filter=appId+eq+%27" + app(2).ClientID + "%27", "App 2", nil},
		{"$filter=appId eq " + app(2).ClientID, "App 2", nil},
		{"$filter=id eq '" + strings.ToUpper(app(3).ObjectID) + "'", "App 3", nil},
		{"filter=displayName eq 'app 1'", "App 1", nil},
		{"$filter=startswith(displayName,'app') and not(displayName eq 'App 1')&$count=true", "App 0,App 2,App 3,App 4", advanced},
		{"$filter=displayName ne 'admin' and endswith(displayName, '4')&$count=true", "App 4", advanced},
		{"$filter=displayName in ('App 1','App 3','x')", "App 1,App 3", nil},
		{"$filter=identifierUris/any(u:u eq 'api://4')", "App 4", nil},
		{"$filter=identifierUris/any(u:startswith(u,'api://')) and (displayName eq 'App 0' or displayName eq 'App 1')", "App 0,App 1", nil},
		{"$filter=description eq null and displayName gt 'App 2'", "App 3,App 4", nil},
		{"$filter=createdDateTime ge 2026-01-01T00:00:00Z", "", nil},
		{"$filter=displayName eq 'it''s'", "", nil},
		{"$filter=api/requestedAccessTokenVersion eq 2", "", nil},
		{"$orderby=displayName desc&$top=2", "App 4,App 3", nil},
	} {
		if got := names(tt.query, tt.headers...); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.query, got, tt.want)
		}
	}
	// Pages, to the end.
	var all []string
	next := "https://graph.microsoft.com/v1.0/applications?$top=4&$select=displayName&$orderby=displayName"
	for pages := 0; next != ""; pages++ {
		if pages > 2 {
			t.Fatal("too many pages")
		}
		u, err := url.Parse(next)
		if err != nil {
			t.Fatal(err)
		}
		got := c.must(200, "GET", u.RequestURI(), nil)
		all = append(all, got.values("displayName")...)
		next = got.text("@odata.nextLink")
	}
	if want := []string{"admin", "App 0", "App 1", "App 2", "App 3", "App 4"}; !cmp.Equal(all, want) {
		t.Errorf("pages %v", all)
	}
	if got := c.must(200, "GET", "/v1.0/applications?$count=true&$top=1", nil, advanced...); got.body["@odata.count"] != 6.0 {
		t.Errorf("count %s", got.raw)
	}
	principals := c.must(200, "GET", "/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(c:c eq '"+app(1).ClientID+"')&$select=displayName", nil)
	if got := principals.values("displayName"); !cmp.Equal(got, []string{"App 1"}) {
		t.Errorf("service principals %v", got)
	}
	if got := c.must(200, "GET", "/v1.0/servicePrincipals?$filter=servicePrincipalType eq 'ManagedIdentity' and accountEnabled eq true", nil).values("displayName"); !cmp.Equal(got, []string{"worker"}) {
		t.Errorf("managed identities %v", got)
	}
}
