package entra_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra"
)

// TestRolesStayWithTheirResource: a role at one resource is none at another, even where roles of both have the same id, and lets nobody in
// where another resource asks for a role.
func TestRolesStayWithTheirResource(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const same = "99999999-2222-3333-4444-666666666666"
	orders := r.addApp(entra.Application{Name: "orders", IdentifierURIs: []string{"api://orders"}, AssignmentRequired: true, AppRoles: []entra.AppRole{
		{ID: same, Value: "Orders.Read"}, {Value: ""},
	}})
	r.addApp(entra.Application{Name: "sales", IdentifierURIs: []string{"api://sales"}, AppRoles: []entra.AppRole{{ID: same, Value: "Sales.Read"}}})
	r.addApp(entra.Application{Name: "bills", IdentifierURIs: []string{"api://bills"}, AssignmentRequired: true, AppRoles: []entra.AppRole{{ID: same, Value: "Bills.Read"}}})
	set(func(a *entra.Application) {
		a.AppRoleAssignments = []entra.AppRoleAssignment{
			{Resource: strings.ToUpper(orders.ClientID), Role: strings.ToUpper(same)}, {Resource: "orders", Role: orders.AppRoles[1].ID},
		}
	})(r)
	for _, tt := range []struct {
		scope string
		code  int
		roles any
	}{
		{"api://orders/.default", 0, []any{"Orders.Read"}},
		{"api://sales/.default", 0, nil},
		{"api://bills/.default", 501051, nil},
	} {
		got := r.post(tokenURL, r.params(r.issuer.mint(r.claims(nil)), map[string]string{"scope": tt.scope}))
		if got.code() != tt.code {
			t.Errorf("%s: code %d, want %d: %s", tt.scope, got.code(), tt.code, got.raw)
			continue
		}
		if tt.code == 0 {
			_, _, claims := got.token(t)
			if diff := cmp.Diff(tt.roles, claims["roles"]); diff != "" {
				t.Errorf("%s: roles (-want +got):\n%s", tt.scope, diff)
			}
		}
	}
}

// TestAppRoleAssignments reads the roles of an application: their names become ids, and what can't be is refused.
func TestAppRoleAssignments(t *testing.T) {
	t.Parallel()
	const id, other = "99999999-2222-3333-4444-777777777777", "99999999-2222-3333-4444-888888888888"
	const unknown, shared = "abcdefab-2222-3333-4444-888888888888", "99999999-2222-3333-4444-999999999999"
	tenant := func(a ...entra.AppRoleAssignment) entra.Tenant {
		return entra.Tenant{DisplayName: "x", Applications: []entra.Application{
			{Name: "a", AppRoleAssignments: a}, {Name: "b", AppRoles: []entra.AppRole{{Value: "R"}, {Value: "S"}}}, {Name: "c", AppRoles: []entra.AppRole{{Value: "R"}}},
			{Name: "d", AppRoles: []entra.AppRole{{ID: shared}}}, {Name: "e", AppRoles: []entra.AppRole{{ID: shared}}},
		}}
	}
	added, err := entra.NewDirectory().AddTenant(tenant(
		entra.AppRoleAssignment{ID: id, Resource: "b", Role: "R"}, entra.AppRoleAssignment{Resource: "b", Role: "S"},
		entra.AppRoleAssignment{Resource: "c", Role: "R"}, entra.AppRoleAssignment{Resource: "c", Role: strings.ToUpper(unknown)},
		entra.AppRoleAssignment{Resource: "d", Role: shared}, entra.AppRoleAssignment{Resource: "e", Role: shared},
	))
	if err != nil {
		t.Fatal(err)
	}
	apps := added.Applications
	want := []entra.AppRoleAssignment{
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
		tenant     entra.Tenant
		path, want string
	}{
		"one id":      {tenant(entra.AppRoleAssignment{ID: id, Resource: "b", Role: "R"}, entra.AppRoleAssignment{ID: id, Resource: "c", Role: "R"}), "applications[0].appRoleAssignments[1]", "twice"},
		"one role":    {tenant(entra.AppRoleAssignment{ID: id, Resource: "b", Role: "R"}, entra.AppRoleAssignment{ID: other, Resource: "b", Role: "R"}), "applications[0].appRoleAssignments[1]", "twice"},
		"no role":     {tenant(entra.AppRoleAssignment{Resource: "b"}), "applications[0].appRoleAssignments[0]", `the resource has no role "" (have 00000000-0000-0000-0000-000000000000, R, S)`},
		"no resource": {tenant(entra.AppRoleAssignment{Role: "R"}), "applications[0].appRoleAssignments[0]", `there is no resource ""`},
		"no role of a resource with a role without a value": {tenant(entra.AppRoleAssignment{Resource: "d"}), "applications[0].appRoleAssignments[0]", `no role ""`},
		"a name of two": {entra.Tenant{DisplayName: "x", Applications: []entra.Application{
			{Name: "a"}, {Name: "a", ClientID: id, ObjectID: other, ServicePrincipalID: shared}, {Name: "b", AppRoleAssignments: []entra.AppRoleAssignment{{Resource: "a", Role: "00000000-0000-0000-0000-000000000000"}}},
		}}, "applications[2].appRoleAssignments[0]", `several applications are named "a": give the client id`},
		"of an identity": {entra.Tenant{
			DisplayName: "x", Subscriptions: []entra.Subscription{{DisplayName: "s", ResourceGroups: []entra.ResourceGroup{{Name: "g"}}}},
			ManagedIdentities: []entra.ManagedIdentity{{Name: "web", AppRoleAssignments: []entra.AppRoleAssignment{{Resource: "none", Role: "R"}}}},
		}, "managedIdentities[0].appRoleAssignments[0]", `"web": app role assignment: there is no resource "none"`},
	} {
		_, err := entra.NewDirectory().AddTenant(tt.tenant)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		if path, _ := entra.BrokenRule(err); path != tt.path {
			t.Errorf("%s: at %q, want %q", name, path, tt.path)
		}
	}
}
