package clients

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// azureCLI is the az of this machine with a folder of its own for what it remembers: clouds, accounts, tokens.
type azureCLI struct {
	farm    *entraFarm
	program string
	folder  string
	env     []string
}

// startAzure starts a farm for az. What az asks of other hosts before a command is whether there is a newer version.
func startAzure(t *testing.T, clients ...string) azureCLI {
	t.Helper()
	az, err := exec.LookPath("az")
	if err != nil {
		leaveOut(t, "az", "the Azure CLI: no az on PATH; install Debian's azure-cli")
	}
	f := startEntra(t, clients...)
	t.Cleanup(func() {
		for _, host := range f.proxy.refusedHosts() {
			if host != "azure.microsoft.com:443" && host != "raw.githubusercontent.com:443" {
				t.Errorf("az wanted %s too", host)
			}
		}
	})
	return azureCLI{farm: f, program: az, folder: t.TempDir()}
}

// with is az with another folder: empty, or a copy of this one with its account.
func (a azureCLI) with(t *testing.T, remember bool) azureCLI {
	t.Helper()
	folder := t.TempDir()
	if remember {
		if err := os.CopyFS(folder, os.DirFS(a.folder)); err != nil {
			t.Fatal(err)
		}
	}
	a.folder = folder
	return a
}

func (a azureCLI) run(t *testing.T, arguments []string) (stdout, stderr string, err error) {
	t.Helper()
	env := []string{"AZURE_CONFIG_DIR=" + a.folder, "AZURE_CORE_COLLECT_TELEMETRY=no", "AZURE_CORE_NO_COLOR=yes", "AZURE_CORE_ONLY_SHOW_ERRORS=yes"}
	return a.farm.run(t, append(env, a.env...), a.program, arguments...)
}

// do runs a command and decodes what it prints, unless out is nil.
func (a azureCLI) do(t *testing.T, out any, arguments ...string) {
	t.Helper()
	stdout, stderr, err := a.run(t, arguments)
	if err != nil {
		t.Fatalf("az %s: %v\n%s", strings.Join(arguments[:2], " "), err, stderr)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal([]byte(stdout), out); err != nil {
		t.Fatalf("az %s prints %q: %v", strings.Join(arguments[:2], " "), stdout, err)
	}
}

// refuse runs a command that must fail with a text.
func (a azureCLI) refuse(t *testing.T, want string, arguments ...string) {
	t.Helper()
	_, stderr, err := a.run(t, arguments)
	if err == nil || !strings.Contains(stderr, want) {
		t.Errorf("az %s: %v with %q on stderr, want a failure with %q", strings.Join(arguments[:2], " "), err, stderr, want)
	}
}

// login are the arguments that sign an application of Contoso in with the token of GitHub.
func (a azureCLI) login(client string) []string {
	return loginAs(client, contosoTenant, a.farm.assertion)
}

func loginAs(client, tenant, assertion string) []string {
	return []string{"login", "--service-principal", "--username", client, "--tenant", tenant, "--federated-token", assertion}
}

// account is what az prints of a subscription.
type account struct {
	ID, Name, TenantID, State, CloudName string
	IsDefault                            bool
	User                                 struct{ Name, Type string }
}

// accountOf is the account of an application that may see the subscription.
func accountOf(client, cloud string) account {
	a := account{ID: contosoSubscription, Name: "Production", TenantID: contosoTenant, State: "Enabled", CloudName: cloud, IsDefault: true}
	a.User.Name, a.User.Type = client, "servicePrincipal"
	return a
}

// applicationCredential is what az prints of an application's federated credential.
type applicationCredential struct {
	ID, Name, Issuer, Subject string
	Audiences                 []string
}

// identityCredential is what az prints of a managed identity's.
type identityCredential struct {
	ID, Name, Type, ResourceGroup, Issuer, Subject string
	Audiences                                      []string
}

// roleAssignment is what az prints of one.
type roleAssignment struct {
	ID, Scope, PrincipalID, PrincipalType, PrincipalName, RoleDefinitionID, RoleDefinitionName string
}

const (
	appScope   = "/subscriptions/" + contosoSubscription + "/resourceGroups/app"
	readerRole = "/subscriptions/" + contosoSubscription + "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
)

// TestAzure has an operator who has signed in manage federation, at Microsoft's own hosts and with no setting but the
// proxy and its authority.
func TestAzure(t *testing.T) {
	t.Parallel()
	az := startAzure(t, "azure-cli")
	var accounts []account
	az.do(t, &accounts, az.login(operatorClient)...)
	if diff := cmp.Diff([]account{accountOf(operatorClient, "AzureCloud")}, accounts); diff != "" {
		t.Fatalf("az login (-want +got):\n%s", diff)
	}
	for name, test := range map[string]func(*testing.T, azureCLI){
		"account get-access-token":      testAzureToken,
		"ad app federated-credential":   testAzureApplication,
		"identity federated-credential": testAzureIdentity,
		"role assignment":               testAzureRole,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, az.with(t, true))
		})
	}
}

