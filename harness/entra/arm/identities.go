package arm

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
)

// identityVersions are the api-versions of Microsoft.ManagedIdentity (Azure/azure-rest-api-specs), oldest first.
var identityVersions = []string{
	"2015-08-31-preview", "2018-11-30", "2021-09-30-preview", "2022-01-31-preview", "2023-01-31", "2023-07-31-preview", "2024-11-30",
	"2025-01-31-preview", "2025-05-31-preview", "2026-04-30", "2026-05-31",
}

const (
	credentialsSince = 3 // index of the first version with federated credentials
	flexibleSince    = 7 // and of the first with claims matching expressions
)

// identityVersion finds the request's api-version. The first text was seen with a list of a subscription (Azure/azure-cli#5360), the second
// with a resource (Azure/azure-cli#28496).
func (c *call) identityVersion(since int, resourceType string) (int, error) {
	i := slices.Index(identityVersions, c.version)
	switch {
	case i >= since:
		return i, nil
	case c.vars["group"] == "":
		return 0, fail(http.StatusNotFound, "InvalidResourceType", "The resource type could not be found in the namespace 'Microsoft.ManagedIdentity' for api version '%s'.",
			c.version)
	}
	location := "westeurope"
	if g, err := c.findGroup(c.sub); err == nil {
		location = g.Location
	}
	return 0, fail(http.StatusBadRequest, "NoRegisteredProviderFound", "No registered resource provider found for location '%s' and API version '%s' for type '%s'. "+
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
	TenantID    string `json:"tenantId"`
	PrincipalID string `json:"principalId"`
	ClientID    string `json:"clientId"`
}

// identityID has resourcegroups in lower case, as Azure/azure-rest-api-specs shows the replies.
func identityID(m entra.ManagedIdentity) string {
	return "/subscriptions/" + m.Subscription + "/resourcegroups/" + m.ResourceGroup + identities + "/" + m.Name
}

func (c *call) identity(m entra.ManagedIdentity) identity {
	return identity{m.Location, map[string]string{}, identityID(m), m.Name, entra.IdentityType, identityProperties{c.tenant.ID, m.PrincipalID, m.ClientID}}
}

// listIdentities lists those of a group or a subscription, as far as the caller may read them.
func (c *call) listIdentities() (reply, error) {
	if _, err := c.identityVersion(0, "userAssignedIdentities"); err != nil {
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
		if in && c.allowed(entra.IdentityType+"/read", identityID(m)) {
			all = append(all, c.identity(m))
		}
	}
	return okList(all)
}

// findIdentity finds the identity of the path in a tenant, or returns -1.
func (c *call) findIdentity(t *entra.Tenant) int {
	return slices.IndexFunc(t.ManagedIdentities, func(m entra.ManagedIdentity) bool {
		return m.Subscription == c.sub.ID && strings.EqualFold(m.ResourceGroup, c.vars["group"]) && strings.EqualFold(m.Name, c.vars["identity"])
	})
}

// inIdentities checks what precedes every request to an identity.
func (c *call) inIdentities() error {
	if _, err := c.identityVersion(0, "userAssignedIdentities"); err != nil {
		return err
	}
	_, err := c.inGroup()
	return err
}

func (c *call) noIdentity() error {
	return notFound(entra.IdentityType, c.vars["identity"], c.vars["group"])
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

var identityNames = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}$`)

// putIdentity creates an identity, or leaves the one there as it is.
func (c *call) putIdentity() (reply, error) {
	if err := c.inIdentities(); err != nil {
		return reply{}, err
	}
	var body struct {
		Location string `json:"location"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	at := location(body.Location)
	switch {
	case at == "":
		return reply{}, errLocationRequired
	case !identityNames.MatchString(c.vars["identity"]): // inferred
		return reply{}, fail(http.StatusBadRequest, "BadRequest", "Identity name '%s' is invalid.", c.vars["identity"])
	}
	status, i := http.StatusOK, 0
	err := c.change(func(t *entra.Tenant, s *entra.Subscription) error {
		g, err := c.findGroup(s)
		if err != nil {
			return err
		}
		if i = c.findIdentity(t); i >= 0 {
			if is := t.ManagedIdentities[i].Location; is != at {
				return fail(http.StatusConflict, "InvalidResourceLocation", "The resource '%s' already exists in location '%s' in resource group '%s'. A resource with the "+
					"same name cannot be created in location '%s'. Please select a new resource name.", c.vars["identity"], is, g.Name, at)
			}
			return nil
		}
		status, i = http.StatusCreated, len(t.ManagedIdentities)
		t.ManagedIdentities = append(t.ManagedIdentities, entra.ManagedIdentity{
			Name: c.vars["identity"], ClientID: c.api.newGUID(), PrincipalID: c.api.newGUID(), Subscription: s.ID, ResourceGroup: g.Name, Location: at,
		})
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return reply{status, c.identity(c.tenant.ManagedIdentities[i])}, nil
}

// patchIdentity changes nothing: only tags can be changed, and they are not kept.
func (c *call) patchIdentity() (reply, error) { return c.getIdentity() }

// deleteIdentity leaves the identity's role assignments behind, as Azure does.
func (c *call) deleteIdentity() (reply, error) {
	if err := c.inIdentities(); err != nil {
		return reply{}, err
	}
	status := http.StatusNoContent
	err := c.change(func(t *entra.Tenant, _ *entra.Subscription) error {
		if i := c.findIdentity(t); i >= 0 {
			status = http.StatusOK
			t.ManagedIdentities = slices.Delete(t.ManagedIdentities, i, i+1)
		}
		return nil
	})
	return reply{status, nil}, err
}
