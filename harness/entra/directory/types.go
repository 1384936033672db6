package directory

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Tenant is one directory of Entra with what belongs to it. Ids that are not given derive from the names: the same
// names always give the same ids.
type Tenant struct {
	ID                string            `json:"id"`                                                             // a GUID; "": derived from DisplayName
	DisplayName       string            `json:"displayName"`                                                    // printed in errors; "": the first domain, or the id
	Domains           []string          `json:"domains,omitempty"`                                              // verified domain names, usable in place of the id
	Cloud             string            `json:"cloud,omitempty" jsonschema:"enum=public,enum=usgov,enum=china"` // "public" (default), "usgov", "china"
	B2CPolicies       []string          `json:"b2cPolicies,omitempty"`                                          // policies of a B2C tenant, whose endpoints refuse federated credentials
	Policies          Policies          `json:"policies,omitzero"`                                              // what the tenant's administrators demand
	Applications      []Application     `json:"applications,omitempty"`                                         // app registrations with their service principals
	ManagedIdentities []ManagedIdentity `json:"managedIdentities,omitempty"`                                    // user-assigned ones, in the tenant's subscriptions
	Subscriptions     []Subscription    `json:"subscriptions,omitempty"`                                        // of Azure
}

// Policies are what a tenant's administrators demand. The zero value demands nothing.
type Policies struct {
	FederationDisabled bool `json:"federationDisabled,omitempty"` // refuses every federated sign-in (700223)
	// values of the claim enterprise, one of which GitHub's tokens must have (7002381)
	GitHubEnterprises []string `json:"githubEnterprises,omitempty"`
	// only Microsoft Graph checks it, as the app management policy: issuers of new credentials; empty: any
	AllowedIssuers    []string            `json:"allowedIssuers,omitempty"`
	ConditionalAccess []ConditionalAccess `json:"conditionalAccess,omitempty"` // policies for workload identities
}

// ConditionalAccess is a Conditional Access policy for workload identities, whose only grant control is block. It does
// not apply to managed identities.
type ConditionalAccess struct {
	ID           string   `json:"id"`                     // a GUID; "": derived
	Name         string   `json:"displayName"`            // required
	Applications []string `json:"applications,omitempty"` // display names or client ids; empty: all of the tenant
	// networks in CIDR notation from which it does not block; empty: it blocks everywhere
	ExcludeLocations []string `json:"excludeLocations,omitempty"`
}

// Application is an app registration together with its service principal.
type Application struct {
	Name               string              `json:"displayName"`                         // required; Entra does not ask for it to be unique
	UniqueName         string              `json:"uniqueName,omitempty"`                // an alternate key, immutable once set
	ClientID           string              `json:"clientId"`                            // a GUID; "": derived from tenant and name, like the other ids
	ObjectID           string              `json:"objectId"`                            // of the application
	ServicePrincipalID string              `json:"servicePrincipalId"`                  // the oid and sub of its tokens
	NoServicePrincipal bool                `json:"noServicePrincipal,omitempty"`        // it has none in the tenant (7000229)
	Disabled           bool                `json:"disabled,omitempty"`                  // accountEnabled of its service principal is false (7000112)
	Public             bool                `json:"public,omitempty"`                    // a public client (700025)
	IdentifierURIs     []string            `json:"identifierUris,omitempty"`            // make it a resource: scope {uri}/.default
	TokenVersion       int                 `json:"tokenVersion,omitempty"`              // requestedAccessTokenVersion: 1 or 2; 0: 1, which is documented
	AppRoles           []AppRole           `json:"appRoles,omitempty"`                  // that it offers as a resource
	AssignmentRequired bool                `json:"appRoleAssignmentRequired,omitempty"` // as a resource it gives tokens only to those with a role (501051)
	AppRoleAssignments []AppRoleAssignment `json:"appRoleAssignments,omitempty"`        // roles that its service principal has at resources
	Certificates       []string            `json:"certificates,omitempty"`              // PEM; for certificate assertions
	Credentials        []Credential        `json:"credentials,omitempty"`               // at most 20
	Created            time.Time           `json:"createdDateTime,omitzero"`            // zero: not known
	Properties         map[string]any      `json:"properties,omitempty"`                // further properties that Microsoft Graph was given, as they are

	// Identity is set on the copy of a managed identity that signs in, which is no app registration.
	Identity *ManagedIdentity `json:"-"`
}

