package arm_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

const (
	readerRole     = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
	assignmentName = "99999999-2222-4333-8444-555555555555"
	subscriptionAt = "/subscriptions/" + production
	definitionsAt  = "/providers/Microsoft.Authorization/roleDefinitions"
	assignmentsAt  = "/providers/Microsoft.Authorization/roleAssignments"
)

func TestRoleDefinitions(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	reader := func(prefix string) string {
		return `{"properties":{"roleName":"Reader","type":"BuiltInRole","description":"View all resources, but does not allow you to make any changes.",
			"assignableScopes":["/"],"permissions":[{"actions":["*/read"],"notActions":[],"dataActions":[],"notDataActions":[]}]},
			"id":"` + prefix + definitionsAt + "/" + readerRole + `","type":"Microsoft.Authorization/roleDefinitions","name":"` + readerRole + `"}`
	}
	r.as("Reader", "GET", query(subscriptionAt+definitionsAt, "roleName eq 'Reader'"), "").want(t, 200, `{"value":[`+reader(subscriptionAt)+`]}`)
	r.as("Reader", "GET", query(groupPath+definitionsAt, "roleName eq 'Chef'"), "").want(t, 200, `{"value":[]}`)
	r.as("Reader", "GET", groupPath+definitionsAt+"/"+readerRole, "").want(t, 200, reader(subscriptionAt))
	r.as("Nobody", "GET", definitionsAt+"/"+readerRole, "").want(t, 200, reader(""))
	all := decoded[struct{ Value []any }](t, r.as("Reader", "GET", query(subscriptionAt+definitionsAt, "type eq 'BuiltInRole'"), ""))
	if len(all.Value) != len(directory.Roles) {
		t.Errorf("%d role definitions, want %d", len(all.Value), len(directory.Roles))
	}
	r.as("Reader", "GET", subscriptionAt+definitionsAt+"/"+assignmentName, "").refused(t, 404, "RoleDefinitionDoesNotExist",
		"The specified role definition with ID '99999999222243338444555555555555' does not exist.")
	got := r.as("Reader", "GET", query(subscriptionAt+definitionsAt, "roleName ne 'Reader'"), "")
	if got.status != 400 || !strings.Contains(got.body, `"InvalidFilter"`) {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestRoleAssignment follows a role from its assignment to its end: what it permits works in between.
func TestRoleAssignment(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	_, _, nobody := r.client("Nobody")
	path := groupPath + assignmentsAt + "/" + assignmentName
	body := `{"properties":{"roleDefinitionId":"` + subscriptionAt + definitionsAt + "/" + readerRole + `","principalId":"` + nobody + `"}}`
	reply := `{"properties":{"roleDefinitionId":"` + subscriptionAt + definitionsAt + "/" + readerRole + `","principalId":"` + nobody + `",
		"principalType":"ServicePrincipal","scope":"` + groupPath + `","condition":null,"conditionVersion":null,
		"createdOn":"2026-02-08T00:24:38.0000000Z","updatedOn":"2026-02-08T00:24:38.0000000Z","createdBy":null,"updatedBy":null,
		"delegatedManagedIdentityResourceId":null,"description":null},
		"id":"` + path + `","type":"Microsoft.Authorization/roleAssignments","name":"` + assignmentName + `"}`

	if got := r.as("Nobody", "GET", vaultPath, ""); got.status != 403 {
		t.Fatalf("without a role: status %d", got.status)
	}
	r.as("Owner", "PUT", path, body).want(t, 201, reply)
	if got := r.as("Nobody", "GET", vaultPath, ""); got.status != 200 {
		t.Fatalf("with the role: status %d: %s", got.status, got.body)
	}
	r.as("Owner", "GET", path, "").want(t, 200, reply)
	r.as("Owner", "PUT", path, body).want(t, 200, reply)
	r.as("Owner", "DELETE", path, "").want(t, 200, reply)
	r.as("Owner", "DELETE", path, "").want(t, 204, "")
	if got := r.as("Nobody", "GET", vaultPath, ""); got.status != 403 {
		t.Fatalf("after the role: status %d", got.status)
	}
	r.as("Owner", "GET", path, "").refused(t, 404, "RoleAssignmentNotFound", "The role assignment '99999999222243338444555555555555' is not found.")
}

func TestRoleAssignmentRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	_, _, nobody := r.client("Nobody")
	_, _, reader := r.client("Reader")
	tenant := r.tenant.Subscriptions[0].RoleAssignments[0]
	body := func(role, principal, more string) string {
		return `{"properties":{"roleDefinitionId":"` + definitionsAt + "/" + role + `","principalId":"` + principal + `"` + more + `}}`
	}
	noPrincipal := "Principal 99999999222243338444555555555555 does not exist in the directory " + r.tenant.ID + ". Check that you have the correct principal ID. If you " +
		"are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment " +
		"principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype"
	const contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c"
	for _, tt := range []struct {
		name, path, body string
		status           int
		code, message    string
	}{
		{"name", "x", body(readerRole, nobody, ""), 400, "InvalidRoleAssignmentId", "The role assignment ID 'x' is not valid. The role assignment ID must be a GUID."},
		{"role", assignmentName, body(assignmentName, nobody, ""), 400, "RoleDefinitionDoesNotExist",
			"The specified role definition with ID '99999999222243338444555555555555' does not exist."},
		{"role by name", assignmentName, body("Reader", nobody, ""), 400, "RoleDefinitionDoesNotExist", "The specified role definition with ID 'reader' does not exist."},
		{"no principal", assignmentName, body(readerRole, "", ""), 400, "InvalidCreateRoleAssignmentRequest",
			"The request to create role assignment '99999999-2222-4333-8444-555555555555' is not valid. Role assignment properties must have a role definition ID and a principal ID."},
		{"principal", assignmentName, body(readerRole, assignmentName, ""), 400, "PrincipalNotFound",
			noPrincipal},
		{"principal's form", assignmentName, body(readerRole, "Nobody", ""), 400, "InvalidPrincipalId", "The Principal ID 'Nobody' is not valid. Principal ID must be a GUID."},
		{"principal with another type", assignmentName, body(readerRole, nobody, `,"principalType":"User"`), 400, "UnmatchedPrincipalType",
			"The PrincipalId '" + strings.ReplaceAll(nobody, "-", "") + "' has type 'ServicePrincipal' , which is different from specified PrinciaplType 'User'."},
		{"principal's type", assignmentName, body(readerRole, nobody, `,"principalType":"MSI"`), 400, "InvalidPrincipalType",
			"The PrincipalType property 'MSI' is not valid. It must be 'User', 'Group' or 'ServicePrincipal'."},
		{"unknown user", assignmentName, body(readerRole, assignmentName, `,"principalType":"User"`), 400, "PrincipalNotFound", noPrincipal},
		{"type in an old version", assignmentName + "?api-version=2018-07-01", body(readerRole, assignmentName, `,"principalType":"ServicePrincipal"`), 400,
			"PrincipalNotFound", noPrincipal},
		{"exists", assignmentName, body(readerRole, reader, ""), 409, "RoleAssignmentExists",
			"The role assignment already exists. The ID of the existing role assignment is " + strings.ReplaceAll(tenant.Name, "-", "") + "."},
		{"update", tenant.Name, body(contributor, reader, ""), 400, "RoleAssignmentUpdateNotPermitted",
			"Tenant ID, application ID, principal ID, and scope are not allowed to be updated."},
		{"no body", assignmentName, "", 400, "MissingRequestContent", "The request content is empty."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r.as("Owner", "PUT", subscriptionAt+assignmentsAt+"/"+tt.path, tt.body).refused(t, tt.status, tt.code, tt.message)
		})
	}
	r.as("Owner", "PUT", vaultPath+"2"+assignmentsAt+"/"+assignmentName, body(readerRole, nobody, "")).refused(t, 404, "ResourceNotFound",
		"The Resource 'Microsoft.KeyVault/vaults/contoso-vault2' under resource group 'App' was not found. For more details please go to "+
			"https://aka.ms/ARMResourceNotFoundFix")
	r.as("Owner", "PUT", subscriptionAt+"/providers/Microsoft.Web/sites/x"+assignmentsAt+"/"+assignmentName, body(readerRole, nobody, "")).refused(t, 404, "ResourceNotFound",
		"The Resource 'Microsoft.Web/sites/x' under resource group '<null>' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix")
	below := strings.Replace(assignmentName, "9", "8", 1)
	if got := r.as("Owner", "PUT", vaultPath+"/secrets/x"+assignmentsAt+"/"+below, body(readerRole, nobody, "")); got.status != 201 {
		t.Errorf("below a resource: status %d: %s", got.status, got.body)
	}
	// A principal that is not there yet is taken as a service principal, as against replication delays.
	if got := r.as("Owner", "PUT", groupPath+assignmentsAt+"/"+assignmentName, body(readerRole, assignmentName, `,"principalType":"ServicePrincipal"`)); got.status != 201 {
		t.Errorf("with principalType: status %d: %s", got.status, got.body)
	}
}