func testAzureToken(t *testing.T, az azureCLI) {
	var access struct{ AccessToken, Subscription, Tenant, TokenType string }
	az.do(t, &access, "account", "get-access-token")
	if access.Subscription != contosoSubscription || access.Tenant != contosoTenant || access.TokenType != "Bearer" {
		t.Errorf("subscription %q, tenant %q, type %q", access.Subscription, access.Tenant, access.TokenType)
	}
	want := map[string]any{
		"aud": "https://management.core.windows.net/", "appid": operatorClient, "tid": contosoTenant, "idtyp": "app",
		"iss": "https://sts.windows.net/" + contosoTenant + "/",
	}
	if diff := cmp.Diff(want, pick(claimsOf(t, access.AccessToken), "aud", "appid", "tid", "idtyp", "iss")); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

// testAzureApplication gives an application a credential, signs in with it, and takes it away.
func testAzureApplication(t *testing.T, az azureCLI) {
	group := []string{"ad", "app", "federated-credential"}
	command := func(verb string, more ...string) []string {
		return append(append(group, verb, "--id", webClient), more...)
	}
	const parameters = `{"name": "main", "issuer": "` + githubActions + `", "subject": "` + mainBranch + `", "audiences": ["` + exchangeAudience + `"]}`
	web := az.with(t, false)
	web.refuse(t, "AADSTS70025: ", web.login(webClient)...)

	var created applicationCredential
	az.do(t, &created, command("create", "--parameters", parameters)...)
	want := applicationCredential{
		ID: created.ID, Name: "main", Issuer: githubActions, Subject: mainBranch, Audiences: []string{exchangeAudience},
	}
	if diff := cmp.Diff(want, created); diff != "" || created.ID == "" {
		t.Errorf("create (-want +got):\n%s", diff)
	}
	az.refuse(t, "The combination of issuer and subject must be unique for the application. Issuer "+githubActions+" and Subject: "+mainBranch+" already exist.",
		command("create", "--parameters", strings.Replace(parameters, `"main"`, `"again"`, 1))...)
	web.refuse(t, "No subscriptions found for "+webClient, web.login(webClient)...)

	changed := strings.Replace(parameters, mainBranch, "repo:octo-org/octo-repo:pull_request", 1)
	az.do(t, nil, command("update", "--federated-credential-id", created.ID, "--parameters", changed)...)
	var list []applicationCredential
	az.do(t, &list, command("list")...)
	want.Subject = "repo:octo-org/octo-repo:pull_request"
	if diff := cmp.Diff([]applicationCredential{want}, list); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	az.do(t, nil, command("delete", "--federated-credential-id", "main")...)
	web.refuse(t, "AADSTS70025: ", web.login(webClient)...)
}

// testAzureIdentity does as much to a managed identity.
func testAzureIdentity(t *testing.T, az azureCLI) {
	command := func(verb, name string, more ...string) []string {
		return append([]string{"identity", "federated-credential", verb, "--identity-name", "deployer", "--resource-group", "app", "--name", name}, more...)
	}
	trust := []string{"--issuer", githubActions, "--subject", mainBranch}
	var created identityCredential
	az.do(t, &created, command("create", "main", trust...)...)
	want := identityCredential{
		ID: "/subscriptions/" + contosoSubscription +
			"/resourcegroups/app/providers/Microsoft.ManagedIdentity/userAssignedIdentities/deployer/federatedIdentityCredentials/main",
		Name: "main", Type: "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", ResourceGroup: "app",
		Issuer: githubActions, Subject: mainBranch, Audiences: []string{exchangeAudience},
	}
	if diff := cmp.Diff(want, created); diff != "" {
		t.Errorf("create (-want +got):\n%s", diff)
	}
	az.refuse(t, "Issuer and subject combination already exists for this Managed Identity.", command("create", "again", trust...)...)
	deployer := az.with(t, false)
	deployer.refuse(t, "No subscriptions found for "+deployerClient, deployer.login(deployerClient)...)
	var list []identityCredential
	az.do(t, &list, "identity", "federated-credential", "list", "--identity-name", "deployer", "--resource-group", "app")
	if diff := cmp.Diff([]identityCredential{want}, list); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	az.do(t, nil, command("delete", "main", "--yes")...)
	if left := az.farm.Tenants()[0].ManagedIdentities[0].Credentials; len(left) > 0 {
		t.Errorf("after delete there is %v", left)
	}
}

// testAzureRole gives an application the role without which az finds no subscription. Debian's az role assignment
// doesn't work, at Azure neither: python/az_role says why, and mends it.
func testAzureRole(t *testing.T, az azureCLI) {
	mended, err := filepath.Abs(filepath.Join("python", "az_role"))
	if err != nil {
		t.Fatal(err)
	}
	az.env = []string{"PYTHONPATH=" + mended}
	guest := az.with(t, false)
	guest.refuse(t, "No subscriptions found for "+guestClient, guest.login(guestClient)...)

	var created roleAssignment
	az.do(t, &created, "role", "assignment", "create", "--assignee", guestClient, "--role", "Reader", "--scope", appScope)
	want := roleAssignment{
		ID: created.ID, Scope: appScope, PrincipalID: created.PrincipalID, PrincipalType: "ServicePrincipal", RoleDefinitionID: readerRole,
	}
	if diff := cmp.Diff(want, created); diff != "" || !strings.HasPrefix(created.ID, appScope+"/providers/Microsoft.Authorization/roleAssignments/") {
		t.Errorf("create: %q (-want +got):\n%s", created.ID, diff)
	}
	var list []roleAssignment
	az.do(t, &list, "role", "assignment", "list", "--assignee", guestClient, "--scope", appScope)
	want.RoleDefinitionName, want.PrincipalName = "Reader", guestClient
	if diff := cmp.Diff([]roleAssignment{want}, list); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}

	var accounts []account
	guest.do(t, &accounts, guest.login(guestClient)...)
	if diff := cmp.Diff([]account{accountOf(guestClient, "AzureCloud")}, accounts); diff != "" {
		t.Errorf("az login (-want +got):\n%s", diff)
	}
	guest.refuse(t, "(AuthorizationFailed) The client '"+guestClient+"' with object id '"+created.PrincipalID+
		"' does not have authorization to perform action 'Microsoft.Authorization/roleAssignments/write' over scope '"+appScope,
		"role", "assignment", "create", "--assignee-object-id", created.PrincipalID, "--assignee-principal-type", "ServicePrincipal",
		"--role", "acdd72a7-3385-48ef-bd42-f606fba81ae7", "--scope", appScope)
	guest.refuse(t, "Insufficient privileges to complete the operation.", "ad", "app", "federated-credential", "list", "--id", webClient)
	az.do(t, nil, "role", "assignment", "delete", "--ids", created.ID)
	guest.refuse(t, "No subscriptions found for "+guestClient, guest.login(guestClient)...)
}