// AppRole is an application permission of a resource.
type AppRole struct {
	ID          string `json:"id"`                    // a GUID; "": derived
	Value       string `json:"value"`                 // as in the claim roles
	DisplayName string `json:"displayName,omitempty"` // what people read
	Description string `json:"description,omitempty"` // free text
	Disabled    bool   `json:"disabled,omitempty"`    // nobody is given it in a token
	// MemberTypes says who may have it: Application, User. Empty: Application.
	MemberTypes []string `json:"allowedMemberTypes,omitempty"`
}

// AppRoleAssignment is a role that a principal has at a resource.
type AppRoleAssignment struct {
	ID string `json:"id"` // a GUID; "": derived
	// "Microsoft Graph", or an application's display name, client id or service principal's id
	Resource string    `json:"resource"`
	Role     string    `json:"role"`                     // the role's value or id
	Created  time.Time `json:"createdDateTime,omitzero"` // zero: not known
}

// Credential is a federated identity credential.
type Credential struct {
	ID string `json:"id"` // a GUID; "": derived
	// 3 to 120 letters, digits, - and _, the first a letter or digit; unique in the application
	Name        string   `json:"name"`
	Issuer      string   `json:"issuer"`                // must equal the assertion's iss
	Subject     string   `json:"subject,omitempty"`     // must equal the assertion's sub, case included; "" with Matching
	Audiences   []string `json:"audiences"`             // exactly one
	Description string   `json:"description,omitempty"` // free text
	Matching    string   `json:"matching,omitempty"`    // instead of Subject: a flexible expression (claimsMatchingExpression)
	// Created may be given for a credential with an expression about GitHub or GitLab: one from before 2026-07-15 need
	// not name an id. Zero: new.
	Created time.Time `json:"createdDateTime,omitzero"`
}

// ManagedIdentity is a user-assigned managed identity.
type ManagedIdentity struct {
	Name               string              `json:"name"`                         // required; unique in its resource group
	ClientID           string              `json:"clientId"`                     // a GUID; "": derived, like PrincipalID
	PrincipalID        string              `json:"principalId"`                  // of its service principal: oid and sub of its tokens
	Subscription       string              `json:"subscription"`                 // the id; "": the tenant's first
	ResourceGroup      string              `json:"resourceGroup"`                // the name; "": the subscription's first
	Location           string              `json:"location,omitempty"`           // "": that of the resource group
	Tags               map[string]string   `json:"tags,omitempty"`               // of Azure Resource Manager
	AppRoleAssignments []AppRoleAssignment `json:"appRoleAssignments,omitempty"` // roles that its service principal has at resources
	Credentials        []Credential        `json:"credentials,omitempty"`        // at most 20
}

// Subscription is a subscription of Azure.
type Subscription struct {
	ID              string           `json:"id"`                        // a GUID; "": derived
	DisplayName     string           `json:"displayName"`               // may be left out beside an id
	ResourceGroups  []ResourceGroup  `json:"resourceGroups,omitempty"`  // with what is in them
	RoleAssignments []RoleAssignment `json:"roleAssignments,omitempty"` // who has which role of Azure at which scope
}

// ResourceGroup is a resource group with the resources in it that are not managed identities.
type ResourceGroup struct {
	Name      string            `json:"name"`                // required; unique in the subscription
	Location  string            `json:"location,omitempty"`  // "": westeurope
	Tags      map[string]string `json:"tags,omitempty"`      // of Azure Resource Manager
	Resources []Resource        `json:"resources,omitempty"` // that are not managed identities
}

// Resource is something in a resource group that can be read.
type Resource struct {
	Type     string `json:"type"`               // such as Microsoft.KeyVault/vaults
	Name     string `json:"name"`               // required
	Location string `json:"location,omitempty"` // "": the group's
}

