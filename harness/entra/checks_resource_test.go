package entra_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// TestV1Endpoint signs in at /oauth2/token, whose answer has strings for numbers.
func TestV1Endpoint(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const resource = "https://management.core.windows.net/"
	got := r.post(tokenURLv1, r.params(r.issuer.mint(r.claims(nil)), map[string]string{"scope": "", "resource": resource}))
	want := map[string]any{
		"token_type": "Bearer", "expires_in": "3599", "ext_expires_in": "3599", "expires_on": "1770513878", "not_before": "1770509978",
		"resource": resource, "access_token": got.body["access_token"],
	}
	if diff := cmp.Diff(want, got.body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	order := []string{"token_type", "expires_in", "ext_expires_in", "expires_on", "not_before", "resource", "access_token"}
	if names := members(t, got.raw); !slices.Equal(names, order) {
		t.Errorf("members %v", names)
	}
	_, payload, claims := got.token(t)
	if claims["aud"] != resource || claims["ver"] != "1.0" || claims["exp"].(float64)-claims["nbf"].(float64) != 3900 {
		t.Errorf("claims %s", payload)
	}
	in := got.signIn
	if in.Resource != resource || in.ResourceID != "797f4846-ba00-4fd7-ba43-dac1f8f63013" || in.Scope != "" {
		t.Errorf("sign-in %+v", in)
	}
	checkSignIn(t, got, 0)
}

// TestV1ResourceToken is an application's token for another that has not asked for v2.0 tokens, by the v2.0 endpoint.
func TestV1ResourceToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.addApp(directory.Application{Name: "orders", IdentifierURIs: []string{"api://orders"}})
	got := r.post(tokenURL, r.params(r.issuer.mint(r.claims(nil)), map[string]string{"scope": "api://orders/.default"}))
	_, payload, claims := got.token(t)
	if claims["aud"] != "api://orders" || claims["ver"] != "1.0" || claims["iss"] != "https://sts.windows.net/"+r.tenant.ID+"/" || claims["idtyp"] != nil {
		t.Errorf("claims %s", payload)
	}
}

// TestRoles assigns roles of Microsoft Graph and of an application, by name and by id.
func TestRoles(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	orders := r.addApp(directory.Application{Name: "orders", IdentifierURIs: []string{"api://orders"}, AssignmentRequired: true, AppRoles: []directory.AppRole{
		{Value: "Orders.Read"}, {Value: "Orders.Write"}, {Value: "Orders.Old", Disabled: true},
	}})
	set(func(a *directory.Application) {
		a.AppRoleAssignments = []directory.AppRoleAssignment{
			{Resource: "Microsoft Graph", Role: "Application.ReadWrite.OwnedBy"},
			{Resource: "00000003-0000-0000-c000-000000000000", Role: "9A5D68DD-52B0-4CC2-BD40-ABCF44AC3A30"},
			{Resource: "Microsoft Graph", Role: foreignTenant}, // a role that is not known here
			{Resource: "orders", Role: "Orders.Write"},
			{Resource: orders.ServicePrincipalID, Role: orders.AppRoles[2].ID},
		}
	})(r)
	for _, tt := range []struct {
		scope string
		want  any
	}{
		{"https://graph.microsoft.com/.default", []any{"Application.ReadWrite.OwnedBy", "Application.Read.All"}},
		{"api://orders/.default", []any{"Orders.Write"}},
		{"https://management.azure.com/.default", nil},
	} {
		got := r.post(tokenURL, r.params(r.issuer.mint(r.claims(nil)), map[string]string{"scope": tt.scope}))
		_, _, claims := got.token(t)
		if diff := cmp.Diff(tt.want, claims["roles"]); diff != "" {
			t.Errorf("%s: roles (-want +got):\n%s", tt.scope, diff)
		}
	}
	services, err := directory.Services("")
	if err != nil {
		t.Fatal(err)
	}
	if a := r.app.AppRoleAssignments[0]; a.Resource != services[0].ServicePrincipalID(r.tenant.ID) || a.Role != "18a4783c-866b-4cc7-a460-3d5e5662c884" || a.ID == "" {
		t.Errorf("assignment %+v", a)
	}
	if _, err := directory.Services("mars"); err == nil || !strings.Contains(err.Error(), "have public, usgov, china") {
		t.Errorf("services of mars: %v", err)
	}
}

