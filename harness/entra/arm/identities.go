package arm

import (
	"net/http"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// identityVersions are the api-versions of Microsoft.ManagedIdentity (Azure/azure-rest-api-specs), oldest first.
var identityVersions = []string{
	"2015-08-31-preview", "2018-11-30", "2021-09-30-preview", "2022-01-31-preview", "2023-01-31", "2023-07-31-preview", "2024-11-30",
	"2025-01-31-preview", "2025-05-31-preview", "2026-04-30", "2026-05-31",
}

// credentialsSince is the index of the first version with federated credentials.
const credentialsSince = 3

// flexibleVersions are the versions that have claimsMatchingExpression. The stable ones after them do not
// (Azure/azure-rest-api-specs).
var flexibleVersions = []string{"2025-01-31-preview", "2025-05-31-preview"}

// isolationSince is the first version that replies with isolationScope (MicrosoftDocs/azure-docs shows it from this
// version); that all later ones do is inferred.
const isolationSince = "2024-11-30"

// validateVersion validates the request's api-version. The first text was seen with a list of a subscription
// (Azure/azure-cli#5360), the second with a resource (Azure/azure-cli#28496).
func (c *call) validateVersion(since int, resourceType string) error {
	i := slices.Index(identityVersions, c.version)
	switch {
	case i >= since:
		return nil
	case c.vars["group"] == "":
		return fail(http.StatusNotFound, "InvalidResourceType",
			"The resource type could not be found in the namespace 'Microsoft.ManagedIdentity' for api version '%s'.", c.version)
	}
	location := "westeurope"
	if g, err := c.findGroup(c.sub); err == nil {
		location = g.Location
	}
	return fail(http.StatusBadRequest, "NoRegisteredProviderFound", "No registered resource provider found for location '%s' and API version '%s' for type '%s'. "+
		"The supported api-versions are '%s'.", location, c.version, resourceType, strings.Join(identityVersions[since:], ", "))
}

type identity struct {
	Location   string             `json:"location"`
	Tags       map[string]string  `json:"tags"`
	ID         string             `json:"id"`
	Name       string             `json:"name"`
	Type       string             `json:"type"`
	Properties identityProperties `json:"properties"`
}

type identityProperties struct {
	Isolation   string `json:"isolationScope,omitempty"`
	TenantID    string `json:"tenantId"`
	PrincipalID string `json:"principalId"`
	ClientID    string `json:"clientId"`
}

func (c *call) identity(m directory.ManagedIdentity) identity {
	p := identityProperties{TenantID: c.tenant.ID, PrincipalID: m.PrincipalID, ClientID: m.ClientID}
	if c.version >= isolationSince {
		p.Isolation = "None"
	}
	return identity{m.Location, someTags(m.Tags), m.ResourceID(), m.Name, directory.IdentityType, p}
}

// someTags is {} rather than null when there are none.
func someTags(tags map[string]string) map[string]string {
	if tags == nil {
		return map[string]string{}
	}
	return tags
}

// listIdentities lists those of a group or a subscription, as far as the caller may read them.
func (c *call) listIdentities() (reply, error) {
	if err := c.validateVersion(0, "userAssignedIdentities"); err != nil {
		return reply{}, err
	}
	err := c.authorizeList()
	if err == nil && c.vars["group"] != "" {
		_, err = c.findGroup(c.sub)
	}
	if err != nil {
		return reply{}, err
	}
	var all []identity
	for _, m := range c.tenant.ManagedIdentities {
		in := m.Subscription == c.sub.ID && (c.vars["group"] == "" || strings.EqualFold(m.ResourceGroup, c.vars["group"]))
		if in && c.allowed(directory.IdentityType+"/read", m.ResourceID()) {
			all = append(all, c.identity(m))
		}
	}
	return okList(all)
}

// findIdentity finds the identity of the path in a tenant, or returns -1.
func (c *call) findIdentity(t *directory.Tenant) int {
	return slices.IndexFunc(t.ManagedIdentities, func(m directory.ManagedIdentity) bool {
		return m.Subscription == c.sub.ID && strings.EqualFold(m.ResourceGroup, c.vars["group"]) && strings.EqualFold(m.Name, c.vars["identity"])
	})
}

// inIdentities checks what precedes every request to an identity.
func (c *call) inIdentities() error {
	if err := c.validateVersion(0, "userAssignedIdentities"); err != nil {
		return err
	}
	_, err := c.inGroup()
	return err
}

func (c *call) noIdentity() error {
	return notFound(directory.IdentityType, c.vars["identity"], c.vars["group"])
}

func (c *call) getIdentity() (reply, error) {
	if err := c.inIdentities(); err != nil {
		return reply{}, err
	}
	i := c.findIdentity(&c.tenant)
	if i < 0 {
		return reply{}, c.noIdentity()
	}
	return ok(c.identity(c.tenant.ManagedIdentities[i]))
}

// putIdentity creates an identity, or changes the tags of the one there.
func (c *call) putIdentity() (reply, error) {
	if err := c.inIdentities(); err != nil {
		return reply{}, err
	}
	var body struct {
		Location string            `json:"location"`
		Tags     map[string]string `json:"tags"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	at := directory.Location(body.Location)
	switch {
	case at == "":
		return reply{}, errLocationRequired
	case !directory.ValidIdentityName(c.vars["identity"]): // inferred
		return reply{}, fail(http.StatusBadRequest, "BadRequest", "Identity name '%s' is invalid.", c.vars["identity"])
	}
	status, i := http.StatusOK, 0
	err := c.change(func(t *directory.Tenant, s *directory.Subscription) error {
		g, err := c.findGroup(s)
		if err != nil {
			return err
		}
		if i = c.findIdentity(t); i >= 0 {
			if is := t.ManagedIdentities[i].Location; is != at {
				return fail(http.StatusConflict, "InvalidResourceLocation", "The resource '%s' already exists in location '%s' in resource group '%s'. A resource with the "+
					"same name cannot be created in location '%s'. Please select a new resource name.", c.vars["identity"], is, g.Name, at)
			}
			t.ManagedIdentities[i].Tags = body.Tags
			return nil
		}
		status, i = http.StatusCreated, len(t.ManagedIdentities)
		t.ManagedIdentities = append(t.ManagedIdentities, directory.ManagedIdentity{
			Name: c.vars["identity"], ClientID: c.api.newGUID(), PrincipalID: c.api.newGUID(), Subscription: s.ID, ResourceGroup: g.Name, Location: at,
			Tags: body.Tags,
		})
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return reply{status, c.identity(c.tenant.ManagedIdentities[i])}, nil
}

// patchIdentity changes the tags, if it has any.
func (c *call) patchIdentity() (reply, error) {
	if err := c.inIdentities(); err != nil {
		return reply{}, err
	}
	var body struct {
		Tags map[string]string `json:"tags"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	i := 0
	err := c.change(func(t *directory.Tenant, _ *directory.Subscription) error {
		if i = c.findIdentity(t); i < 0 {
			return c.noIdentity()
		}
		if body.Tags != nil {
			t.ManagedIdentities[i].Tags = body.Tags
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(c.identity(c.tenant.ManagedIdentities[i]))
}

// deleteIdentity leaves the roles that the identity has behind, as Azure does, but not those that others have over it.
func (c *call) deleteIdentity() (reply, error) {
	if err := c.inIdentities(); err != nil {
		return reply{}, err
	}
	status := http.StatusNoContent
	err := c.change(func(t *directory.Tenant, s *directory.Subscription) error {
		if i := c.findIdentity(t); i >= 0 {
			status = http.StatusOK
			id := t.ManagedIdentities[i].ResourceID()
			s.RoleAssignments = slices.DeleteFunc(s.RoleAssignments, func(a directory.RoleAssignment) bool { return covers(id, absolute(s, a)) })
			t.ManagedIdentities = slices.Delete(t.ManagedIdentities, i, i+1)
		}
		return nil
	})
	return reply{status, nil}, err
}
