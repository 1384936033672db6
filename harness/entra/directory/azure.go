package directory

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// defaultLocation is where resource groups are that do not say it.
const defaultLocation = "westeurope"

var resourceType = regexp.MustCompile(`^[A-Za-z0-9]+(\.[A-Za-z0-9]+)+/[A-Za-z0-9]+(/[A-Za-z0-9]+)*$`)

// validateSubscriptions validates the subscriptions with what is in them, role assignments apart, and fills in their ids and locations.
func (r *tenantRecord) validateSubscriptions() error {
	var broken []error
	for i := range r.tenant.Subscriptions {
		broken = append(broken, at(fmt.Sprintf("subscriptions[%d]", i), r.validateSubscription(i)))
	}
	return errors.Join(broken...)
}

func (r *tenantRecord) validateSubscription(i int) error {
	s := &r.tenant.Subscriptions[i]
	if s.DisplayName == "" {
		s.DisplayName = s.ID
	}
	if s.DisplayName == "" {
		return errors.New("directory: subscription without a display name and an id")
	}
	var err error
	if s.ID, err = idOr(s.ID, "subscription", r.tenant.ID, s.DisplayName); err != nil {
		return fmt.Errorf("directory: subscription %q: id: %w", s.DisplayName, err)
	}
	for _, other := range r.tenant.Subscriptions[:i] {
		if other.ID == s.ID {
			return fmt.Errorf("directory: subscription %q: subscription %q has the id %q", s.DisplayName, other.DisplayName, s.ID)
		}
	}
	var broken []error
	for j := range s.ResourceGroups {
		broken = append(broken, at(fmt.Sprintf("resourceGroups[%d]", j), validateResourceGroup(&s.ResourceGroups[j], s.ResourceGroups[:j])))
	}
	return errors.Join(broken...)
}

func validateResourceGroup(g *ResourceGroup, before []ResourceGroup) error {
	if !ValidGroupName(g.Name) {
		return fmt.Errorf("directory: resource group %q: the name must have 1 to 90 letters, digits, -, _, ., ( and ), and not end in a full stop", g.Name)
	}
	for _, other := range before {
		if strings.EqualFold(other.Name, g.Name) {
			return fmt.Errorf("directory: resource group %q twice", g.Name)
		}
	}
	g.Location = cmp.Or(Location(g.Location), defaultLocation)
	var broken []error
	for i := range g.Resources {
		broken = append(broken, at(fmt.Sprintf("resources[%d]", i), validateAzureResource(&g.Resources[i], g, g.Resources[:i])))
	}
	return errors.Join(broken...)
}

func validateAzureResource(res *Resource, g *ResourceGroup, before []Resource) error {
	switch {
	case !resourceType.MatchString(res.Type):
		return fmt.Errorf("directory: resource %q: type %q: want one such as Microsoft.KeyVault/vaults", res.Name, res.Type)
	case strings.EqualFold(res.Type, IdentityType):
		return fmt.Errorf("directory: resource %q: managed identities are listed under managedIdentities", res.Name)
	case res.Name == "" || strings.Count(res.Name, "/")+1 != strings.Count(res.Type, "/") || strings.ContainsAny(res.Name, "?#%&"):
		return fmt.Errorf("directory: resource %q: want a name for each part of the type %s after the first, with slashes between", res.Name, res.Type)
	}
	for _, other := range before {
		if strings.EqualFold(other.Type, res.Type) && strings.EqualFold(other.Name, res.Name) {
			return fmt.Errorf("directory: resource %q of type %s twice", res.Name, res.Type)
		}
	}
	res.Location = cmp.Or(Location(res.Location), g.Location)
	return nil
}

// Path is the part of the resource's id after /providers/.
func (r Resource) Path() string {
	types, names := strings.Split(r.Type, "/"), strings.Split(r.Name, "/")
	path := types[0]
	for i := range min(len(types)-1, len(names)) {
		path += "/" + types[i+1] + "/" + names[i]
	}
	return path
}