func TestListRoleAssignments(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	_, _, groupReader := r.client("Group Reader")
	name := map[string]string{}
	for _, a := range r.tenant.Subscriptions[0].RoleAssignments {
		for _, client := range []string{"Reader", "Contributor", "Owner", "Group Reader", "Vault Reader"} {
			if _, _, id := r.client(client); id == a.Principal {
				name[a.Name] = client
			}
		}
	}
	for _, tt := range []struct {
		scope, filter string
		want          []string
	}{
		{subscriptionAt, "", []string{"Reader", "Contributor", "Owner", "Group Reader", "Vault Reader"}},
		{subscriptionAt, "atScope()", []string{"Reader", "Contributor", "Owner"}},
		{groupPath, "", []string{"Reader", "Contributor", "Owner", "Group Reader", "Vault Reader"}},
		{groupPath, "atScope()", []string{"Reader", "Contributor", "Owner", "Group Reader"}},
		{vaultPath, "atScope()", []string{"Reader", "Contributor", "Owner", "Group Reader", "Vault Reader"}},
		{subscriptionAt, "principalId eq '" + groupReader + "'", []string{"Group Reader"}},
		{subscriptionAt, "assignedTo('" + strings.ToUpper(groupReader) + "')", []string{"Group Reader"}},
		{subscriptionAt, "atScope() and assignedTo('" + groupReader + "')", []string{}},
		{subscriptionAt + "/resourceGroups/other", "", []string{"Reader", "Contributor", "Owner"}},
	} {
		path := tt.scope + assignmentsAt
		if tt.filter != "" {
			path = query(path, tt.filter)
		}
		got := []string{}
		for _, id := range names(t, r.as("Owner", "GET", path, "")) {
			got = append(got, name[id])
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s with %q (-want +got):\n%s", tt.scope, tt.filter, diff)
		}
	}
	r.as("Owner", "GET", subscriptionAt+"/resourceGroups/none"+assignmentsAt, "").refused(t, 404, "ResourceGroupNotFound", "Resource group 'none' could not be found.")
}
