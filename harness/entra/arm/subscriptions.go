package arm

import (
	"net/http"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

type tenant struct {
	ID            string   `json:"id"`
	TenantID      string   `json:"tenantId"`
	DisplayName   string   `json:"displayName,omitempty"`
	Domains       []string `json:"domains,omitempty"`
	DefaultDomain string   `json:"defaultDomain,omitempty"`
	Category      string   `json:"tenantCategory,omitempty"`
}

// listTenants answers with the caller's own tenant, the only one of a service principal. The names came with
// api-version 2019-06-01.
func (c *call) listTenants() (reply, error) {
	t := tenant{ID: "/tenants/" + c.tenant.ID, TenantID: c.tenant.ID}
	if c.version >= "2019-06-01" {
		t.DisplayName, t.Domains, t.Category = c.tenant.DisplayName, c.tenant.Domains, "Home"
		if len(c.tenant.Domains) > 0 {
			t.DefaultDomain = c.tenant.Domains[0]
		}
	}
	return okList([]tenant{t})
}

type subscription struct {
	ID                   string             `json:"id"`
	AuthorizationSource  string             `json:"authorizationSource"`
	ManagedByTenants     []string           `json:"managedByTenants"`
	SubscriptionID       string             `json:"subscriptionId"`
	TenantID             string             `json:"tenantId"`
	DisplayName          string             `json:"displayName"`
	State                string             `json:"state"`
	SubscriptionPolicies subscriptionPolicy `json:"subscriptionPolicies"`
}

type subscriptionPolicy struct {
	LocationPlacementID string `json:"locationPlacementId"`
	QuotaID             string `json:"quotaId"`
	SpendingLimit       string `json:"spendingLimit"`
}

func (c *call) subscription(s *directory.Subscription) subscription {
	return subscription{
		ID: "/subscriptions/" + s.ID, AuthorizationSource: "RoleBased", ManagedByTenants: []string{}, SubscriptionID: s.ID, TenantID: c.tenant.ID,
		DisplayName: s.DisplayName, State: "Enabled",
		SubscriptionPolicies: subscriptionPolicy{"Public_2014-09-01", "PayAsYouGo_2014-09-01", "Off"},
	}
}

// listSubscriptions answers with those in which the caller has a role, wherever in them. None is no error.
func (c *call) listSubscriptions() (reply, error) {
	var all []subscription
	for i := range c.tenant.Subscriptions {
		if s := &c.tenant.Subscriptions[i]; c.hasRole(s) {
			all = append(all, c.subscription(s))
		}
	}
	return ok(struct {
		list[subscription]
		Count subscriptionCount `json:"count"`
	}{list[subscription]{Value: append([]subscription{}, all...)}, subscriptionCount{"Total", len(all)}})
}

type subscriptionCount struct {
	Type  string `json:"type"`
	Value int    `json:"value"`
}

func (c *call) getSubscription() (reply, error) {
	if err := c.authorizeList(); err != nil {
		return reply{}, err
	}
	return ok(c.subscription(c.sub))
}

type provider struct {
	ID                string         `json:"id"`
	Namespace         string         `json:"namespace"`
	ResourceTypes     []providerType `json:"resourceTypes"`
	RegistrationState string         `json:"registrationState"`
	Policy            string         `json:"registrationPolicy"`
}

type providerType struct {
	ResourceType string   `json:"resourceType"`
	Locations    []string `json:"locations"`
	APIVersions  []string `json:"apiVersions"`
}

// provided are the resource types that a subscription is registered for, with those of its own resources.
func (c *call) provided() []provider {
	var all []provider
	add := func(resourceType string, versions ...string) {
		namespace, kind, _ := strings.Cut(resourceType, "/")
		at := -1
		for i := range all {
			if strings.EqualFold(all[i].Namespace, namespace) {
				at = i
			}
		}
		if at < 0 {
			at = len(all)
			all = append(all, provider{
				ID: "/subscriptions/" + c.sub.ID + "/providers/" + namespace, Namespace: namespace, RegistrationState: "Registered", Policy: "RegistrationRequired",
			})
		}
		for _, known := range all[at].ResourceTypes {
			if strings.EqualFold(known.ResourceType, kind) {
				return
			}
		}
		all[at].ResourceTypes = append(all[at].ResourceTypes, providerType{kind, []string{}, versions})
	}
	add("Microsoft.Authorization/roleAssignments", "2022-04-01")
	add("Microsoft.Authorization/roleDefinitions", "2022-04-01")
	add(directory.IdentityType, identityVersions...)
	add(directory.IdentityType+"/federatedIdentityCredentials", identityVersions[credentialsSince:]...)
	add("Microsoft.Resources/subscriptions", "2022-12-01")
	add("Microsoft.Resources/resourceGroups", "2024-03-01")
	for _, g := range c.sub.ResourceGroups {
		for _, res := range g.Resources {
			add(res.Type, "2023-07-01")
		}
	}
	return all
}

func (c *call) listProviders() (reply, error) {
	if err := c.authorize(); err != nil {
		return reply{}, err
	}
	return okList(c.provided())
}

func (c *call) getProvider() (reply, error) {
	if err := c.authorize(); err != nil {
		return reply{}, err
	}
	for _, p := range c.provided() {
		if strings.EqualFold(p.Namespace, c.vars["namespace"]) {
			return ok(p)
		}
	}
	return reply{}, fail(http.StatusNotFound, "InvalidResourceNamespace", "The resource namespace '%s' is invalid.", c.vars["namespace"])
}