func TestTenantRules(t *testing.T) {
	t.Parallel()
	assigned := func(a ...directory.AppRoleAssignment) directory.Tenant {
		return directory.Tenant{DisplayName: "x", Applications: []directory.Application{{Name: "a", AppRoleAssignments: a}, {Name: "b", AppRoles: []directory.AppRole{{Value: "R"}}}, {Name: "c"}, {Name: "c", ClientID: foreignTenant, ObjectID: foreignTenant, ServicePrincipalID: foreignTenant}}}
	}
	policy := func(p ...directory.ConditionalAccess) directory.Tenant {
		return directory.Tenant{DisplayName: "x", Policies: directory.Policies{ConditionalAccess: p}}
	}
	for _, tt := range []struct {
		tenant directory.Tenant
		want   string
	}{
		{assigned(directory.AppRoleAssignment{Resource: "nothing", Role: "R"}), `there is no resource "nothing"`},
		{assigned(directory.AppRoleAssignment{Resource: "b", Role: "S"}), `the resource has no role "S" (have 00000000-0000-0000-0000-000000000000, R)`},
		{assigned(directory.AppRoleAssignment{Resource: "b", Role: "R"}, directory.AppRoleAssignment{Resource: "b", Role: "R"}), "twice"},
		{assigned(directory.AppRoleAssignment{Resource: "b", Role: "R", ID: "x"}), `"x" is not a usable GUID`},
		{assigned(directory.AppRoleAssignment{Resource: "c", Role: "R"}), `several applications are named "c"`},
		{policy(directory.ConditionalAccess{}), "it has no display name"},
		{policy(directory.ConditionalAccess{Name: "p"}, directory.ConditionalAccess{Name: "p"}), "another policy has the same id"},
		{policy(directory.ConditionalAccess{Name: "p", Applications: []string{"y"}}), `there is no application "y"`},
		{policy(directory.ConditionalAccess{Name: "p", ExcludeLocations: []string{"::ffff:192.0.2.0/120"}}), `"::ffff:192.0.2.0/120" is a network of IPv4 in IPv6 notation: write it as 192.0.2.0`},
		{policy(directory.ConditionalAccess{Name: "p", ExcludeLocations: []string{"office"}}), `"office" is no network in CIDR notation`},
		{directory.Tenant{DisplayName: "x", B2CPolicies: []string{"a/b"}}, `"a/b" is no name of a B2C policy`},
		{directory.Tenant{DisplayName: "x", Policies: directory.Policies{GitHubEnterprises: []string{""}}}, "an empty enterprise"},
		{directory.Tenant{DisplayName: "x", Policies: directory.Policies{AllowedIssuers: []string{""}}}, "an empty issuer"},
	} {
		if _, err := directory.New().AddTenant(tt.tenant); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v, want %q", err, tt.want)
		}
	}
}

// TestResourcePropagation changes the application that is the resource, under option propagationDelay.
func TestResourcePropagation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options(func(o *directory.Options) { o.PropagationDelay = time.Minute })
	send := func(step, scope string, code int) {
		t.Helper()
		if got := r.post(tokenURL, r.params(r.issuer.mint(r.claims(nil)), map[string]string{"scope": scope})); got.code() != code {
			t.Errorf("%s: code %d, want %d: %s", step, got.code(), code, got.raw)
		}
	}
	r.advance(time.Minute) // until the rig itself has spread
	orders := directory.Application{Name: "orders", IdentifierURIs: []string{"api://orders"}}
	r.addApp(orders)
	send("new", "api://orders/.default", 500011)
	r.advance(time.Minute)
	send("new, spread", "api://orders/.default", 0)
	r.change(func(t *directory.Tenant) { t.Applications[1].IdentifierURIs = []string{"api://sales"} })
	send("renamed", "api://sales/.default", 500011)
	send("renamed, old name", "api://orders/.default", 0)
	r.advance(time.Minute)
	send("renamed, spread", "api://sales/.default", 0)
	send("renamed, old name, spread", "api://orders/.default", 500011)
	r.change(func(t *directory.Tenant) { t.Applications = t.Applications[:1] })
	send("removed", "api://sales/.default", 0)
	r.advance(time.Minute)
	send("removed, spread", "api://sales/.default", 500011)
}

