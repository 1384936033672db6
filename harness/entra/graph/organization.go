package graph

import (
	"net/http"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

const organizationType = "microsoft.graph.organization"

// organizationEntity is the tenant, without the properties that are about licences and contacts.
func organizationEntity(t *directory.Tenant) object {
	domains := make([]object, len(t.Domains))
	for i, name := range t.Domains {
		initial := strings.HasSuffix(name, ".onmicrosoft.com") || strings.HasSuffix(name, ".onmicrosoft.us") || strings.HasSuffix(name, ".partner.onmschina.cn")
		domains[i] = object{
			{"capabilities", "Email, OfficeCommunicationsOnline"}, {"isDefault", i == 0}, {"isInitial", initial}, {"name", name}, {"type", "Managed"},
		}
	}
	return object{
		{"id", t.ID}, {"deletedDateTime", nil}, {"displayName", t.DisplayName}, {"tenantType", "AAD"}, {"verifiedDomains", domains},
	}
}

func (c *call) organization() (*directory.Tenant, error) {
	if err := c.need(organizationRead, organizationWrite, directoryRead, directoryReadWrite); err != nil {
		return nil, err
	}
	return c.tenant()
}

func listOrganizations(c *call) (*answer, error) {
	t, err := c.organization()
	if err != nil {
		return nil, err
	}
	return c.collection("organization", organizationType, organizationEntity(t), []object{organizationEntity(t)})
}

func getOrganization(c *call) (*answer, error) {
	t, err := c.organization()
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(t.ID, c.vars["organization"]) {
		return nil, notFound(c.vars["organization"])
	}
	return c.entity(http.StatusOK, "organization", organizationType, organizationEntity(t))
}

// refuseMe answers for /me, which is for people.
func refuseMe(*call) (*answer, error) {
	return nil, badRequest("/me request is only valid with delegated authentication flow.")
}
