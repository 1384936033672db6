package entra

import (
	"slices"
	"strings"
)

// defaultScope ends the one scope a client credentials request asks for.
const defaultScope = "/.default"

// reservedScopes are what MSAL adds to every request; Entra ignores them next
// to a /.default.
var reservedScopes = []string{"openid", "profile", "offline_access"}

// checkScope finds the resource: what stands before the last slash of
// {resource}/.default. Which of the scope errors answers what is partly inferred.
func checkScope(x *exchange, c *Check) *Error {
	c.Want, c.Got = "one {resource}"+defaultScope, x.form.scope
	var named, others []string
	for _, scope := range strings.Fields(x.form.scope) {
		switch resource, isDefault := strings.CutSuffix(scope, defaultScope); {
		case slices.Contains(reservedScopes, scope):
		case isDefault && resource == "":
			return refuse(70011, "scope", x.form.scope)
		case isDefault && !slices.Contains(named, resource):
			named = append(named, resource)
		case !isDefault:
			others = append(others, scope)
		}
	}
	switch {
	case len(named) > 1:
		return refuse(700022)
	case len(named) == 0:
		return refuse(1002012, "scope", x.form.scope)
	case len(others) > 0:
		return refuse(70011, "scope", x.form.scope)
	}
	x.resource.name = named[0]
	x.signIn.Resource = named[0]
	return nil
}

// checkResource finds what the resource string names: a service of Microsoft's
// or an application of the tenant that has a service principal.
func checkResource(x *exchange, c *Check) *Error {
	c.Got = x.resource.name
	if x.resource.service = x.record.cloud.serviceOf(x.resource.name); x.resource.service != nil {
		c.Want = x.resource.service.name
		return nil
	}
	app := x.server.directory.resource(x.record, x.resource.name)
	if app == nil || app.NoServicePrincipal || app.Disabled {
		if app != nil {
			c.Note = "application " + app.Name + " is disabled or has no service principal"
		}
		return refuse(500011, "resource", x.resource.name, "tenant", x.record.tenant.DisplayName)
	}
	c.Want = app.Name
	x.resource.application = app
	return nil
}