// HasScope tells whether a scope below one of the tenant's subscriptions is there: empty, the subscription itself, or one of its resource
// groups, or a resource in one, which may also be a managed identity, or anything below a resource, of which only Azure would know.
func (t *Tenant) HasScope(s *Subscription, scope string) bool {
	scope = strings.ToLower(strings.TrimRight(scope, "/")) + "/"
	for _, g := range s.ResourceGroups {
		group := strings.ToLower("/resourceGroups/" + g.Name + "/")
		if scope == group {
			return true
		}
		covers := func(r Resource) bool {
			return strings.HasPrefix(scope, group+"providers/"+strings.ToLower(r.Path())+"/")
		}
		if slices.ContainsFunc(g.Resources, covers) || slices.ContainsFunc(t.ManagedIdentities, func(m ManagedIdentity) bool {
			return m.Subscription == s.ID && m.ResourceGroup == g.Name && covers(Resource{Type: IdentityType, Name: m.Name})
		}) {
			return true
		}
	}
	return scope == "/"
}

// IdentityType is the resource type of user-assigned managed identities.
const IdentityType = "Microsoft.ManagedIdentity/userAssignedIdentities"

// validateIdentities validates the managed identities, places them in subscriptions and resource groups, and fills in their ids.
func (r *tenantRecord) validateIdentities() error {
	var broken []error
	for i := range r.tenant.ManagedIdentities {
		broken = append(broken, at(fmt.Sprintf("managedIdentities[%d]", i), r.validateIdentity(i)))
	}
	return errors.Join(broken...)
}

func (r *tenantRecord) validateIdentity(i int) error {
	m := &r.tenant.ManagedIdentities[i]
	if !ValidIdentityName(m.Name) {
		return fmt.Errorf("directory: managed identity %q: the name must have 3 to 128 letters, digits, - and _, the first a letter or a digit", m.Name)
	}
	if err := r.placeIdentity(m); err != nil {
		return fmt.Errorf("directory: managed identity %q: %w", m.Name, err)
	}
	for _, id := range []struct {
		kind string
		id   *string
	}{{"client", &m.ClientID}, {"principal", &m.PrincipalID}} {
		var err error
		if *id.id, err = idOr(*id.id, id.kind, m.Subscription, strings.ToLower(m.ResourceGroup), m.Name); err != nil {
			return fmt.Errorf("directory: managed identity %q: %s id: %w", m.Name, id.kind, err)
		}
	}
	for _, other := range r.tenant.ManagedIdentities[:i] {
		switch {
		case strings.EqualFold(other.Name, m.Name) && other.Subscription == m.Subscription && other.ResourceGroup == m.ResourceGroup:
			return fmt.Errorf("directory: managed identity %q twice in resource group %q", m.Name, m.ResourceGroup)
		case other.ClientID == m.ClientID || other.PrincipalID == m.PrincipalID:
			return fmt.Errorf("directory: managed identity %q: managed identity %q has an id of it", m.Name, other.Name)
		}
	}
	for _, a := range r.tenant.Applications {
		if a.ClientID == m.ClientID || a.ServicePrincipalID == m.PrincipalID {
			return fmt.Errorf("directory: managed identity %q: application %q has an id of it", m.Name, a.Name)
		}
	}
	owner := fmt.Sprintf("managed identity %q", m.Name)
	return errors.Join(r.validateCredentials(m.Credentials, owner, m.PrincipalID, true), validateCase(m.Credentials, owner))
}

// validateCase refuses names that differ in case only: Azure Resource Manager finds by name in any case.
func validateCase(credentials []Credential, owner string) error {
	var broken []error
	for i, c := range credentials {
		for _, other := range credentials[:i] {
			if c.Name != other.Name && strings.EqualFold(c.Name, other.Name) {
				broken = append(broken, at(fmt.Sprintf("credentials[%d]", i),
					fmt.Errorf("directory: %s: credential %q: the name differs from that of credential %q in case only", owner, c.Name, other.Name)))
			}
		}
	}
	return errors.Join(broken...)
}

