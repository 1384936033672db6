package directory

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/wording"
)

// defaultLocation is where resource groups are that do not say it.
const defaultLocation = "westeurope"

var resourceType = regexp.MustCompile(`^[A-Za-z0-9]+(\.[A-Za-z0-9]+)+/[A-Za-z0-9]+(/[A-Za-z0-9]+)*$`)

// validateSubscriptions validates the subscriptions with what is in them, role assignments apart, and fills in their
// ids and locations.
func (r *tenantRecord) validateSubscriptions(rules rules) {
	for i := range r.tenant.Subscriptions {
		s := &r.tenant.Subscriptions[i]
		s.DisplayName = cmp.Or(s.DisplayName, s.ID)
		if s.DisplayName == "" {
			rules.item("subscriptions", i, "").add("displayName", "subscription without a display name and an id")
			continue
		}
		r.validateSubscription(s, r.tenant.Subscriptions[:i], rules.item("subscriptions", i, "subscription %q: ", s.DisplayName))
	}
}

func (r *tenantRecord) validateSubscription(s *Subscription, before []Subscription, rules rules) {
	if rules.id(&s.ID, "id", "id", "subscription", r.tenant.ID, s.DisplayName) {
		if i := slices.IndexFunc(before, func(other Subscription) bool { return other.ID == s.ID }); i >= 0 {
			rules.add("id", "subscription %q has the id %q", before[i].DisplayName, s.ID)
		}
	}
	for i := range s.ResourceGroups {
		g := &s.ResourceGroups[i]
		validateResourceGroup(g, s.ResourceGroups[:i], rules.item("resourceGroups", i, "resource group %q: ", g.Name))
	}
}

func validateResourceGroup(g *ResourceGroup, before []ResourceGroup, rules rules) {
	if !ValidGroupName(g.Name) {
		rules.add("name", "the name must have 1 to 90 letters, digits, -, _, ., ( and ), and not end in a full stop")
	} else if slices.ContainsFunc(before, func(other ResourceGroup) bool { return strings.EqualFold(other.Name, g.Name) }) {
		rules.add("name", "it is there twice")
	}
	g.Location = cmp.Or(Location(g.Location), defaultLocation)
	for i := range g.Resources {
		res := &g.Resources[i]
		validateAzureResource(res, g.Resources[:i], rules.item("resources", i, "resource %q: ", res.Name))
		res.Location = cmp.Or(Location(res.Location), g.Location)
	}
}