// TestAzureRefused looks at what a user of az gets to read when Entra refuses: at once, or later, since az keeps the
// assertion of its login and presents it again for every other resource (Azure/login#180).
func TestAzureRefused(t *testing.T) {
	t.Parallel()
	az := startAzure(t)
	az.refuse(t, otherSubject, az.login(strangerClient)...)

	az.do(t, nil, az.login(operatorClient)...)
	az.farm.MustAdvance(time.Hour)
	az.refuse(t, "AADSTS700024: Client assertion is not within its valid time range.",
		"account", "get-access-token", "--resource", "https://graph.microsoft.com")
}

// TestAzureGovernment signs in to another of Microsoft's clouds, with the hosts that az knows for it.
func TestAzureGovernment(t *testing.T) {
	t.Parallel()
	az := startAzure(t, "azure-cli")
	az.do(t, nil, "cloud", "set", "--name", "AzureUSGovernment")
	az.refuse(t, "AADSTS700212: No matching federated identity record found for presented assertion audience '"+exchangeAudience+"'.",
		loginAs(governmentClient, governmentTenant, az.farm.assertion)...)
	var accounts []account
	az.do(t, &accounts, loginAs(governmentClient, governmentTenant, az.farm.mint("api://AzureADTokenExchangeUSGov"))...)
	want := accountOf(governmentClient, "AzureUSGovernment")
	want.ID, want.TenantID = governmentSubscription, governmentTenant
	if diff := cmp.Diff([]account{want}, accounts); diff != "" {
		t.Errorf("az login (-want +got):\n%s", diff)
	}
}

