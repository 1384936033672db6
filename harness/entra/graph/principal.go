package graph

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

const principalType = "microsoft.graph.servicePrincipal"

// principalProperties is where the directory keeps what a service principal was given: below its application's
// properties.
const principalProperties = "servicePrincipal"

// microsoftTenant owns the applications of Microsoft's services.
const microsoftTenant = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

// principal is a service principal: of an application, of a managed identity, or of a service of Microsoft's. Exactly
// one of the first three is set.
type principal struct {
	app      *directory.Application
	identity *directory.ManagedIdentity
	service  *directory.Service

	id, clientID, name string
	names              []string // servicePrincipalNames
	roles              []directory.AppRole
	assignments        *[]directory.AppRoleAssignment // that it has at resources; nil for a service
	created            time.Time
}

// principals lists those of a tenant. They point into it.
func principals(t *directory.Tenant) []principal {
	var all []principal
	for i := range t.Applications {
		if a := &t.Applications[i]; !a.NoServicePrincipal {
			all = append(all, principal{
				app: a, id: a.ServicePrincipalID, clientID: a.ClientID, name: a.Name, names: append([]string{a.ClientID}, a.IdentifierURIs...),
				roles: a.AppRoles, assignments: &a.AppRoleAssignments, created: a.Created,
			})
		}
	}
	for i := range t.ManagedIdentities {
		m := &t.ManagedIdentities[i]
		all = append(all, principal{
			identity: m, id: m.PrincipalID, clientID: m.ClientID, name: m.Name, names: []string{m.ClientID}, assignments: &m.AppRoleAssignments,
		})
	}
	services, _ := directory.Services(t.Cloud) // the directory has validated the cloud
	for i := range services {
		s := &services[i]
		all = append(all, principal{
			service: s, id: s.ServicePrincipalID(t.ID), clientID: s.AppID, name: s.Name, names: append([]string{s.AppID}, s.URLs...), roles: s.AppRoles,
		})
	}
	return all
}

func principalByID(t *directory.Tenant, id string) *principal {
	return findWhere(t, func(p principal) bool { return strings.EqualFold(p.id, id) })
}

func findWhere(t *directory.Tenant, matches func(principal) bool) *principal {
	all := principals(t)
	if i := slices.IndexFunc(all, matches); i >= 0 {
		return &all[i]
	}
	return nil
}

// findPrincipal finds one by the key of a URL: an object id or appId='…'.
func findPrincipal(t *directory.Tenant, key string) (*principal, *refusal) {
	name, value := splitKey(key)
	var p *principal
	switch name {
	case "", "id":
		if !directory.IsGUID(value) {
			return nil, invalidRequest("Invalid object identifier '%s'.", value)
		}
		p = principalByID(t, value)
	case "appId":
		p = findWhere(t, func(p principal) bool { return strings.EqualFold(p.clientID, value) })
	default:
		return nil, noKey(name, principalType)
	}
	if p == nil {
		return nil, notFound(value)
	}
	return p, nil
}

// entity is the service principal as Microsoft Graph shows it, with the members in the order of a recording of the
// Azure CLI (2025-04).
func (p *principal) entity(t *directory.Tenant) object {
	enabled, required, owner, kind, alternative := true, false, t.ID, "Application", []string{}
	var displayName, stored = any(p.name), map[string]any(nil)
	switch {
	case p.app != nil:
		enabled, required = !p.app.Disabled, p.app.AssignmentRequired
		stored, _ = p.app.Properties[principalProperties].(map[string]any)
	case p.identity != nil:
		owner, kind, displayName = "", "ManagedIdentity", nil
		alternative = []string{"isExplicit=True", p.identity.ResourceID()}
	case p.service != nil:
		owner = microsoftTenant
	}
	entity := object{
		{"id", p.id},
		{"deletedDateTime", nil},
		{"accountEnabled", enabled},
		{"alternativeNames", alternative},
		{"appDisplayName", displayName},
		{"appDescription", nil},
		{"appId", p.clientID},
		{"applicationTemplateId", nil},
		{"appOwnerOrganizationId", orNull(owner)},
		{"appRoleAssignmentRequired", required},
		{"createdDateTime", stamp(p.created)},
		{"description", nil},
		{"disabledByMicrosoftStatus", nil},
		{"displayName", p.name},
		{"homepage", nil},
		{"loginUrl", nil},
		{"logoutUrl", nil},
		{"notes", nil},
		{"notificationEmailAddresses", []any{}},
		{"preferredSingleSignOnMode", nil},
		{"preferredTokenSigningKeyThumbprint", nil},
		{"replyUrls", []any{}},
		{"servicePrincipalNames", p.names},
		{"servicePrincipalType", kind},
		{"signInAudience", "AzureADMyOrg"},
		{"tags", []any{}},
		{"tokenEncryptionKeyId", nil},
		{"samlSingleSignOnSettings", nil},
		{"addIns", []any{}},
		{"appRoles", appRoleEntities(p.roles)},
		{"info", infoEntity()},
		{"keyCredentials", []any{}},
		{"oauth2PermissionScopes", []any{}},
		{"passwordCredentials", []any{}},
		{"resourceSpecificApplicationPermissions", []any{}},
		{"verifiedPublisher", verifiedPublisherEntity()},
	}
	switch {
	case p.identity != nil:
		entity[entity.index("signInAudience")].value = nil
	case p.service != nil:
		entity[entity.index("signInAudience")].value = "AzureADMultipleOrgs"
	}
	return entity.overlay(stored)
}

