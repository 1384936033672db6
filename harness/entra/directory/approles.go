package directory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/wording"
)

// validateAppRoleAssignments validates the roles that clients have at resources, and replaces the names in them by ids:
// of the resource's service principal, and of the role.
func (r *tenantRecord) validateAppRoleAssignments(rules rules) {
	for i := range r.tenant.Applications {
		a := &r.tenant.Applications[i]
		r.validateAssignments(a.AppRoleAssignments, a.ServicePrincipalID, rules.item("applications", i, "%q: ", a.Name))
	}
	for i := range r.tenant.ManagedIdentities {
		m := &r.tenant.ManagedIdentities[i]
		r.validateAssignments(m.AppRoleAssignments, m.PrincipalID, rules.item("managedIdentities", i, "%q: ", m.Name))
	}
}

func (r *tenantRecord) validateAssignments(list []AppRoleAssignment, principal string, rules rules) {
	for i := range list {
		r.validateAssignment(&list[i], list[:i], principal, rules.item("appRoleAssignments", i, "app role assignment: "))
	}
}

func (r *tenantRecord) validateAssignment(a *AppRoleAssignment, before []AppRoleAssignment, principal string, rules rules) {
	id, roles, err := r.resourceNamed(a.Resource)
	if err != nil {
		rules.add("resource", "%w", err)
		return
	}
	a.Resource = id
	i := slices.IndexFunc(roles, func(role AppRole) bool { return role.Value != "" && role.Value == a.Role })
	switch {
	case i >= 0:
		a.Role = roles[i].ID
	case IsGUID(a.Role): // of a role, of default access, or of a role of Microsoft's that is not known here
		a.Role = strings.ToLower(a.Role)
	default:
		known := []string{ZeroGUID}
		for _, role := range roles {
			known = append(known, role.Value)
		}
		rules.add("role", "the resource has no role %q (%s)", a.Role, wording.Have(a.Role, known))
		return
	}
	if !rules.id(&a.ID, "id", "id", "app role assignment", principal, a.Resource, a.Role) {
		return
	}
	for _, other := range before {
		if other.Resource == a.Resource && other.Role == a.Role {
			rules.add("role", "role %q twice", a.Role)
		} else if other.ID == a.ID {
			rules.add("id", "the id %q twice", a.ID)
		}
	}
}

// resourceNamed finds a resource by a service's name, or an application's display name, client id or service
// principal's id, and returns the id of its service principal and its roles.
func (r *tenantRecord) resourceNamed(name string) (principal string, roles []AppRole, err error) {
	for i := range r.cloud.services {
		s := &r.cloud.services[i]
		id := s.ServicePrincipalID(r.tenant.ID)
		if s.Name == name || strings.EqualFold(s.AppID, name) || strings.EqualFold(id, name) {
			return id, s.AppRoles, nil
		}
	}
	found := -1
	for i := range r.tenant.Applications {
		a := &r.tenant.Applications[i]
		switch {
		case strings.EqualFold(a.ClientID, name), strings.EqualFold(a.ServicePrincipalID, name):
			return a.ServicePrincipalID, a.AppRoles, nil
		case a.Name == name && found >= 0:
			return "", nil, fmt.Errorf("several applications are named %q: give the client id", name)
		case a.Name == name:
			found = i
		}
	}
	if found < 0 {
		return "", nil, fmt.Errorf("there is no resource %q: give the name of one of Microsoft's services, such as Microsoft Graph, "+
			"or of an application of the tenant", name)
	}
	a := &r.tenant.Applications[found]
	return a.ServicePrincipalID, a.AppRoles, nil
}