// TestRevocableTokens asks as MSAL does with capability CP1.
func TestRevocableTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const cp1 = `{"access_token":{"xms_cc":{"values":["CP1"]}}}`
	for _, tt := range []struct {
		claims, scope string
		in            float64
		capabilities  any
	}{
		{cp1, "https://graph.microsoft.com/.default", 86399, []any{"cp1"}},
		{strings.ReplaceAll(cp1, ":", ": "), "https://graph.microsoft.com/.default", 86399, []any{"cp1"}},
		{cp1, "https://management.azure.com/.default", 3599, nil},
		{`{"access_token":{"xms_cc":{"values":["other"]}}}`, "https://graph.microsoft.com/.default", 3599, nil},
		{`{"access_token":7}`, "https://graph.microsoft.com/.default", 3599, nil},
		{`not JSON`, "https://graph.microsoft.com/.default", 3599, nil},
	} {
		got := r.post(tokenURL, r.params(r.issuer.mint(r.claims(nil)), map[string]string{"claims": tt.claims, "scope": tt.scope}))
		_, _, claims := got.token(t)
		if got.body["expires_in"] != tt.in || !cmp.Equal(claims["xms_cc"], tt.capabilities) || claims["exp"] != float64(start.Unix())+tt.in+1 {
			t.Errorf("%s for %s: expires_in %v, xms_cc %v", tt.claims, tt.scope, got.body["expires_in"], claims["xms_cc"])
		}
	}
}

// TestResourceByAddress is how clients ask whose Graph or ARM endpoint is this server's address. MSAL for Python calls
// it without its port.
func TestResourceByAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const here = "https://127.0.0.1:8445"
	form := r.params(r.issuer.mint(r.claims(nil)), map[string]string{"scope": here + "/.default"})
	for _, called := range []string{here, "https://127.0.0.1"} {
		_, _, claims := r.post(called+"/"+r.tenant.ID+"/oauth2/v2.0/token", form).token(t)
		if claims["aud"] != here || claims["idtyp"] != "app" {
			t.Errorf("at %s: claims %v", called, claims)
		}
	}
	for _, other := range []string{"https://login.microsoftonline.com", "https://localhost:8445", "http://127.0.0.1:8445"} {
		if got := r.post(other+"/"+r.tenant.ID+"/oauth2/v2.0/token", form); got.code() != 500011 {
			t.Errorf("at %s: %s", other, got.raw)
		}
	}
	form.Set("scope", here+"/api/.default")
	if got := r.post(here+"/"+r.tenant.ID+"/oauth2/v2.0/token", form); got.code() != 500011 {
		t.Errorf("below the address: %s", got.raw)
	}
}

// TestExchangeToken is an application's token for token exchange.
func TestExchangeToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.post(tokenURL, r.params(r.issuer.mint(r.claims(nil)), exchangeScope))
	_, payload, claims := got.token(t)
	if claims["aud"] != "fb60f99c-7a34-4190-8149-302f77469936" || claims["ver"] != "2.0" || claims["idtyp"] != "app" || claims["xms_ficinfo"] == nil {
		t.Errorf("claims %s", payload)
	}
	want := []string{"aud", "iss", "iat", "nbf", "exp", "aio", "azp", "azpacr", "idtyp", "oid", "rh", "sub", "tid", "uti", "ver", "xms_ficinfo", "xms_ftd"}
	if names := members(t, payload); !slices.Equal(names, want) {
		t.Errorf("claims %v", names)
	}
}

// TestSignInOfAToken has what Microsoft Graph's sign-in log shows.
func TestSignInOfAToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.exchange(nil).signIn
	services, err := directory.Services("public")
	if err != nil {
		t.Fatal(err)
	}
	if got.FederatedCredentialID != r.credentialID("main-branch") || got.ServicePrincipalID != r.app.ServicePrincipalID || got.IPAddress != "192.0.2.1" ||
		got.CredentialType != entra.CredentialFederated || got.ResourceName != "Microsoft Graph" || got.ResourceID != services[0].AppID ||
		got.ResourceServicePrincipalID != services[0].ServicePrincipalID(r.tenant.ID) || got.ManagedIdentity || got.Duration != 0 {
		t.Errorf("sign-in %+v", got)
	}
	refused := r.exchange(map[string]any{"sub": "x"}).signIn
	if refused.FederatedCredentialID != "" || refused.CredentialType != entra.CredentialAssertion || refused.ConditionalAccess != "" {
		t.Errorf("refused sign-in %+v", refused)
	}
}

