package directory_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// azure is a tenant with one of everything in Azure.
func azure() directory.Tenant {
	return directory.Tenant{
		DisplayName:       "Contoso",
		Applications:      []directory.Application{{Name: "deployer"}},
		ManagedIdentities: []directory.ManagedIdentity{{Name: "worker"}},
		Subscriptions: []directory.Subscription{{
			DisplayName: "Production",
			ResourceGroups: []directory.ResourceGroup{
				{Name: "app", Location: "North Europe", Resources: []directory.Resource{{Type: "Microsoft.KeyVault/vaults", Name: "vault"}}}, {Name: "other"},
			},
			RoleAssignments: []directory.RoleAssignment{
				{Principal: "deployer", Role: "reader"}, {Principal: "worker", Role: "4633458B-17de-408a-b874-0445c86b69e6", Scope: "/resourceGroups/app/"},
				{Principal: "99999999-2222-4333-8444-555555555555", Role: "88888888-2222-4333-8444-555555555555"},
			},
		}},
	}
}

// TestHasScope asks for scopes in any case.
func TestHasScope(t *testing.T) {
	t.Parallel()
	tenant, err := directory.New().AddTenant(azure())
	if err != nil {
		t.Fatal(err)
	}
	const vault, worker = "/resourceGroups/app/providers/Microsoft.KeyVault/vaults/vault", "/resourceGroups/app/providers/" + directory.IdentityType + "/worker"
	for scope, want := range map[string]bool{
		"": true, "/": true, "/resourceGroups/app": true, "/resourcegroups/APP/": true, "/resourceGroups/none": false, "/resourceGroups": false, "/x": false,
		vault: true, strings.ToUpper(vault): true, vault + "/secrets/x": true, vault + "2": false, worker: true, worker + "/x/y": true,
		strings.Replace(vault, "app", "other", 1): false, strings.Replace(worker, "app", "other", 1): false, "/resourceGroups/app/providers/Microsoft.KeyVault": false,
	} {
		if got := tenant.HasScope(&tenant.Subscriptions[0], scope); got != want {
			t.Errorf("%q: %t, want %t", scope, got, want)
		}
	}
}

// TestAzureDefaults looks at what a directory fills in, and that it is the same the second time.
func TestAzureDefaults(t *testing.T) {
	t.Parallel()
	got, err := directory.New().AddTenant(azure())
	if err != nil {
		t.Fatal(err)
	}
	again, err := directory.New().AddTenant(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("the second time (-first +second):\n%s", diff)
	}
	s, worker := got.Subscriptions[0], got.ManagedIdentities[0]
	if worker.Subscription != s.ID || worker.ResourceGroup != "app" || worker.Location != "northeurope" || worker.ClientID == "" || worker.ClientID == worker.PrincipalID {
		t.Errorf("identity %+v", worker)
	}
	if s.ResourceGroups[0].Resources[0].Location != "northeurope" || s.ResourceGroups[1].Location != "westeurope" {
		t.Errorf("groups %+v", s.ResourceGroups)
	}
	want := []directory.RoleAssignment{
		{Name: s.RoleAssignments[0].Name, Principal: got.Applications[0].ServicePrincipalID, Role: "acdd72a7-3385-48ef-bd42-f606fba81ae7"},
		{Name: s.RoleAssignments[1].Name, Principal: worker.PrincipalID, Role: "4633458b-17de-408a-b874-0445c86b69e6", Scope: "/resourceGroups/app"},
		{Name: s.RoleAssignments[2].Name, Principal: "99999999-2222-4333-8444-555555555555", Role: "88888888-2222-4333-8444-555555555555"},
	}
	if diff := cmp.Diff(want, s.RoleAssignments); diff != "" || len(want[0].Name) != 36 {
		t.Errorf("role assignments (-want +got):\n%s", diff)
	}
}

func TestAzureRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*directory.Tenant, *directory.Subscription)
		want   string
	}{
		{"no subscription", func(x *directory.Tenant, _ *directory.Subscription) { x.Subscriptions = nil }, `managed identity "worker": the tenant has no subscription ""`},
		{"subscription without a name", func(_ *directory.Tenant, s *directory.Subscription) { s.DisplayName = "" }, "subscription without a display name and an id"},
		{"subscription's id", func(_ *directory.Tenant, s *directory.Subscription) { s.ID = "x" }, `subscription "Production": id: "x" is not a usable GUID`},
		{"subscription twice", func(x *directory.Tenant, s *directory.Subscription) { x.Subscriptions = append(x.Subscriptions, *s) }, `subscription "Production" has the id`},
		{"group's name", func(_ *directory.Tenant, s *directory.Subscription) { s.ResourceGroups[1].Name = "x." }, `resource group "x.": the name must have`},
		{"group twice", func(_ *directory.Tenant, s *directory.Subscription) { s.ResourceGroups[1].Name = "APP" }, `resource group "APP": it is there twice`},
		{"resource's type", func(_ *directory.Tenant, s *directory.Subscription) { s.ResourceGroups[0].Resources[0].Type = "vault" }, `type "vault": want one such as`},
		{"resource's name", func(_ *directory.Tenant, s *directory.Subscription) { s.ResourceGroups[0].Resources[0].Name = "a/b" }, "want a name for each part"},
		{"identity as resource", func(_ *directory.Tenant, s *directory.Subscription) {
			s.ResourceGroups[0].Resources[0].Type = directory.IdentityType
		}, "under managedIdentities"},
		{"identity's name", func(x *directory.Tenant, _ *directory.Subscription) { x.ManagedIdentities[0].Name = "x" }, `managed identity "x": the name must have`},
		{"identity's group", func(x *directory.Tenant, _ *directory.Subscription) { x.ManagedIdentities[0].ResourceGroup = "none" }, `subscription "Production" has no resource group "none"`},
		{"identity's name and group", func(x *directory.Tenant, _ *directory.Subscription) {
			x.ManagedIdentities[0].Name, x.ManagedIdentities[0].ResourceGroup = "x", "none"
		}, `managed identity "x": subscription "Production" has no resource group "none"`},
		{"identity twice", func(x *directory.Tenant, _ *directory.Subscription) {
			x.ManagedIdentities = append(x.ManagedIdentities, x.ManagedIdentities[0])
		}, `managed identity "worker": it is there twice in resource group "app"`},
		{"an application's id", func(x *directory.Tenant, _ *directory.Subscription) {
			x.Applications[0].ClientID, x.ManagedIdentities[0].ClientID = readerGUID, readerGUID
		}, `application "deployer" has an id of it`},
		{"identity's credential", func(x *directory.Tenant, _ *directory.Subscription) {
			x.ManagedIdentities[0].Credentials = []directory.Credential{{Name: "x"}}
		},
			`managed identity "worker": credential "x": the name must have`},
		{"role", func(_ *directory.Tenant, s *directory.Subscription) { s.RoleAssignments[0].Role = "Chef" }, `no role "Chef" (have Contributor, Owner, Reader,`},
		{"principal", func(_ *directory.Tenant, s *directory.Subscription) { s.RoleAssignments[0].Principal = "nobody" }, `no principal "nobody"`},
		{"two of a name", func(x *directory.Tenant, _ *directory.Subscription) { x.Applications[0].Name = "worker" }, `2 principals are called "worker"`},
		{"scope", func(_ *directory.Tenant, s *directory.Subscription) { s.RoleAssignments[0].Scope = "app" }, `scope "app": want one below the subscription`},
		{"scope of no group", func(_ *directory.Tenant, s *directory.Subscription) {
			s.RoleAssignments[0].Scope = "/resourceGroups/none"
		},
			`scope "/resourceGroups/none": the subscription has no such resource group or resource`},
		{"scope of no resource", func(_ *directory.Tenant, s *directory.Subscription) {
			s.RoleAssignments[0].Scope = "/resourceGroups/other/providers/Microsoft.KeyVault/vaults/vault"
		}, "the subscription has no such resource group or resource"},
		{"names in two cases", func(x *directory.Tenant, _ *directory.Subscription) {
			c := directory.Credential{Name: "main", Issuer: "https://i.example", Subject: "a", Audiences: []string{"x"}}
			other := c
			other.Name, other.Subject = "Main", "b"
			x.ManagedIdentities[0].Credentials = []directory.Credential{c, other}
		}, `managed identity "worker": credential "Main": the name differs from that of credential "main" in case only`},
		{"assignment twice", func(_ *directory.Tenant, s *directory.Subscription) { s.RoleAssignments[2] = s.RoleAssignments[0] }, "there twice"},
		{"assignment's name", func(_ *directory.Tenant, s *directory.Subscription) { s.RoleAssignments[0].Name = "x" }, `name: "x" is not a usable GUID`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tenant := azure()
			tt.change(&tenant, &tenant.Subscriptions[0])
			_, err := directory.New().AddTenant(tenant)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

const readerGUID = "acdd72a7-3385-48ef-bd42-f606fba81ae7"

func TestRoleAllows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		role, action string
		want         bool
	}{
		{"Owner", "Microsoft.Authorization/roleAssignments/write", true},
		{"Contributor", "Microsoft.KeyVault/vaults/write", true},
		{"Contributor", "microsoft.authorization/roleassignments/write", false},
		{"Contributor", "Microsoft.Authorization/roleAssignments/read", true},
		{"Reader", "Microsoft.KeyVault/vaults/read", true},
		{"Reader", "Microsoft.KeyVault/vaults/write", false},
		{readerGUID, "Microsoft.KeyVault/vaults/read", true},
		{"User Access Administrator", "Microsoft.Authorization/roleAssignments/write", true},
		{"User Access Administrator", "Microsoft.KeyVault/vaults/write", false},
		{"Managed Identity Contributor", "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write", true},
		{"Managed Identity Operator", "Microsoft.ManagedIdentity/userAssignedIdentities/read", true},
		{"Managed Identity Operator", "Microsoft.ManagedIdentity/userAssignedIdentities/write", false},
		{"Managed Identity Operator", "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read", true},
		{"Key Vault Reader", "Microsoft.KeyVault/vaults/read", true},
		{"Key Vault Secrets User", "Microsoft.KeyVault/vaults/read", false},
	} {
		role := directory.Role(tt.role)
		if role == nil {
			t.Fatalf("no role %q", tt.role)
		}
		if got := role.Allows(tt.action); got != tt.want {
			t.Errorf("%s: %s: %t, want %t", tt.role, tt.action, got, tt.want)
		}
	}
	if directory.Role("Chef") != nil {
		t.Error("there is a role Chef")
	}
}
