package directory

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// validatePolicies validates what the tenant's administrators demand, fills in the ids of policies, and replaces the
// names of applications in them by client ids.
func (r *tenantRecord) validatePolicies(all rules) {
	rules := all.in("", "tenant %q: ", r.tenant.DisplayName)
	for i, policy := range r.tenant.B2CPolicies {
		if policy == "" || strings.Contains(policy, "/") {
			rules.add(fmt.Sprintf("b2cPolicies[%d]", i), "%q is no name of a B2C policy", policy)
		}
	}
	rules = rules.in("policies", "")
	p := &r.tenant.Policies
	if i := slices.Index(p.GitHubEnterprises, ""); i >= 0 {
		rules.add(fmt.Sprintf("githubEnterprises[%d]", i), "an empty enterprise")
	}
	if i := slices.Index(p.AllowedIssuers, ""); i >= 0 {
		rules.add(fmt.Sprintf("allowedIssuers[%d]", i), "an empty issuer")
	}
	for i := range p.ConditionalAccess {
		policy := &p.ConditionalAccess[i]
		r.validateConditionalAccess(policy, p.ConditionalAccess[:i], rules.item("conditionalAccess", i, "Conditional Access policy %q: ", policy.Name))
	}
}

func (r *tenantRecord) validateConditionalAccess(p *ConditionalAccess, before []ConditionalAccess, rules rules) {
	if p.Name == "" {
		rules.add("displayName", "it has no display name")
	} else if rules.id(&p.ID, "id", "id", "conditional access policy", r.tenant.ID, p.Name) &&
		slices.ContainsFunc(before, func(other ConditionalAccess) bool { return other.ID == p.ID }) {
		rules.add("id", "another policy has the same id, or both have one name and no ids")
	}
	for i, name := range p.Applications {
		j := slices.IndexFunc(r.tenant.Applications, func(a Application) bool { return a.Name == name || strings.EqualFold(a.ClientID, name) })
		if j < 0 {
			rules.add(fmt.Sprintf("applications[%d]", i), "there is no application %q", name)
			continue
		}
		p.Applications[i] = r.tenant.Applications[j].ClientID
	}
	for i, network := range p.ExcludeLocations {
		path := fmt.Sprintf("excludeLocations[%d]", i)
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			rules.add(path, "%q is no network in CIDR notation, such as 192.0.2.0/24", network)
		} else if prefix.Addr().Is4In6() { // which would match no address
			rules.add(path, "%q is a network of IPv4 in IPv6 notation: write it as %s", network, prefix.Addr().Unmap())
		}
	}
}
