package arm

import (
	"net/http"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

type resourceGroup struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Type       string            `json:"type"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags,omitempty"`
	Properties provisioningState `json:"properties"`
}

type provisioningState struct {
	ProvisioningState string `json:"provisioningState"`
}

var succeeded = provisioningState{"Succeeded"}

func groupID(s *directory.Subscription, name string) string {
	return "/subscriptions/" + s.ID + "/resourceGroups/" + name
}

func groupReply(s *directory.Subscription, g directory.ResourceGroup) resourceGroup {
	return resourceGroup{groupID(s, g.Name), g.Name, "Microsoft.Resources/resourceGroups", g.Location, g.Tags, succeeded}
}

// listGroups answers with the groups that the caller may read.
func (c *call) listGroups() (reply, error) {
	if err := c.authorizeList(); err != nil {
		return reply{}, err
	}
	var all []resourceGroup
	for _, g := range c.sub.ResourceGroups {
		if c.allowed("Microsoft.Resources/subscriptions/resourceGroups/read", groupID(c.sub, g.Name)) {
			all = append(all, groupReply(c.sub, g))
		}
	}
	return okList(all)
}

// findGroup finds the resource group of the path.
func (c *call) findGroup(s *directory.Subscription) (*directory.ResourceGroup, error) {
	name := c.vars["group"]
	i := slices.IndexFunc(s.ResourceGroups, func(g directory.ResourceGroup) bool { return strings.EqualFold(g.Name, name) })
	if i < 0 {
		return nil, fail(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", name)
	}
	return &s.ResourceGroups[i], nil
}

// inGroup checks that the caller may do what the path says, and that its resource group is there.
func (c *call) inGroup() (*directory.ResourceGroup, error) {
	if err := c.authorize(); err != nil {
		return nil, err
	}
	return c.findGroup(c.sub)
}

func (c *call) getGroup() (reply, error) {
	g, err := c.inGroup()
	if err != nil {
		return reply{}, err
	}
	return ok(groupReply(c.sub, *g))
}

// headGroup answers without a body, also when there is no such group.
func (c *call) headGroup() (reply, error) {
	if err := c.authorize(); err != nil {
		return reply{}, err
	}
	if _, err := c.findGroup(c.sub); err != nil {
		return reply{http.StatusNotFound, nil}, nil
	}
	return reply{http.StatusNoContent, nil}, nil
}

// errLocationRequired refuses what is created nowhere.
var errLocationRequired = fail(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")

// putGroup creates a resource group, or changes the tags of the one there.
func (c *call) putGroup() (reply, error) {
	if err := c.authorize(); err != nil {
		return reply{}, err
	}
	var body struct {
		Location string            `json:"location"`
		Tags     map[string]string `json:"tags"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	want := directory.ResourceGroup{Name: c.vars["group"], Location: directory.Location(body.Location), Tags: body.Tags}
	switch {
	case want.Location == "":
		return reply{}, errLocationRequired
	case !directory.ValidGroupName(want.Name): // inferred
		return reply{}, fail(http.StatusBadRequest, "InvalidResourceGroupName", "The resource group name '%s' is invalid.", want.Name)
	}
	status := http.StatusCreated
	err := c.change(func(_ *directory.Tenant, s *directory.Subscription) error {
		if g, err := c.findGroup(s); err == nil {
			if g.Location != want.Location {
				return fail(http.StatusConflict, "InvalidResourceGroupLocation",
					"Invalid resource group location '%s'. The Resource group already exists in location '%s'.", want.Location, g.Location)
			}
			g.Tags = want.Tags
			want, status = *g, http.StatusOK
			return nil
		}
		s.ResourceGroups = append(s.ResourceGroups, want)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return reply{status, groupReply(c.sub, want)}, nil
}

// deleteGroup deletes a resource group with everything in it, and the role assignments there. Azure takes its time: it
// answers 202 and has the client ask again until it is done.
func (c *call) deleteGroup() (reply, error) {
	g, err := c.inGroup()
	if err != nil {
		return reply{}, err
	}
	scope := groupID(c.sub, g.Name)
	err = c.change(func(t *directory.Tenant, s *directory.Subscription) error {
		s.ResourceGroups = slices.DeleteFunc(s.ResourceGroups, func(other directory.ResourceGroup) bool { return other.Name == g.Name })
		s.RoleAssignments = slices.DeleteFunc(s.RoleAssignments, func(a directory.RoleAssignment) bool { return covers(scope, absolute(s, a)) })
		t.ManagedIdentities = slices.DeleteFunc(t.ManagedIdentities, func(m directory.ManagedIdentity) bool {
			return m.Subscription == s.ID && m.ResourceGroup == g.Name
		})
		return nil
	})
	return reply{http.StatusOK, nil}, err
}

// change changes the tenant, with the subscription of the path in it.
func (c *call) change(do func(*directory.Tenant, *directory.Subscription) error) error {
	tenant, err := c.api.directory.Change(c.tenant.ID, func(t *directory.Tenant) error {
		for i := range t.Subscriptions {
			if t.Subscriptions[i].ID == c.sub.ID {
				return do(t, &t.Subscriptions[i])
			}
		}
		return fail(http.StatusNotFound, "SubscriptionNotFound", "The subscription '%s' could not be found.", c.sub.ID)
	})
	if err == nil {
		c.tenant = tenant
	}
	return err
}

type resource struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Location   string         `json:"location"`
	Tags       map[string]any `json:"tags"`
	Properties any            `json:"properties,omitempty"`
}

// vault are the properties of a key vault that clients read.
type vault struct {
	TenantID          string   `json:"tenantId"`
	SKU               sku      `json:"sku"`
	AccessPolicies    []string `json:"accessPolicies"`
	RBAC              bool     `json:"enableRbacAuthorization"`
	SoftDelete        bool     `json:"enableSoftDelete"`
	VaultURI          string   `json:"vaultUri"`
	ProvisioningState string   `json:"provisioningState"`
}

type sku struct {
	Family string `json:"family"`
	Name   string `json:"name"`
}

func resourceID(s *directory.Subscription, group, resourceType, name string) string {
	return groupID(s, group) + "/providers/" + directory.Resource{Type: resourceType, Name: name}.Path()
}

func (c *call) resource(group string, r directory.Resource) resource {
	out := resource{
		ID: resourceID(c.sub, group, r.Type, r.Name), Name: r.Name[strings.LastIndex(r.Name, "/")+1:], Type: r.Type, Location: r.Location, Tags: map[string]any{},
		Properties: succeeded,
	}
	if strings.EqualFold(r.Type, "Microsoft.KeyVault/vaults") {
		suffix := metadataOf(c.tenant.Cloud).Suffixes["keyVaultDns"]
		out.Properties = vault{
			TenantID: c.tenant.ID, SKU: sku{"A", "standard"}, AccessPolicies: []string{}, RBAC: true, SoftDelete: true,
			VaultURI: "https://" + r.Name + "." + suffix + "/", ProvisioningState: "Succeeded",
		}
	}
	return out
}

// listResources lists the resources of a group or a subscription that the caller may read, managed identities included,
// without their properties.
func (c *call) listResources() (reply, error) {
	err := c.authorizeList()
	if err == nil && c.vars["group"] != "" {
		_, err = c.findGroup(c.sub)
	}
	if err != nil {
		return reply{}, err
	}
	var all []resource
	add := func(group string, r resource) {
		if only := c.vars["group"]; only != "" && !strings.EqualFold(only, group) {
			return
		}
		if action, scope := target(http.MethodGet, r.ID); c.allowed(action, scope) {
			r.Properties = nil
			all = append(all, r)
		}
	}
	for _, g := range c.sub.ResourceGroups {
		for _, r := range g.Resources {
			add(g.Name, c.resource(g.Name, r))
		}
	}
	for _, m := range c.tenant.ManagedIdentities {
		if m.Subscription == c.sub.ID {
			add(m.ResourceGroup, c.resource(m.ResourceGroup, directory.Resource{Type: directory.IdentityType, Name: m.Name, Location: m.Location}))
		}
	}
	return okList(all)
}

// getResource answers for a resource of any type.
func (c *call) getResource() (reply, error) {
	g, err := c.inGroup()
	if err != nil {
		return reply{}, err
	}
	typeName, fullName := typed(c.vars["namespace"] + "/" + strings.Trim(c.vars["resource"], "/"))
	var listed []resource
	for _, r := range g.Resources {
		if !strings.EqualFold(r.Type, typeName) {
			continue
		}
		if strings.EqualFold(r.Name, fullName) {
			return ok(c.resource(g.Name, r))
		}
		listed = append(listed, c.resource(g.Name, r))
	}
	if fullName == "" { // a list of a type
		return okList(listed)
	}
	return reply{}, notFound(typeName, fullName, g.Name)
}

// typed is the type and the name of a resource whose id has this after /providers/.
func typed(path string) (resourceType, name string) {
	segments := strings.Split(path, "/")
	kind, names := segments[:1:1], []string{}
	for i, segment := range segments[1:] {
		if i%2 == 0 {
			kind = append(kind, segment)
		} else {
			names = append(names, segment)
		}
	}
	return strings.Join(kind, "/"), strings.Join(names, "/")
}

func notFound(resourceType, name, group string) error {
	return fail(http.StatusNotFound, "ResourceNotFound", "The Resource '%s/%s' under resource group '%s' was not found. For more details please go to "+
		"https://aka.ms/ARMResourceNotFoundFix", resourceType, name, group)
}