// RoleAssignment is a role of Azure that a principal has at a scope.
type RoleAssignment struct {
	Name string `json:"name"` // a GUID; "": derived
	// an application's or managed identity's name, or a principal's object id
	Principal string `json:"principal"`
	Role      string `json:"role"` // a built-in role's name or id, such as Reader
	// below the subscription, such as /resourceGroups/app; "": the subscription
	Scope   string    `json:"scope,omitempty"`
	Created time.Time `json:"createdDateTime,omitzero"` // zero: not known
}

// B2CPolicy finds a B2C policy of the tenant by its name in any case, and returns it as the tenant has it, or "".
func (t *Tenant) B2CPolicy(name string) string {
	i := slices.IndexFunc(t.B2CPolicies, func(policy string) bool { return strings.EqualFold(policy, name) })
	if i < 0 {
		return ""
	}
	return t.B2CPolicies[i]
}

// ResourceID is the identity's id in Azure Resource Manager. It has resourcegroups in lower case, as
// Azure/azure-rest-api-specs shows the replies.
func (m *ManagedIdentity) ResourceID() string {
	return "/subscriptions/" + m.Subscription + "/resourcegroups/" + m.ResourceGroup + "/providers/" + IdentityType + "/" + m.Name
}

// clone copies a tenant with everything in it.
func (t Tenant) clone() Tenant {
	t.Domains, t.B2CPolicies = slices.Clone(t.Domains), slices.Clone(t.B2CPolicies)
	t.Policies = t.Policies.clone()
	t.Applications = cloneEach(t.Applications, Application.clone)
	t.ManagedIdentities = cloneEach(t.ManagedIdentities, ManagedIdentity.clone)
	t.Subscriptions = cloneEach(t.Subscriptions, Subscription.clone)
	return t
}

func (p Policies) clone() Policies {
	p.GitHubEnterprises, p.AllowedIssuers = slices.Clone(p.GitHubEnterprises), slices.Clone(p.AllowedIssuers)
	p.ConditionalAccess = cloneEach(p.ConditionalAccess, func(c ConditionalAccess) ConditionalAccess {
		c.Applications, c.ExcludeLocations = slices.Clone(c.Applications), slices.Clone(c.ExcludeLocations)
		return c
	})
	return p
}

func (a Application) clone() Application {
	a.IdentifierURIs, a.Certificates = slices.Clone(a.IdentifierURIs), slices.Clone(a.Certificates)
	a.AppRoleAssignments = slices.Clone(a.AppRoleAssignments)
	a.AppRoles = cloneEach(a.AppRoles, func(r AppRole) AppRole {
		r.MemberTypes = slices.Clone(r.MemberTypes)
		return r
	})
	a.Credentials = cloneEach(a.Credentials, Credential.clone)
	if a.Properties != nil {
		a.Properties = cloneValue(a.Properties).(map[string]any)
	}
	return a
}

func (c Credential) clone() Credential {
	c.Audiences = slices.Clone(c.Audiences)
	return c
}

func (m ManagedIdentity) clone() ManagedIdentity {
	m.Tags = maps.Clone(m.Tags)
	m.AppRoleAssignments = slices.Clone(m.AppRoleAssignments)
	m.Credentials = cloneEach(m.Credentials, Credential.clone)
	return m
}

func (s Subscription) clone() Subscription {
	s.RoleAssignments = slices.Clone(s.RoleAssignments)
	s.ResourceGroups = cloneEach(s.ResourceGroups, func(g ResourceGroup) ResourceGroup {
		g.Tags, g.Resources = maps.Clone(g.Tags), slices.Clone(g.Resources)
		return g
	})
	return s
}

// cloneEach keeps a nil slice nil.
func cloneEach[T any](list []T, clone func(T) T) []T {
	list = slices.Clone(list)
	for i := range list {
		list[i] = clone(list[i])
	}
	return list
}

// cloneValue copies a value decoded from JSON.
func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			out[key] = cloneValue(value)
		}
		return out
	case []any:
		return cloneEach(v, cloneValue)
	}
	return v
}
