package scenario

import (
	"cmp"
	"slices"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// Directory returns the tenants of the Entra side: the scenario's own, whose first application is the scenario's, and
// then the others. Credentials that name no issuer get this one, and those without an audience get that of their
// cloud. The certificate is left to whoever has its key.
func (e *Entra) Directory(issuer string) []directory.Tenant {
	own := directory.Tenant{
		DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"}, Cloud: e.Cloud, B2CPolicies: e.B2CPolicies, Policies: e.Policies,
		ManagedIdentities: e.ManagedIdentities, Subscriptions: e.Subscriptions,
	}
	if e.Tenant != nil {
		own.ID, own.DisplayName, own.Domains = e.Tenant.ID, e.Tenant.DisplayName, e.Tenant.Domains
	}
	app := directory.Application{
		Name: e.App, ClientID: e.ClientID, NoServicePrincipal: e.ServicePrincipal != nil && !*e.ServicePrincipal,
		Disabled: e.Disabled, Public: e.Public, IdentifierURIs: e.IdentifierURIs, AppRoleAssignments: e.AppRoleAssignments,
		ObjectID: e.ObjectID, ServicePrincipalID: e.ServicePrincipalID, UniqueName: e.UniqueName, TokenVersion: e.TokenVersion, AppRoles: e.AppRoles,
		AssignmentRequired: e.AssignmentRequired, Certificates: slices.Clone(e.Certificates), Created: e.Created, Properties: e.Properties,
	}
	for _, c := range e.Credentials {
		app.Credentials = append(app.Credentials, directory.Credential(c))
	}
	own.Applications = append([]directory.Application{app}, e.Applications...)
	tenants := append([]directory.Tenant{own}, e.Tenants...)
	for i := range tenants {
		if audience, err := directory.ExchangeAudience(cmp.Or(tenants[i].Cloud, e.Cloud)); err == nil { // else the directory tells what is wrong
			tenants[i].FillCredentials(issuer, audience)
		}
	}
	return tenants
}

// DirectoryPos returns where the file has a part of what Entra.Directory returns, by its path from the first tenant on,
// such as tenants[0].applications[0].credentials[1], or that of an option, such as options.clockSkew.
func (f *File) DirectoryPos(path string) document.Position {
	return f.Pos(directoryPath(path)...)
}

// directoryPath leads to a part of the directory in a file, where the scenario's own tenant and its first application
// are spread over the Entra side itself.
func directoryPath(path string) []any {
	at := document.Path(path)
	if len(at) < 2 || at[0] != "tenants" {
		return append([]any{"entra"}, at...)
	}
	if tenant := at[1].(int); tenant > 0 {
		return append([]any{"entra", "tenants", tenant - 1}, at[2:]...)
	}
	at = at[2:]
	switch {
	case len(at) > 0 && (at[0] == "id" || at[0] == "displayName" || at[0] == "domains"):
		return append([]any{"entra", "tenant"}, at...)
	case len(at) > 2 && at[0] == "applications" && at[1] == 0 && at[2] == "displayName":
		return []any{"entra", "app"}
	case len(at) > 1 && at[0] == "applications" && at[1] == 0:
		return append([]any{"entra"}, at[2:]...)
	case len(at) > 1 && at[0] == "applications":
		at[1] = at[1].(int) - 1
	}
	return append([]any{"entra"}, at...)
}

// anyIssuer stands for the URL of the scenario's issuer, which the target decides on unless the file gives it. Messages
// may show it.
const anyIssuer = "the scenario's issuer"

// failRule adds a rule that the value at a path breaks. A rule about the expression of a credential counts only where
// its issuer is known.
func (d *decoder) failRule(root *document.Node, path []any, issuer string, err error) {
	if path[len(path)-1] == "matching" {
		credential, _ := root.Descend(path[:len(path)-1])
		if own := credential.Get("issuer"); own == nil && issuer == "" || own != nil && d.unknown[own] {
			return
		}
	}
	d.FailAt(root, path, "", "%s", err)
}
