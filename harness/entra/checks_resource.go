package entra

import (
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// defaultScope ends the one scope a client credentials request asks for.
const defaultScope = "/.default"

// reservedScopes are what MSAL adds to every request; Entra ignores them next
// to a /.default.
var reservedScopes = []string{"openid", "profile", "offline_access"}

// isSpace: nothing but a space parts scopes (RFC 6749). That Entra takes no line break or tab for one is inferred.
func isSpace(r rune) bool { return r == ' ' }

// checkScope finds the resource: what stands before the last slash of
// {resource}/.default. Which of the scope errors answers what is partly inferred.
func checkScope(x *exchange, c *Check) *Error {
	if x.v1 {
		c.Note = "the v1.0 endpoint knows no scopes of client credentials"
		x.resource.name, x.signIn.Resource = x.form.resource, HideTokens(x.form.resource)
		return nil
	}
	c.Want, c.Got = "one {resource}"+defaultScope, x.form.scope
	var named, others []string
	for _, scope := range strings.FieldsFunc(x.form.scope, isSpace) {
		switch resource, isDefault := strings.CutSuffix(scope, defaultScope); {
		case slices.Contains(reservedScopes, scope):
		case resource == "":
			return refuse(70011, "scope", x.form.scope)
		case isDefault && !slices.Contains(named, resource):
			named = append(named, resource)
		case !isDefault:
			others = append(others, scope)
		}
	}
	switch {
	case len(named) == 0:
		return refuse(1002012, "scope", x.form.scope)
	case len(named) > 1 || len(others) > 0:
		return refuse(70011, "scope", x.form.scope)
	}
	x.resource.name = named[0]
	x.signIn.Resource = HideTokens(named[0])
	return nil
}

// checkResource finds what the resource string names: a service of Microsoft's or an application of the tenant that has
// a service principal. The address of this server, under which clients with an endpoint of their own call Microsoft
// Graph and Azure Resource Manager alike, names both; the token is as one for Graph.
func checkResource(x *exchange, c *Check) *Error {
	c.Got = x.resource.name
	x.resource.service = x.view.Cloud.Service(x.resource.name)
	if x.base.names(x.resource.name) {
		x.resource.service = x.view.Cloud.Service(directory.GraphAppID)
		c.Note = "Entra knows no such resource; here it is Microsoft Graph and Azure Resource Manager"
	}
	in := &x.signIn
	if service := x.resource.service; service != nil {
		c.Want = service.Name
		in.ResourceName, in.ResourceID, in.ResourceServicePrincipalID = service.Name, service.AppID, service.ServicePrincipalID(x.view.Tenant.ID)
		return nil
	}
	app := x.view.Resource(x.resource.name)
	switch {
	case app == nil:
		return refuse(500011, "resource", x.resource.name, "tenant", x.view.Tenant.DisplayName)
	case app.NoServicePrincipal:
		c.Note = "application " + app.Name + " has no service principal"
		return refuse(500011, "resource", x.resource.name, "tenant", x.view.Tenant.DisplayName)
	case app.Disabled:
		return refuse(500014, "resource", x.resource.name)
	}
	c.Want = app.Name
	x.resource.application = app
	in.ResourceName, in.ResourceID, in.ResourceServicePrincipalID = app.Name, app.ClientID, app.ServicePrincipalID
	return nil
}
