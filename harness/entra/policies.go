package entra

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/expression"
)

// checkFederationAllowed is about tenants that have switched federation off. Its place in the order is inferred.
func checkFederationAllowed(x *exchange, _ *Check) *Error {
	if x.record.tenant.Policies.FederationDisabled {
		return refuse(700223, "tenantId", x.record.tenant.ID)
	}
	return nil
}

// checkClaimPolicy is about tenants that take GitHub's tokens of certain enterprises only. It comes once the subject has matched, as was seen.
// That it is about the issuers that GitHub gives enterprises of their own too (GitHub's URL, a slash and the enterprise's slug) is inferred.
func checkClaimPolicy(x *exchange, c *Check) *Error {
	enterprises := x.record.tenant.Policies.GitHubEnterprises
	issuer := x.assertion.issuer
	if len(enterprises) == 0 || issuer != expression.GitHub && !strings.HasPrefix(issuer, expression.GitHub+"/") {
		return nil
	}
	c.Want = strings.Join(enterprises, ", ")
	c.Got, _ = x.assertion.claims["enterprise"].(string)
	if slices.Contains(enterprises, c.Got) {
		return nil
	}
	quoted := make([]string, len(enterprises))
	for i, enterprise := range enterprises {
		quoted[i] = "'" + enterprise + "'"
	}
	values := quoted[len(quoted)-1]
	if rest := quoted[:len(quoted)-1]; len(rest) > 0 {
		values = strings.Join(rest, ", ") + " or " + values
	}
	return refuse(7002381, "issuer", issuer+"/", "values", values, "actual", c.Got)
}

// checkConditionalAccess is about policies for workload identities. It comes last: the credential was good.
func checkConditionalAccess(x *exchange, c *Check) *Error {
	x.signIn.ConditionalAccess = conditionalAccessNotApplied
	policies := x.record.tenant.Policies.ConditionalAccess
	if len(policies) == 0 || x.app.Identity != nil {
		return nil
	}
	c.Got = x.signIn.IPAddress
	address, _ := netip.ParseAddr(x.signIn.IPAddress) // what is none is in no network
	for _, policy := range policies {
		if len(policy.Applications) > 0 && !slices.Contains(policy.Applications, x.app.ClientID) {
			continue
		}
		excluded := slices.ContainsFunc(policy.ExcludeLocations, func(network string) bool {
			prefix, _ := netip.ParsePrefix(network) // it was validated with the policy
			return prefix.Contains(address.Unmap())
		})
		if !excluded {
			c.Want, c.Note = strings.Join(policy.ExcludeLocations, ", "), "blocked by policy "+policy.Name
			x.signIn.ConditionalAccess, x.signIn.BlockedBy = conditionalAccessFailure, policy.ID
			return refuse(53003)
		}
	}
	return nil
}

// validatePolicies validates what the tenant's administrators demand, fills in the ids of policies, and replaces the names of applications in them
// by client ids.
func (r *tenantRecord) validatePolicies() error {
	var broken []error
	fail := func(path, format string, args ...any) {
		broken = append(broken, at(path, fmt.Errorf("entra: tenant %q: "+format, append([]any{r.tenant.DisplayName}, args...)...)))
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

// validateCertificates validates the certificates of applications.
func (r *tenantRecord) validateCertificates() error {
	var broken []error
	for i := range r.tenant.Applications {
		for j, text := range r.tenant.Applications[i].Certificates {
			if _, err := parseCertificate(text); err != nil {
				path := fmt.Sprintf("applications[%d].certificates[%d]", i, j)
				broken = append(broken, at(path, fmt.Errorf("entra: application %q: certificate: %w", r.tenant.Applications[i].Name, err)))
			}
		}
	}
	return errors.Join(broken...)
}