func validateAzureResource(res *Resource, before []Resource, rules rules) {
	switch {
	case !resourceType.MatchString(res.Type):
		rules.add("type", "type %q: want one such as Microsoft.KeyVault/vaults", res.Type)
	case strings.EqualFold(res.Type, IdentityType):
		rules.add("type", "managed identities are listed under managedIdentities")
	case res.Name == "" || strings.Count(res.Name, "/")+1 != strings.Count(res.Type, "/") || strings.ContainsAny(res.Name, "?#%&"):
		rules.add("name", "want a name for each part of the type %s after the first, with slashes between", res.Type)
	case slices.ContainsFunc(before, func(other Resource) bool {
		return strings.EqualFold(other.Type, res.Type) && strings.EqualFold(other.Name, res.Name)
	}):
		rules.add("name", "of type %s it is there twice", res.Type)
	}
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

// HasScope tells whether a scope below one of the tenant's subscriptions is there: empty, the subscription itself, or
// one of its resource groups, or a resource in one, which may also be a managed identity, or anything below a resource,
// of which only Azure would know.
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

// validateIdentities validates the managed identities, places them in subscriptions and resource groups, and fills in
// their ids.
func (r *tenantRecord) validateIdentities(rules rules) {
	for i := range r.tenant.ManagedIdentities {
		m := &r.tenant.ManagedIdentities[i]
		r.validateIdentity(m, r.tenant.ManagedIdentities[:i], rules.item("managedIdentities", i, "managed identity %q: ", m.Name))
	}
}

func (r *tenantRecord) validateIdentity(m *ManagedIdentity, before []ManagedIdentity, rules rules) {
	named := ValidIdentityName(m.Name)
	if !named {
		rules.add("name", "the name must have 3 to 128 letters, digits, - and _, the first a letter or a digit")
	}
	if m.Name != "" && r.placeIdentity(m, rules) && named { // what has no name may not have been read
		group := []string{m.Subscription, strings.ToLower(m.ResourceGroup), m.Name}
		client := rules.id(&m.ClientID, "clientId", "client id", append([]string{"client"}, group...)...)
		principal := rules.id(&m.PrincipalID, "principalId", "principal id", append([]string{"principal"}, group...)...)
		if client && principal {
			r.validateIdentityAmong(m, before, rules)
		}
	}
	r.validateCredentials(m.Credentials, m.PrincipalID, true, rules)
	validateCase(m.Credentials, rules)
}

// validateIdentityAmong validates a managed identity against those before it, and against the applications.
func (r *tenantRecord) validateIdentityAmong(m *ManagedIdentity, before []ManagedIdentity, rules rules) {
	for _, other := range before {
		switch {
		case strings.EqualFold(other.Name, m.Name) && other.Subscription == m.Subscription && other.ResourceGroup == m.ResourceGroup:
			rules.add("name", "it is there twice in resource group %q", m.ResourceGroup)
			return
		case other.ClientID == m.ClientID:
			rules.add("clientId", "managed identity %q has an id of it", other.Name)
		case other.PrincipalID == m.PrincipalID:
			rules.add("principalId", "managed identity %q has an id of it", other.Name)
		}
	}
	for _, a := range r.tenant.Applications {
		if a.ClientID == m.ClientID {
			rules.add("clientId", "application %q has an id of it", a.Name)
		}
		if a.ServicePrincipalID == m.PrincipalID {
			rules.add("principalId", "application %q has an id of it", a.Name)
		}
	}
}

// validateCase refuses names that differ in case only: Azure Resource Manager finds by name in any case.
func validateCase(credentials []Credential, rules rules) {
	credentials = credentials[:min(len(credentials), MaxCredentials)] // the others are refused anyway
	for i, c := range credentials {
		for _, other := range credentials[:i] {
			if c.Name != other.Name && strings.EqualFold(c.Name, other.Name) {
				rules.item("credentials", i, "credential %q: ", c.Name).add("name", "the name differs from that of credential %q in case only", other.Name)
			}
		}
	}
}

// placeIdentity finds the identity's subscription, by id or display name, and its resource group: the first ones unless
// it names them. It tells whether they are there.
func (r *tenantRecord) placeIdentity(m *ManagedIdentity, rules rules) bool {
	for i := range r.tenant.Subscriptions {
		s := &r.tenant.Subscriptions[i]
		if m.Subscription != "" && !strings.EqualFold(m.Subscription, s.ID) && m.Subscription != s.DisplayName {
			continue
		}
		for _, g := range s.ResourceGroups {
			if m.ResourceGroup == "" || strings.EqualFold(m.ResourceGroup, g.Name) {
				m.Subscription, m.ResourceGroup = s.ID, g.Name
				m.Location = cmp.Or(Location(m.Location), g.Location)
				return true
			}
		}
		rules.add("resourceGroup", "subscription %q has no resource group %q", s.DisplayName, m.ResourceGroup)
		return false
	}
	rules.add("subscription", "the tenant has no subscription %q to put it in: add one with a resource group under subscriptions", m.Subscription)
	return false
}

// validateRoleAssignments validates the role assignments of every subscription, and puts object ids and role definition
// ids in the place of names.
func (r *tenantRecord) validateRoleAssignments(rules rules) {
	for i := range r.tenant.Subscriptions {
		s := &r.tenant.Subscriptions[i]
		for j := range s.RoleAssignments {
			r.validateRoleAssignment(s, j, rules.item("subscriptions", i, "subscription %q: ", s.DisplayName).item("roleAssignments", j, "role assignment: "))
		}
	}
}

func (r *tenantRecord) validateRoleAssignment(s *Subscription, i int, rules rules) {
	a := &s.RoleAssignments[i]
	before := len(*rules.broken)
	if !IsGUID(a.Principal) {
		id, err := r.principal(a.Principal)
		if err != nil {
			rules.add("principal", "%w", err)
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
		rules.add("role", "no role %q (%s, and any by its id)", a.Role, wording.Have(a.Role, names))
	}
	a.Role = strings.ToLower(a.Role)
	if a.Scope = strings.TrimRight(a.Scope, "/"); a.Scope != "" && !strings.HasPrefix(a.Scope, "/") {
		rules.add("scope", "scope %q: want one below the subscription, such as /resourceGroups/app", a.Scope)
	} else if !r.tenant.HasScope(s, a.Scope) {
		rules.add("scope", "scope %q: the subscription has no such resource group or resource", a.Scope)
	}
	if len(*rules.broken) > before || !rules.id(&a.Name, "name", "name", "role assignment", s.ID, a.Principal, a.Role, strings.ToLower(a.Scope)) {
		return
	}
	for _, other := range s.RoleAssignments[:i] {
		if other.Principal == a.Principal && other.Role == a.Role && strings.EqualFold(other.Scope, a.Scope) {
			rules.add("role", "principal %q has the role %q there twice", a.Principal, a.Role)
		} else if other.Name == a.Name {
			rules.add("name", "the name %q twice", a.Name)
		}
	}
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