// placeIdentity finds the identity's subscription, by id or display name, and its resource group: the first ones unless it names them.
func (r *tenantRecord) placeIdentity(m *ManagedIdentity) error {
	for i := range r.tenant.Subscriptions {
		s := &r.tenant.Subscriptions[i]
		if m.Subscription != "" && !strings.EqualFold(m.Subscription, s.ID) && m.Subscription != s.DisplayName {
			continue
		}
		for _, g := range s.ResourceGroups {
			if m.ResourceGroup == "" || strings.EqualFold(m.ResourceGroup, g.Name) {
				m.Subscription, m.ResourceGroup = s.ID, g.Name
				m.Location = cmp.Or(Location(m.Location), g.Location)
				return nil
			}
		}
		return fmt.Errorf("subscription %q has no resource group %q", s.DisplayName, m.ResourceGroup)
	}
	return fmt.Errorf("the tenant has no subscription %q to put it in: add one with a resource group under subscriptions", m.Subscription)
}

// validateRoleAssignments validates the role assignments of every subscription, and puts object ids and role definition ids in the place of names.
func (r *tenantRecord) validateRoleAssignments() error {
	var broken []error
	for i := range r.tenant.Subscriptions {
		s := &r.tenant.Subscriptions[i]
		for j := range s.RoleAssignments {
			if err := r.validateRoleAssignment(s, j); err != nil {
				err = fmt.Errorf("directory: subscription %q: role assignment: %w", s.DisplayName, err)
				broken = append(broken, at(fmt.Sprintf("subscriptions[%d].roleAssignments[%d]", i, j), err))
			}
		}
	}
	return errors.Join(broken...)
}

func (r *tenantRecord) validateRoleAssignment(s *Subscription, i int) error {
	a := &s.RoleAssignments[i]
	if !IsGUID(a.Principal) {
		id, err := r.principal(a.Principal)
		if err != nil {
			return err
		}
		a.Principal = id
	}
	a.Principal = strings.ToLower(a.Principal)
	if role := Role(a.Role); role != nil {
		a.Role = role.ID
	} else if !IsGUID(a.Role) {
		names := make([]string, len(Roles))
		for i, r := range Roles {
			names[i] = r.Name
		}
		return fmt.Errorf("no role %q (have %s, and any by its id)", a.Role, strings.Join(names, ", "))
	}
	a.Role = strings.ToLower(a.Role)
	if a.Scope = strings.TrimRight(a.Scope, "/"); a.Scope != "" && !strings.HasPrefix(a.Scope, "/") {
		return fmt.Errorf("scope %q: want one below the subscription, such as /resourceGroups/app", a.Scope)
	}
	if !r.tenant.HasScope(s, a.Scope) {
		return fmt.Errorf("scope %q: the subscription has no such resource group or resource", a.Scope)
	}
	var err error
	if a.Name, err = idOr(a.Name, "role assignment", s.ID, a.Principal, a.Role, strings.ToLower(a.Scope)); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	for _, other := range s.RoleAssignments[:i] {
		if other.Principal == a.Principal && other.Role == a.Role && strings.EqualFold(other.Scope, a.Scope) {
			return fmt.Errorf("principal %q has the role %q there twice", a.Principal, a.Role)
		}
		if other.Name == a.Name {
			return fmt.Errorf("the name %q twice", a.Name)
		}
	}
	return nil
}

// principal finds the object id of a service principal by the name of its application or managed identity.
func (r *tenantRecord) principal(name string) (string, error) {
	var found []string
	for _, a := range r.tenant.Applications {
		if a.Name == name && !a.NoServicePrincipal {
			found = append(found, a.ServicePrincipalID)
		}
	}
	for _, m := range r.tenant.ManagedIdentities {
		if m.Name == name {
			found = append(found, m.PrincipalID)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fmt.Errorf("no principal %q: want the name of an application with a service principal or of a managed identity, or an object id", name)
	}
	return "", fmt.Errorf("%d principals are called %q: give the object id", len(found), name)
}
