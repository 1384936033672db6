package arm

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

type roleDefinition struct {
	Properties roleProperties `json:"properties"`
	ID         string         `json:"id"`
	Type       string         `json:"type"`
	Name       string         `json:"name"`
}

type roleProperties struct {
	RoleName         string           `json:"roleName"`
	Type             string           `json:"type"`
	Description      string           `json:"description"`
	AssignableScopes []string         `json:"assignableScopes"`
	Permissions      []rolePermission `json:"permissions"`
}

type rolePermission struct {
	Actions        []string `json:"actions"`
	NotActions     []string `json:"notActions"`
	DataActions    []string `json:"dataActions"`
	NotDataActions []string `json:"notDataActions"`
}

// definitionID is the id of a role definition as it is seen from a subscription, or from no scope at all.
func (c *call) definitionID(id string) string {
	prefix := ""
	if c.sub != nil {
		prefix = "/subscriptions/" + c.sub.ID
	}
	return prefix + authorization + "/roleDefinitions/" + id
}

func (c *call) roleDefinition(r *directory.RoleDefinition) roleDefinition {
	some := func(list []string) []string { return append([]string{}, list...) }
	return roleDefinition{
		Properties: roleProperties{r.Name, "BuiltInRole", r.Description, []string{"/"}, []rolePermission{{
			some(r.Actions), some(r.NotActions), some(r.DataActions), some(r.NotDataActions),
		}}},
		ID: c.definitionID(r.ID), Type: "Microsoft.Authorization/roleDefinitions", Name: r.ID,
	}
}

// authorizeDefinitions is authorize, but role definitions outside of subscriptions are for everybody to read, which is
// inferred.
func (c *call) authorizeDefinitions() error {
	if c.vars["scope"] == "" {
		return nil
	}
	return c.authorize()
}

func (c *call) listRoleDefinitions() (reply, error) {
	if err := c.authorizeDefinitions(); err != nil {
		return reply{}, err
	}
	f, err := c.readFilter()
	if err != nil {
		return reply{}, err
	}
	var all []roleDefinition
	for i := range directory.Roles {
		r := &directory.Roles[i]
		if (f.roleName == "" || strings.EqualFold(f.roleName, r.Name)) && (f.roleType == "" || strings.EqualFold(f.roleType, "BuiltInRole")) {
			all = append(all, c.roleDefinition(r))
		}
	}
	return okList(all)
}

func (c *call) getRoleDefinition() (reply, error) {
	if err := c.authorizeDefinitions(); err != nil {
		return reply{}, err
	}
	r := directory.Role(c.vars["name"])
	if r == nil || !directory.IsGUID(c.vars["name"]) {
		return reply{}, noRole(http.StatusNotFound, c.vars["name"]) // Azure/terraform-azurerm-caf-enterprise-scale, its troubleshooting page
	}
	return ok(c.roleDefinition(r))
}

