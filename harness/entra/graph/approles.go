package graph

import (
	"net/http"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

const assignmentType = "microsoft.graph.appRoleAssignment"

// assignment is an app role that a principal has at a resource.
type assignment struct {
	directory.AppRoleAssignment
	principal, resource *principal
}

// resourceOf is the service principal that an assignment is at, or nil. The directory has replaced names in it by ids.
func resourceOf(all []principal, a directory.AppRoleAssignment) *principal {
	i := slices.IndexFunc(all, func(p principal) bool { return strings.EqualFold(p.id, a.Resource) })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// assignments lists those of a tenant.
func assignments(t *directory.Tenant) []assignment {
	all := principals(t)
	var out []assignment
	for i := range all {
		p := &all[i]
		if p.assignments == nil {
			continue
		}
		for _, a := range *p.assignments {
			if resource := resourceOf(all, a); resource != nil {
				out = append(out, assignment{a, p, resource})
			}
		}
	}
	return out
}

// entity is the assignment as Microsoft Graph shows it.
func (a assignment) entity() object {
	return object{
		{"id", a.ID},
		{"deletedDateTime", nil},
		{"appRoleId", a.Role},
		{"createdDateTime", stamp(a.Created)},
		{"principalDisplayName", a.principal.name},
		{"principalId", a.principal.id},
		{"principalType", "ServicePrincipal"},
		{"resourceDisplayName", a.resource.name},
		{"resourceId", a.resource.id},
	}
}

func (a assignment) of(id string) bool { return a.principal.id == id }
func (a assignment) at(id string) bool { return a.resource.id == id }

func listAssignments(c *call) (*answer, error) {
	return c.listAssignments("appRoleAssignments", assignment.of)
}
func listAssigned(c *call) (*answer, error) {
	return c.listAssignments("appRoleAssignedTo", assignment.at)
}
func getAssignment(c *call) (*answer, error) {
	return c.getAssignment("appRoleAssignments", assignment.of)
}
func getAssigned(c *call) (*answer, error) {
	return c.getAssignment("appRoleAssignedTo", assignment.at)
}
func createAssignment(c *call) (*answer, error) {
	return c.newAssignment("appRoleAssignments", "principalId")
}
func createAssigned(c *call) (*answer, error) {
	return c.newAssignment("appRoleAssignedTo", "resourceId")
}
func deleteAssignment(c *call) (*answer, error) { return c.removeAssignment(assignment.of) }
func deleteAssigned(c *call) (*answer, error)   { return c.removeAssignment(assignment.at) }

func (c *call) listAssignments(relation string, belongs func(assignment, string) bool) (*answer, error) {
	t, p, err := c.principal(append(readers, assignmentReadWrite)...)
	if err != nil {
		return nil, err
	}
	var all []object
	for _, a := range assignments(t) {
		if belongs(a, p.id) {
			all = append(all, a.entity())
		}
	}
	example := assignment{principal: &principal{}, resource: &principal{}}.entity()
	return c.collection("servicePrincipals('"+p.id+"')/"+relation, assignmentType, example, all)
}

func (c *call) getAssignment(relation string, belongs func(assignment, string) bool) (*answer, error) {
	t, p, err := c.principal(append(readers, assignmentReadWrite)...)
	if err != nil {
		return nil, err
	}
	for _, a := range assignments(t) {
		if belongs(a, p.id) && strings.EqualFold(a.ID, c.vars["assignment"]) {
			return c.entity(http.StatusOK, "servicePrincipals('"+p.id+"')/"+relation, assignmentType, a.entity())
		}
	}
	return nil, notFound(c.vars["assignment"])
}

// newAssignment gives a principal a role. fixed is the property that the URL decides, which the body may repeat.
func (c *call) newAssignment(relation, fixed string) (*answer, error) {
	if err := c.need(assignmentReadWrite); err != nil {
		return nil, err
	}
	given := map[string]string{}
	for _, name := range []string{"principalId", "resourceId", "appRoleId"} {
		value, _ := c.body[name].(string)
		if value == "" {
			return nil, valueRequired(name, "AppRoleAssignment")
		}
		if !directory.IsGUID(value) {
			return nil, invalidValue(name, "AppRoleAssignment")
		}
		given[name] = strings.ToLower(value)
	}
	var entity object
	var owner string
	err := c.change(func(t *directory.Tenant) error {
		of, bad := findPrincipal(t, c.vars["principal"])
		if bad != nil {
			return bad
		}
		if owner = of.id; given[fixed] != owner {
			return invalidValue(fixed, "AppRoleAssignment")
		}
		holder, resource := principalByID(t, given["principalId"]), principalByID(t, given["resourceId"])
		switch {
		case holder == nil:
			return notFound(given["principalId"])
		case resource == nil:
			return notFound(given["resourceId"])
		case holder.assignments == nil:
			return denied() // Microsoft's own services
		}
		a := assignment{directory.AppRoleAssignment{ID: c.guid(), Resource: resource.id, Role: given["appRoleId"], Created: c.now().UTC()}, holder, resource}
		if bad := validateAssignment(t, a); bad != nil {
			return bad
		}
		*holder.assignments = append(*holder.assignments, a.AppRoleAssignment)
		entity = a.entity()
		return nil
	})
	if err != nil {
		return nil, err
	}
	got, err := c.entity(http.StatusCreated, "servicePrincipals('"+owner+"')/"+relation, assignmentType, entity)
	if err == nil {
		got.location = c.location("directoryObjects/" + owner + "/Microsoft.DirectoryServices.ServicePrincipal/" + relation + "/" + entity.text("id"))
	}
	return got, err
}

// validateAssignment refuses roles that the resource does not have, and those that the principal has. Both texts were
// seen in public code that calls Microsoft Graph; the code of the first is inferred.
func validateAssignment(t *directory.Tenant, a assignment) *refusal {
	offered := slices.ContainsFunc(a.resource.roles, func(r directory.AppRole) bool {
		return strings.EqualFold(r.ID, a.Role) && !r.Disabled && slices.Contains(memberTypes(r), "Application")
	})
	if !offered && a.Role != directory.ZeroGUID {
		return invalidRequest("Permission being assigned was not found on application")
	}
	for _, other := range assignments(t) {
		if other.of(a.principal.id) && other.at(a.resource.id) && other.Role == a.Role {
			return invalidRequest("Permission being assigned already exists on the object")
		}
	}
	return nil
}

func (c *call) removeAssignment(belongs func(assignment, string) bool) (*answer, error) {
	if err := c.need(assignmentReadWrite); err != nil {
		return nil, err
	}
	err := c.change(func(t *directory.Tenant) error {
		p, bad := findPrincipal(t, c.vars["principal"])
		if bad != nil {
			return bad
		}
		for _, a := range assignments(t) {
			if belongs(a, p.id) && strings.EqualFold(a.ID, c.vars["assignment"]) {
				*a.principal.assignments = slices.DeleteFunc(*a.principal.assignments, func(other directory.AppRoleAssignment) bool { return other.ID == a.ID })
				return nil
			}
		}
		return notFound(c.vars["assignment"])
	})
	if err != nil {
		return nil, err
	}
	return &answer{status: http.StatusNoContent}, nil
}
