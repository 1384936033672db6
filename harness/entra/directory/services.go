package directory

import (
	"regexp"
	"slices"
	"strings"
)

// Service is a resource of Microsoft's. Every tenant of a cloud has it here; at Entra some come to a tenant when it
// first uses them.
type Service struct {
	Name  string
	AppID string
	URLs  []string // that name it as a resource, without a trailing slash; none: its AppID is all that does
	// of further URLs, such as https://{account}.blob.core.windows.net, whose {account} is a name in Azure
	Patterns []string
	AppRoles []AppRole // the application permissions that are known here; the real ones are many more
	Source   string    // of the id, the name and the URLs, and what of them is inferred

	hosts []*regexp.Regexp
}

// graphRoles are application permissions of Microsoft Graph that have to do with applications and sign-ins, from
// Microsoft's permissions reference.
var graphRoles = []AppRole{
	{ID: "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", Value: "Application.Read.All", DisplayName: "Read all applications"},
	{ID: "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", Value: "Application.ReadWrite.All", DisplayName: "Read and write all applications"},
	{ID: "18a4783c-866b-4cc7-a460-3d5e5662c884", Value: "Application.ReadWrite.OwnedBy", DisplayName: "Manage apps that this app creates or owns"},
	{ID: "06b708a9-e830-4db3-a914-8e69da51d44f", Value: "AppRoleAssignment.ReadWrite.All", DisplayName: "Manage app permission grants and app role assignments"},
	{ID: "b0afded3-3588-46d8-8b3d-9842eff778da", Value: "AuditLog.Read.All", DisplayName: "Read all audit log data"},
	{ID: "7ab1d382-f21e-4acd-a863-ba3e13f7da61", Value: "Directory.Read.All", DisplayName: "Read directory data"},
	{ID: "19dbc75e-c2e2-444c-a770-ec69d8559fc7", Value: "Directory.ReadWrite.All", DisplayName: "Read and write directory data"},
	{ID: "498476ce-e0fe-48b0-b801-37ba7e2685c6", Value: "Organization.Read.All", DisplayName: "Read organization information"},
	{ID: "df021288-bdef-4463-88db-98f22de89214", Value: "User.Read.All", DisplayName: "Read all users' full profiles"},
}

// Services lists Microsoft's services in a cloud ("public", "usgov", "china"; "" means "public"), or returns an error
// that lists the clouds there are. The caller owns the result.
func Services(cloud string) ([]Service, error) {
	c, err := CloudNamed(cloud)
	if err != nil {
		return nil, err
	}
	return cloneEach(c.services, func(s Service) Service {
		s.URLs, s.Patterns, s.AppRoles = slices.Clone(s.URLs), slices.Clone(s.Patterns), slices.Clone(s.AppRoles)
		return s
	}), nil
}

// ServicePrincipalID is the object id that the service's principal has in a tenant, named by id.
func (s *Service) ServicePrincipalID(tenantID string) string {
	return nameGUID("service principal", strings.ToLower(tenantID), s.AppID)
}

// Service finds the service a resource string names, or nil. An https URL may end in a slash, as that of the Azure
// CLI's scope https://management.core.windows.net//.default does; apart from that they are compared byte for byte. That
// more slashes, or one after api://, make it another resource is inferred.
func (c *Cloud) Service(resource string) *Service {
	url := resource
	if strings.HasPrefix(resource, "https://") {
		url = strings.TrimSuffix(resource, "/")
	}
	for i := range c.services {
		s := &c.services[i]
		if slices.Contains(s.URLs, url) || strings.EqualFold(resource, s.AppID) {
			return s
		}
	}
	for i := range c.services {
		s := &c.services[i]
		if slices.ContainsFunc(s.hosts, func(host *regexp.Regexp) bool { return host.MatchString(url) }) {
			return s
		}
	}
	return nil
}
