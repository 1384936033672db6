package directory

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// validatePolicies validates what the tenant's administrators demand, fills in the ids of policies, and replaces the names of applications in them
// by client ids.
func (r *tenantRecord) validatePolicies() error {
	var broken []error
	fail := func(path, format string, args ...any) {
		broken = append(broken, at(path, fmt.Errorf("directory: tenant %q: "+format, append([]any{r.tenant.DisplayName}, args...)...)))
	}
	for i, policy := range r.tenant.B2CPolicies {
		if policy == "" || strings.Contains(policy, "/") {
			fail(fmt.Sprintf("b2cPolicies[%d]", i), "%q is no name of a B2C policy", policy)
		}
	}
	p := &r.tenant.Policies
	if i := slices.Index(p.GitHubEnterprises, ""); i >= 0 {
		fail(fmt.Sprintf("policies.githubEnterprises[%d]", i), "an empty enterprise")
	}
	if i := slices.Index(p.AllowedIssuers, ""); i >= 0 {
		fail(fmt.Sprintf("policies.allowedIssuers[%d]", i), "an empty issuer")
	}
	for i := range p.ConditionalAccess {
		path := fmt.Sprintf("policies.conditionalAccess[%d]", i)
		if err := r.validateConditionalAccessPolicy(&p.ConditionalAccess[i], p.ConditionalAccess[:i]); err != nil {
			fail(path, "Conditional Access policy %q: %w", p.ConditionalAccess[i].Name, err)
		}
	}
	return errors.Join(broken...)
}

func (r *tenantRecord) validateConditionalAccessPolicy(p *ConditionalAccess, before []ConditionalAccess) error {
	if p.Name == "" {
		return errors.New("it has no display name")
	}
	var err error
	if p.ID, err = idOr(p.ID, "conditional access policy", r.tenant.ID, p.Name); err != nil {
		return fmt.Errorf("id: %w", err)
	}
	if slices.ContainsFunc(before, func(other ConditionalAccess) bool { return other.ID == p.ID }) {
		return errors.New("another policy has the same id, or both have one name and no ids")
	}
	for i, name := range p.Applications {
		j := slices.IndexFunc(r.tenant.Applications, func(a Application) bool { return a.Name == name || strings.EqualFold(a.ClientID, name) })
		if j < 0 {
			return fmt.Errorf("there is no application %q", name)
		}
		p.Applications[i] = r.tenant.Applications[j].ClientID
	}
	for _, network := range p.ExcludeLocations {
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			return fmt.Errorf("%q is no network in CIDR notation, such as 192.0.2.0/24", network)
		}
		if prefix.Addr().Is4In6() { // which would match no address
			return fmt.Errorf("%q is a network of IPv4 in IPv6 notation: write it as %s", network, prefix.Addr().Unmap())
		}
	}
	return nil
}
