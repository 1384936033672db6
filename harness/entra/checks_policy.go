package entra

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/entra/expression"
)

// checkFederationAllowed is about tenants that have switched federation off. Its place in the order is inferred.
func checkFederationAllowed(x *exchange, _ *Check) *Error {
	if x.view.Tenant.Policies.FederationDisabled {
		return refuse(700223, "tenantId", x.view.Tenant.ID)
	}
	return nil
}

// checkClaimPolicy is about tenants that take GitHub's tokens of certain enterprises only. It comes once the subject
// has matched, as was seen. That it is about the issuers that GitHub gives enterprises of their own too (GitHub's URL,
// a slash and the enterprise's slug) is inferred.
func checkClaimPolicy(x *exchange, c *Check) *Error {
	enterprises := x.view.Tenant.Policies.GitHubEnterprises
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
	policies := x.view.Tenant.Policies.ConditionalAccess
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

// checkAssignment refuses clients without a role at a resource that requires one.
func checkAssignment(x *exchange, c *Check) *Error {
	resource := x.resource.application
	if resource == nil || !resource.AssignmentRequired {
		return nil
	}
	c.Want = "an app role of " + resource.Name
	if slices.ContainsFunc(x.app.AppRoleAssignments, func(a directory.AppRoleAssignment) bool { return a.Resource == resource.ServicePrincipalID }) {
		return nil
	}
	return refuse(501051, "appId", x.app.ClientID, "appDisplayName", x.app.Name, "resourceId", resource.ClientID, "resourceName", resource.Name)
}