// examplePrincipal has a value of every property, for filters.
func examplePrincipal(t *directory.Tenant) object {
	example := principal{name: "x", names: []string{""}, roles: make([]directory.AppRole, 1)}
	entity := example.entity(t).overlay(map[string]any{"description": "", "notes": "", "homepage": "", "preferredSingleSignOnMode": ""})
	entity[entity.index("alternativeNames")].value = []string{""}
	entity[entity.index("tags")].value = []string{""}
	return entity
}

// setPrincipal applies the properties of a POST or PATCH to the service principal of an application.
func setPrincipal(a *directory.Application, body map[string]any) *refusal {
	stored, _ := a.Properties[principalProperties].(map[string]any)
	stored = maps.Clone(stored)
	if stored == nil {
		stored = map[string]any{}
	}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		value := body[name]
		switch {
		case strings.Contains(name, "@odata."), slices.Contains(principalReadOnly, name):
			continue
		case principalPropertyKinds[name] == 0:
			return unknownProperty(name)
		}
		if bad := validateKind(principalPropertyKinds[name], name, value, "ServicePrincipal"); bad != nil {
			return bad
		}
		switch {
		case name == "accountEnabled" || name == "appRoleAssignmentRequired":
			on, isBool := value.(bool)
			if !isBool {
				return invalidValue(name, "ServicePrincipal")
			}
			if name == "accountEnabled" {
				a.Disabled = !on
			} else {
				a.AssignmentRequired = on
			}
		case name == "passwordCredentials":
			if bad := noSecrets(value); bad != nil {
				return bad
			}
		case name == "keyCredentials":
			if values, _ := value.([]any); len(values) > 0 {
				return invalidValue(name, "ServicePrincipal") // for SAML, which is not emulated
			}
		case value == nil:
			delete(stored, name)
		default:
			stored[name] = withoutAnnotations(value)
		}
	}
	if len(stored) > 0 {
		setProperty(a, principalProperties, stored)
	}
	return nil
}

// principalReadOnly are what the service decides, or what the application says.
var principalReadOnly = []string{
	"id", "appId", "appDisplayName", "appDescription", "appOwnerOrganizationId", "createdDateTime", "deletedDateTime", "displayName", "appRoles",
	"servicePrincipalType", "servicePrincipalNames", "signInAudience", "verifiedPublisher", "disabledByMicrosoftStatus", "applicationTemplateId",
	"oauth2PermissionScopes", "resourceSpecificApplicationPermissions",
}

// forget removes what points to a service principal that is about to go: role assignments at it, and its ownership.
// The directory keeps assignments by the id alone.
func forget(t *directory.Tenant, id string) {
	gone := func(as *[]directory.AppRoleAssignment) {
		*as = slices.DeleteFunc(*as, func(a directory.AppRoleAssignment) bool { return strings.EqualFold(a.Resource, id) })
	}
	for i := range t.Applications {
		a := &t.Applications[i]
		gone(&a.AppRoleAssignments)
		if owns(a, id) {
			setOwners(a, slices.DeleteFunc(owners(a), func(owner string) bool { return strings.EqualFold(owner, id) }))
		}
	}
	for i := range t.ManagedIdentities {
		gone(&t.ManagedIdentities[i].AppRoleAssignments)
	}
}