func (r *rig) credentialID(name string) string {
	a, err := r.dir.Application(r.tenant.ID, r.app.ClientID)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, c := range a.Credentials {
		if c.Name == name {
			return c.ID
		}
	}
	return ""
}

// TestDiscoveryV1 reads the v1.0 metadata and the keys it names.
func TestDiscoveryV1(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const host = "https://login.microsoftonline.com/"
	got := r.do(getRequest(host + "contoso.onmicrosoft.com/.well-known/openid-configuration"))
	at := host + r.tenant.ID
	for name, want := range map[string]any{
		"issuer": "https://sts.windows.net/" + r.tenant.ID + "/", "token_endpoint": at + "/oauth2/token", "jwks_uri": at + "/discovery/keys",
		"tenant_region_scope": "WW", "microsoft_multi_refresh_token": true,
	} {
		if got.body[name] != want {
			t.Errorf("%s is %v, want %v", name, got.body[name], want)
		}
	}
	v1, v2 := r.do(getRequest(at+"/discovery/keys")), r.do(getRequest(at+"/discovery/v2.0/keys"))
	if v1.status != http.StatusOK || v1.raw != v2.raw {
		t.Errorf("keys %s, of v2.0 %s", v1.raw, v2.raw)
	}
	if got := r.do(getRequest(host + "common/.well-known/openid-configuration")); got.body["issuer"] != "https://sts.windows.net/{tenantid}/" {
		t.Errorf("common: issuer %v", got.body["issuer"])
	}
	if got := r.do(getRequest(host + "fabrikam.example/.well-known/openid-configuration")); got.body["error"] != "invalid_tenant" || got.code() != 90002 {
		t.Errorf("unknown tenant: %s", got.raw)
	}
}

// TestNewIssuerDelay: the keys of an issuer that was never asked for are not found for a while, when told so.
func TestNewIssuerDelay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options(func(o *directory.Options) { o.NewIssuerDelay = 20 * time.Minute })
	claims := map[string]any{"exp": start.Unix() + 3600}
	for minute := range 20 {
		if got := r.exchange(claims); got.code() != 7000272 {
			t.Fatalf("minute %d: %s", minute, got.raw)
		}
		r.advance(time.Minute)
	}
	if got := r.exchange(claims); got.code() != 0 {
		t.Errorf("after 20 minutes: %s", got.raw)
	}
}

// TestStaleKeys uses keys beyond their time while the issuer is down, when told so, and no longer than told.
func TestStaleKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options(func(o *directory.Options) { o.StaleKeys = time.Hour })
	if got := r.exchange(nil); got.code() != 0 {
		t.Fatal(got.raw)
	}
	r.issuer.discovery = 503
	r.advance(90 * time.Minute)
	got := r.exchange(nil)
	if got.code() != 0 || got.fetched() != "discovery" {
		t.Errorf("while down: code %d, fetched %q", got.code(), got.fetched())
	}
	r.advance(30 * time.Minute)
	if got := r.exchange(nil); got.code() != 501661 {
		t.Errorf("after the keys' last hour: %s", got.raw)
	}
}

