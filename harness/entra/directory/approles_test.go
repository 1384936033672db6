package directory_test

import (
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// TestAppRoleAssignments reads the roles of an application: their names become ids, and what can't be is refused.
func TestAppRoleAssignments(t *testing.T) {
	t.Parallel()
	const id, other = "99999999-2222-3333-4444-777777777777", "99999999-2222-3333-4444-888888888888"
	const unknown, shared = "abcdefab-2222-3333-4444-888888888888", "99999999-2222-3333-4444-999999999999"
	tenant := func(a ...directory.AppRoleAssignment) directory.Tenant {
		return directory.Tenant{DisplayName: "x", Applications: []directory.Application{
			{Name: "a", AppRoleAssignments: a}, {Name: "b", AppRoles: []directory.AppRole{{Value: "R"}, {Value: "S"}}}, {Name: "c", AppRoles: []directory.AppRole{{Value: "R"}}},
			{Name: "d", AppRoles: []directory.AppRole{{ID: shared}}}, {Name: "e", AppRoles: []directory.AppRole{{ID: shared}}},
		}}
	}
	added, err := directory.New().AddTenant(tenant(
		directory.AppRoleAssignment{ID: id, Resource: "b", Role: "R"}, directory.AppRoleAssignment{Resource: "b", Role: "S"},
		directory.AppRoleAssignment{Resource: "c", Role: "R"}, directory.AppRoleAssignment{Resource: "c", Role: strings.ToUpper(unknown)},
		directory.AppRoleAssignment{Resource: "d", Role: shared}, directory.AppRoleAssignment{Resource: "e", Role: shared},
	))
	if err != nil {
		t.Fatal(err)
	}
	apps := added.Applications
	want := []directory.AppRoleAssignment{
		{Resource: apps[1].ServicePrincipalID, Role: apps[1].AppRoles[0].ID}, {Resource: apps[1].ServicePrincipalID, Role: apps[1].AppRoles[1].ID},
		{Resource: apps[2].ServicePrincipalID, Role: apps[2].AppRoles[0].ID}, {Resource: apps[2].ServicePrincipalID, Role: unknown},
		{Resource: apps[3].ServicePrincipalID, Role: shared}, {Resource: apps[4].ServicePrincipalID, Role: shared},
	}
	for i, a := range apps[0].AppRoleAssignments {
		if a.Resource != want[i].Resource || a.Role != want[i].Role || a.ID == "" {
			t.Errorf("assignment %d is %+v, want %+v", i, a, want[i])
		}
	}
	for name, tt := range map[string]struct {
		tenant     directory.Tenant
		path, want string
	}{
		"one id":      {tenant(directory.AppRoleAssignment{ID: id, Resource: "b", Role: "R"}, directory.AppRoleAssignment{ID: id, Resource: "c", Role: "R"}), "applications[0].appRoleAssignments[1].id", "twice"},
		"one role":    {tenant(directory.AppRoleAssignment{ID: id, Resource: "b", Role: "R"}, directory.AppRoleAssignment{ID: other, Resource: "b", Role: "R"}), "applications[0].appRoleAssignments[1].role", "twice"},
		"no role":     {tenant(directory.AppRoleAssignment{Resource: "b"}), "applications[0].appRoleAssignments[0].role", `the resource has no role "" (have 00000000-0000-0000-0000-000000000000, R, S)`},
		"no resource": {tenant(directory.AppRoleAssignment{Role: "R"}), "applications[0].appRoleAssignments[0].resource", `there is no resource ""`},
		"no role of a resource with a role without a value": {tenant(directory.AppRoleAssignment{Resource: "d"}), "applications[0].appRoleAssignments[0].role", `no role ""`},
		"a name of two": {directory.Tenant{DisplayName: "x", Applications: []directory.Application{
			{Name: "a"}, {Name: "a", ClientID: id, ObjectID: other, ServicePrincipalID: shared}, {Name: "b", AppRoleAssignments: []directory.AppRoleAssignment{{Resource: "a", Role: "00000000-0000-0000-0000-000000000000"}}},
		}}, "applications[2].appRoleAssignments[0].resource", `several applications are named "a": give the client id`},
		"bad id": {tenant(directory.AppRoleAssignment{ID: "1", Resource: "b", Role: "R"}), "applications[0].appRoleAssignments[0].id",
			`"a": app role assignment: id: "1" is not a usable GUID`},
		"of an identity": {directory.Tenant{
			DisplayName: "x", Subscriptions: []directory.Subscription{{DisplayName: "s", ResourceGroups: []directory.ResourceGroup{{Name: "g"}}}},
			ManagedIdentities: []directory.ManagedIdentity{{Name: "web", AppRoleAssignments: []directory.AppRoleAssignment{{Resource: "none", Role: "R"}}}},
		}, "managedIdentities[0].appRoleAssignments[0].resource", `"web": app role assignment: there is no resource "none"`},
	} {
		_, err := directory.New().AddTenant(tt.tenant)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		if rules := directory.BrokenRules(err); len(rules) != 1 || rules[0].Path != tt.path {
			t.Errorf("%s: %v, want one at %q", name, rules, tt.path)
		}
	}
}
