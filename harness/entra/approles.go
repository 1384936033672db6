package entra

import "github.com/issuerd/issuerd/harness/entra/directory"

// appRoles are those that a resource offers.
func (r resource) appRoles() []directory.AppRole {
	if r.service != nil {
		return r.service.AppRoles
	}
	return r.application.AppRoles
}

// roles are the values of the roles that the client has at the resource, for the claim of that name; nil: none. Those
// of Microsoft's services that are not known here have no value, and are left out.
func (x *exchange) roles() []string {
	principal := x.resourcePrincipal()
	var values []string
	for _, assignment := range x.app.AppRoleAssignments {
		if assignment.Resource != principal {
			continue
		}
		for _, role := range x.resource.appRoles() {
			if role.ID == assignment.Role && !role.Disabled && role.Value != "" {
				values = append(values, role.Value)
			}
		}
	}
	return values
}

// resourcePrincipal is the object id of the resource's service principal.
func (x *exchange) resourcePrincipal() string {
	if x.resource.service != nil {
		return x.resource.service.ServicePrincipalID(x.view.Tenant.ID)
	}
	return x.resource.application.ServicePrincipalID
}