// TestSignInJSON keeps the record free of what is empty.
func TestSignInJSON(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(entra.SignIn{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"time":"0001-01-01T00:00:00Z","traceId":"","correlationId":"","tenant":"","checks":null,"code":0,"status":0,"duration":"0s"}`
	if string(b) != want {
		t.Errorf("%s, want %s", b, want)
	}
}

// TestRemovalOfAStaleEdit changes a credential in place and removes it: until the removal has spread, the token
// endpoint sees the credential as it did before, which is without the change.
func TestRemovalOfAStaleEdit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := directory.DefaultOptions()
	o.PropagationDelay, o.StaleEdits = time.Minute, 10*time.Minute
	if err := r.dir.SetOptions(o); err != nil {
		t.Fatal(err)
	}
	const changed = "repo:contoso/other:ref:refs/heads/main"
	send := func(when string, codes map[string]int) {
		t.Helper()
		for subject, code := range codes {
			if got := r.exchange(map[string]any{"sub": subject}); got.code() != code {
				t.Errorf("%s: %s: code %d, want %d", when, subject, got.code(), code)
			}
		}
	}
	if _, err := r.dir.UpdateCredential(r.tenant.ID, r.app.ClientID, "main-branch", directory.Credential{Subject: changed}); err != nil {
		t.Fatal(err)
	}
	r.advance(2 * time.Minute)
	send("changed", map[string]int{mainSubject: 0, changed: 700213})
	if err := r.dir.RemoveCredential(r.tenant.ID, r.app.ClientID, "main-branch"); err != nil {
		t.Fatal(err)
	}
	send("removed", map[string]int{mainSubject: 0, changed: 700213})
	r.advance(time.Minute)
	send("removed, spread", map[string]int{mainSubject: 70025, changed: 70025})
	r.addCredential(r.app, directory.Credential{Name: "main-branch", Issuer: r.issuer.url, Subject: changed, Audiences: []string{exchangeAudience}})
	r.advance(time.Minute)
	send("made anew, spread", map[string]int{mainSubject: 700213, changed: 0})
}

// TestRolesStayWithTheirResource: a role at one resource is none at another, even where roles of both have the same id,
// and lets nobody in where another resource asks for a role.
func TestRolesStayWithTheirResource(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const same = "99999999-2222-3333-4444-666666666666"
	orders := r.addApp(directory.Application{Name: "orders", IdentifierURIs: []string{"api://orders"}, AssignmentRequired: true, AppRoles: []directory.AppRole{
		{ID: same, Value: "Orders.Read"}, {Value: ""},
	}})
	r.addApp(directory.Application{Name: "sales", IdentifierURIs: []string{"api://sales"}, AppRoles: []directory.AppRole{{ID: same, Value: "Sales.Read"}}})
	r.addApp(directory.Application{Name: "bills", IdentifierURIs: []string{"api://bills"}, AssignmentRequired: true, AppRoles: []directory.AppRole{{ID: same, Value: "Bills.Read"}}})
	set(func(a *directory.Application) {
		a.AppRoleAssignments = []directory.AppRoleAssignment{
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
		if i := slices.IndexFunc(got.signIn.Checks, func(c entra.Check) bool { return c.Name == "assignment" }); tt.code != 0 && got.signIn.Checks[i].Want != "an app role of bills" {
			t.Errorf("%s: recorded %+v", tt.scope, got.signIn.Checks[i])
		}
		if tt.code == 0 {
			_, _, claims := got.token(t)
			if diff := cmp.Diff(tt.roles, claims["roles"]); diff != "" {
				t.Errorf("%s: roles (-want +got):\n%s", tt.scope, diff)
			}
		}
	}
}

// TestRecordOfResources: the record names the resource that was found, and why one was not.
func TestRecordOfResources(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	orders := r.addApp(directory.Application{Name: "orders", IdentifierURIs: []string{"api://orders"}})
	r.addApp(directory.Application{Name: "orphan", IdentifierURIs: []string{"api://orphan"}, NoServicePrincipal: true})
	for _, tt := range []struct {
		scope string
		check entra.Check
		says  string // the error
	}{
		{"api://orders/.default", entra.Check{Name: "resource", OK: true, Want: "orders", Got: "api://orders"}, ""},
		{"api://orders/.default  api://orders/.default", entra.Check{Name: "resource", OK: true, Want: "orders", Got: "api://orders"}, ""},
		{"api://orphan/.default", entra.Check{Name: "resource", Got: "api://orphan", Note: "application orphan has no service principal", Code: 500011},
			"The resource principal named api://orphan was not found in the tenant named Contoso. "},
		{"/.default", entra.Check{Name: "scope", Want: "one {resource}/.default", Got: "/.default", Code: 70011}, "scope /.default "},
	} {
		got := r.post(tokenURL, r.params(r.issuer.mint(r.claims(nil)), map[string]string{"scope": tt.scope}))
		i := slices.IndexFunc(got.signIn.Checks, func(c entra.Check) bool { return c.Name == tt.check.Name })
		if i < 0 || !cmp.Equal(got.signIn.Checks[i], tt.check) {
			t.Errorf("%s: recorded %+v, want %+v", tt.scope, got.signIn.Checks, tt.check)
		}
		if !strings.Contains(got.raw, tt.says) {
			t.Errorf("%s: %s does not say %q", tt.scope, got.raw, tt.says)
		}
		if s := got.signIn; tt.check.OK && (s.ResourceName != "orders" || s.ResourceID != orders.ClientID || s.ResourceServicePrincipalID != orders.ServicePrincipalID) {
			t.Errorf("%s: resource %q, %q, %q", tt.scope, s.ResourceName, s.ResourceID, s.ResourceServicePrincipalID)
		}
	}
}