func noRole(status int, id string) error {
	return fail(status, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", bare(id))
}

// bare is a GUID without its hyphens, as the errors about roles print some.
func bare(id string) string { return strings.ToLower(strings.ReplaceAll(id, "-", "")) }

type roleAssignment struct {
	Properties assignmentProperties `json:"properties"`
	ID         string               `json:"id"`
	Type       string               `json:"type"`
	Name       string               `json:"name"`
}

type assignmentProperties struct {
	RoleDefinitionID string  `json:"roleDefinitionId"`
	PrincipalID      string  `json:"principalId"`
	PrincipalType    string  `json:"principalType"`
	Scope            string  `json:"scope"`
	Condition        *string `json:"condition"`
	ConditionVersion *string `json:"conditionVersion"`
	CreatedOn        string  `json:"createdOn,omitempty"`
	UpdatedOn        string  `json:"updatedOn,omitempty"`
	CreatedBy        *string `json:"createdBy"`
	UpdatedBy        *string `json:"updatedBy"`
	Delegated        *string `json:"delegatedManagedIdentityResourceId"`
	Description      *string `json:"description"`
}

func (c *call) roleAssignment(a directory.RoleAssignment) roleAssignment {
	scope := absolute(c.sub, a)
	p := assignmentProperties{RoleDefinitionID: c.definitionID(a.Role), PrincipalID: a.Principal, PrincipalType: "ServicePrincipal", Scope: scope}
	if !a.Created.IsZero() {
		p.CreatedOn = a.Created.UTC().Format("2006-01-02T15:04:05.0000000Z")
		p.UpdatedOn = p.CreatedOn
	}
	return roleAssignment{p, scope + authorization + "/roleAssignments/" + a.Name, "Microsoft.Authorization/roleAssignments", a.Name}
}

// scope is the scope of the path, which authorizeScope has checked.
func (c *call) scope() string { return "/" + strings.Trim(c.vars["scope"], "/") }

// authorizeScope is authorize for what has a scope, which must be in a subscription.
func (c *call) authorizeScope() error {
	if err := c.authorize(); err != nil {
		return err
	}
	if parts := strings.Split(c.scope(), "/"); len(parts) > 4 && strings.EqualFold(parts[3], "resourceGroups") {
		c.vars["group"] = parts[4]
		_, err := c.findGroup(c.sub)
		return err
	}
	return nil
}

// listRoleAssignments lists those at the scope and above it, and unless the filter says atScope(), those below it.
func (c *call) listRoleAssignments() (reply, error) {
	if err := c.authorizeScope(); err != nil {
		return reply{}, err
	}
	f, err := c.readFilter()
	if err != nil {
		return reply{}, err
	}
	var all []roleAssignment
	for _, a := range c.sub.RoleAssignments {
		scope := absolute(c.sub, a)
		below := covers(c.scope(), scope) && !f.atScope
		if (covers(scope, c.scope()) || below) && (f.principal == "" || f.principal == a.Principal) {
			all = append(all, c.roleAssignment(a))
		}
	}
	return okList(all)
}

// assignment finds the role assignment of the path.
func (c *call) assignment(s *directory.Subscription) int {
	return slices.IndexFunc(s.RoleAssignments, func(a directory.RoleAssignment) bool {
		return strings.EqualFold(a.Name, c.vars["name"]) && strings.EqualFold(absolute(s, a), c.scope())
	})
}

func (c *call) getRoleAssignment() (reply, error) {
	if err := c.authorizeScope(); err != nil {
		return reply{}, err
	}
	i := c.assignment(c.sub)
	if i < 0 {
		return reply{}, fail(http.StatusNotFound, "RoleAssignmentNotFound", "The role assignment '%s' is not found.", bare(c.vars["name"]))
	}
	return ok(c.roleAssignment(c.sub.RoleAssignments[i]))
}

// putRoleAssignment creates a role assignment. Texts: ansible-collections/azure#1137 and later ones with the id
// (exists), Azure-Samples/azure-search-openai-demo#9 (principal), Microsoft's troubleshooting page of Azure RBAC
// (update). That the resource must be there is inferred; below a resource it need not (Azure/azure-powershell#3771,
// about a subnet).
func (c *call) putRoleAssignment() (reply, error) {
	if err := c.authorizeScope(); err != nil {
		return reply{}, err
	}
	want, err := c.readAssignment()
	if err != nil {
		return reply{}, err
	}
	if !c.tenant.HasScope(c.sub, want.Scope) {
		group, path, _ := strings.Cut(want.Scope, "/providers/")
		resourceType, name := typed(path)
		return reply{}, notFound(resourceType, name, cmp.Or(group[strings.LastIndex(group, "/")+1:], "<null>"))
	}
	status := http.StatusCreated
	err = c.change(func(t *directory.Tenant, s *directory.Subscription) error {
		for _, a := range s.RoleAssignments {
			same := a.Principal == want.Principal && a.Role == want.Role && strings.EqualFold(a.Scope, want.Scope)
			switch {
			case a.Name == want.Name && same:
				want, status = a, http.StatusOK
				return nil
			case a.Name == want.Name:
				return fail(http.StatusBadRequest, "RoleAssignmentUpdateNotPermitted", "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.")
			case same:
				return fail(http.StatusConflict, "RoleAssignmentExists",
					"The role assignment already exists. The ID of the existing role assignment is %s.", bare(a.Name))
			}
		}
		want.Created = c.api.now().UTC().Truncate(time.Second)
		s.RoleAssignments = append(s.RoleAssignments, want)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return reply{status, c.roleAssignment(want)}, nil
}

// principalTypes are those that a request can give (Azure/azure-cli#11594), and two more: ForeignGroup is in
// Microsoft's documentation of New-AzRoleAssignment for partners, Device in public Terraform modules only.
var principalTypes = []string{"User", "Group", "ServicePrincipal", "ForeignGroup", "Device"}

// readAssignment reads the role assignment of a request. In versions before 2018-09-01-preview there is no
// principalType (Azure/azure-rest-api-specs#11830).
func (c *call) readAssignment() (directory.RoleAssignment, error) {
	none := directory.RoleAssignment{}
	var body struct {
		Properties struct {
			RoleDefinitionID string `json:"roleDefinitionId"`
			PrincipalID      string `json:"principalId"`
			PrincipalType    string `json:"principalType"`
		} `json:"properties"`
	}
	if err := c.decode(&body); err != nil {
		return none, err
	}
	p := body.Properties
	if c.version < "2018-09-01" {
		p.PrincipalType = ""
	}
	known := hasPrincipal(c.tenant, strings.ToLower(p.PrincipalID))
	principal := strings.ToLower(p.PrincipalID)
	roleID := p.RoleDefinitionID[strings.LastIndex(p.RoleDefinitionID, "/")+1:]
	role := directory.Role(roleID)
	switch {
	case !directory.IsGUID(c.vars["name"]): // inferred
		return none, fail(http.StatusBadRequest, "InvalidRoleAssignmentId", "The role assignment ID '%s' is not valid. The role assignment ID must be a GUID.", c.vars["name"])
	case p.RoleDefinitionID == "" || principal == "": // inferred
		return none, fail(http.StatusBadRequest, "InvalidCreateRoleAssignmentRequest", "The request to create role assignment '%s' is not valid. Role assignment "+
			"properties must have a role definition ID and a principal ID.", c.vars["name"])
	case !directory.IsGUID(principal): // Azure/azure-powershell#16627
		return none, fail(http.StatusBadRequest, "InvalidPrincipalId", "The Principal ID '%s' is not valid. Principal ID must be a GUID.", p.PrincipalID)
	case p.PrincipalType != "" && !slices.Contains(principalTypes, p.PrincipalType): // text Azure/azure-cli#11594, code inferred
		return none, fail(http.StatusBadRequest, "InvalidPrincipalType",
			"The PrincipalType property '%s' is not valid. It must be 'User', 'Group' or 'ServicePrincipal'.", p.PrincipalType)
	case role == nil || !directory.IsGUID(roleID):
		return none, noRole(http.StatusBadRequest, roleID)
	case known && p.PrincipalType != "" && p.PrincipalType != "ServicePrincipal": // Azure/modern-web-app-pattern-dotnet#129, typo included; status inferred
		return none, fail(http.StatusBadRequest, "UnmatchedPrincipalType",
			"The PrincipalId '%s' has type 'ServicePrincipal' , which is different from specified PrinciaplType '%s'.", bare(principal), p.PrincipalType)
	case !known && p.PrincipalType != "ServicePrincipal": // with this type alone it is not looked up: hashicorp/terraform-provider-azurerm#4168
		return none, fail(http.StatusBadRequest, "PrincipalNotFound", "Principal %s does not exist in the directory %s. Check that you have the correct principal ID. If you "+
			"are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role "+
			"assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype", bare(principal), c.tenant.ID)
	}
	below := c.scope()[len("/subscriptions/"+c.sub.ID):]
	return directory.RoleAssignment{Name: strings.ToLower(c.vars["name"]), Principal: principal, Role: role.ID, Scope: below}, nil
}

// hasPrincipal tells whether a service principal is in a tenant.
func hasPrincipal(t directory.Tenant, id string) bool {
	return slices.ContainsFunc(t.Applications, func(a directory.Application) bool { return a.ServicePrincipalID == id && !a.NoServicePrincipal }) ||
		slices.ContainsFunc(t.ManagedIdentities, func(m directory.ManagedIdentity) bool { return m.PrincipalID == id })
}

// deleteRoleAssignment answers with what it deleted, or with 204 when there was nothing.
func (c *call) deleteRoleAssignment() (reply, error) {
	if err := c.authorizeScope(); err != nil {
		return reply{}, err
	}
	answer := reply{http.StatusNoContent, nil}
	err := c.change(func(_ *directory.Tenant, s *directory.Subscription) error {
		if i := c.assignment(s); i >= 0 {
			answer = reply{http.StatusOK, c.roleAssignment(s.RoleAssignments[i])}
			s.RoleAssignments = slices.Delete(s.RoleAssignments, i, i+1)
		}
		return nil
	})
	return answer, err
}
