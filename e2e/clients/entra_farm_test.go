package clients

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// Who is in contosoFile.
const (
	contosoTenant       = "5a2b1c3d-0000-4000-8000-000000000001"
	contosoSubscription = "5a2b1c3d-0000-4000-8000-000000000002"
	operatorClient      = "5a2b1c3d-0000-4000-8000-000000000011" // may do everything
	guestClient         = "5a2b1c3d-0000-4000-8000-000000000012" // may do nothing but sign in
	strangerClient      = "5a2b1c3d-0000-4000-8000-000000000013" // trusts another repository
	webClient           = "5a2b1c3d-0000-4000-8000-000000000014" // is managed
	deployerClient      = "5a2b1c3d-0000-4000-8000-000000000016" // is a managed identity
	webPrincipal        = "5a2b1c3d-0000-4000-8000-000000000024" // its service principal

	governmentTenant       = "5a2b1c3d-0000-4000-8000-000000000003"
	governmentSubscription = "5a2b1c3d-0000-4000-8000-000000000004"
	governmentClient       = "5a2b1c3d-0000-4000-8000-000000000015" // may do everything there
)

// What operator and guest trust.
const (
	githubActions = "https://token.actions.githubusercontent.com"
	mainBranch    = "repo:octo-org/octo-repo:ref:refs/heads/main"
)

// otherSubject is what a client of stranger, which trusts another repository, gets to read.
const otherSubject = "AADSTS700213: No matching federated identity record found for presented assertion subject '" + mainBranch + "'."

// contosoFile is a tenant whose federation is managed by applications that sign in with a token of GitHub, and one in
// another cloud.
const contosoFile = `
tenants:
  - id: ` + contosoTenant + `
    displayName: Contoso
    domains: [contoso.onmicrosoft.com]
    applications:
      - displayName: operator
        clientId: ` + operatorClient + `
        credentials:
          - {name: github, issuer: "` + githubActions + `", subject: "` + mainBranch + `"}
        appRoleAssignments:
          - {resource: Microsoft Graph, role: Application.ReadWrite.All}
      - displayName: guest
        clientId: ` + guestClient + `
        credentials:
          - {name: github, issuer: "` + githubActions + `", subject: "` + mainBranch + `"}
      - displayName: stranger
        clientId: ` + strangerClient + `
        credentials:
          - {name: github, issuer: "` + githubActions + `", subject: "repo:contoso/other:ref:refs/heads/main"}
      - displayName: web
        clientId: ` + webClient + `
        servicePrincipalId: ` + webPrincipal + `
    managedIdentities:
      - {name: deployer, resourceGroup: app, clientId: ` + deployerClient + `}
    subscriptions:
      - id: ` + contosoSubscription + `
        displayName: Production
        resourceGroups:
          - name: app
        roleAssignments:
          - {principal: operator, role: Owner}
  - id: ` + governmentTenant + `
    displayName: Contoso Government
    cloud: usgov
    applications:
      - displayName: operator
        clientId: ` + governmentClient + `
        credentials:
          - {name: github, issuer: "` + githubActions + `", subject: "` + mainBranch + `"}
    subscriptions:
      - id: ` + governmentSubscription + `
        displayName: Production
        roleAssignments:
          - {principal: operator, role: Reader}
`

// entraFarm is a farm with contosoFile, for clients in processes of their own.
type entraFarm struct {
	*harness.Farm
	authority string // the Entra plane, https://host:port
	assertion string // a token of GitHub that operator and guest trust
	proxy     *farmProxy
	env       []string // what leads a client to the farm, whichever host it asks for
}

// startEntra starts a farm. The clients are those of the conformance table.
func startEntra(t *testing.T, clients ...string) *entraFarm {
	t.Helper()
	dir, err := directory.Parse("contoso.yaml", []byte(contosoFile))
	if err != nil {
		t.Fatal(err)
	}
	f := &entraFarm{Farm: harness.New(t, harness.WithTenants(dir.Tenants()...))}
	conforms(t, f.Farm, clients...)
	f.authority, f.assertion = f.URL(harness.EntraPlane), f.mint(exchangeAudience)
	var proxy string
	f.proxy, proxy = startFarmProxy(t, strings.TrimPrefix(f.authority, "https://"))
	env := f.Env()
	delete(env, "AZURE_AUTHORITY_HOST") // those that need it set it themselves
	f.env = append(harness.Environ(env), "PATH="+os.Getenv("PATH"), "HTTPS_PROXY="+proxy, "https_proxy="+proxy, "HTTP_PROXY="+proxy, "http_proxy="+proxy,
		"PYTHONDONTWRITEBYTECODE=1")
	return f
}

// mint makes a token of GitHub for an audience.
func (f *entraFarm) mint(audience string) string {
	github := f.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	return github.MustMint(harness.MintSpec{Audience: []string{audience}}).Token
}

// run runs a program that has nothing of this process' environment but PATH.
func (f *entraFarm) run(t *testing.T, env []string, program string, arguments ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, arguments...)
	cmd.Env = append(append([]string{"HOME=" + t.TempDir()}, f.env...), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}