// TestAzureCloud has the farm as a cloud of its own, at its own address. The proxy is there because MSAL for Python
// asks login.microsoftonline.com what this cloud's authority is, and leaves its port out.
func TestAzureCloud(t *testing.T) {
	t.Parallel()
	az := startAzure(t, "azure-cli")
	authority := az.farm.authority
	config, err := json.Marshal(map[string]any{"endpoints": map[string]string{
		"activeDirectory": authority, "activeDirectoryResourceId": authority, "activeDirectoryGraphResourceId": authority,
		"microsoftGraphResourceId": authority, "resourceManager": authority,
	}})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, cloud string
		env         []string
		register    []string
	}{
		{"registered", "Farm", nil, []string{"cloud", "register", "--name", "Farm", "--cloud-config", string(config)}},
		{"metadata", "Issuerd", []string{"ARM_CLOUD_METADATA_URL=" + authority + "/metadata/endpoints?api-version=2019-05-01"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			az := az.with(t, false)
			az.env = tt.env
			if tt.register != nil {
				az.do(t, nil, tt.register...)
			}
			az.do(t, nil, "cloud", "set", "--name", tt.cloud)
			var accounts []account
			az.do(t, &accounts, az.login(operatorClient)...)
			if diff := cmp.Diff([]account{accountOf(operatorClient, tt.cloud)}, accounts); diff != "" {
				t.Errorf("az login (-want +got):\n%s", diff)
			}
			var access struct{ AccessToken string }
			az.do(t, &access, "account", "get-access-token")
			want := map[string]any{"aud": authority, "appid": operatorClient, "tid": contosoTenant}
			if diff := cmp.Diff(want, pick(claimsOf(t, access.AccessToken), "aud", "appid", "tid")); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
			var list []applicationCredential
			az.do(t, &list, "ad", "app", "federated-credential", "list", "--id", guestClient)
			if len(list) != 1 || list[0].Name != "github" {
				t.Errorf("guest's credentials: %v", list)
			}
			az.refuse(t, otherSubject, az.login(strangerClient)...)
		})
	}
}
