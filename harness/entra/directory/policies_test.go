package directory_test

import (
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// TestPolicyRules: what can't be of policies is refused at its place.
func TestPolicyRules(t *testing.T) {
	t.Parallel()
	conditional := func(p ...directory.ConditionalAccess) directory.Tenant {
		return directory.Tenant{Policies: directory.Policies{ConditionalAccess: p}}
	}
	for _, tt := range []struct {
		name       string
		tenant     directory.Tenant
		path, want string
	}{
		{"empty B2C policy", directory.Tenant{B2CPolicies: []string{"B2C_1A_Demo", ""}}, "b2cPolicies[1]", `"" is no name of a B2C policy`},
		{"B2C policy with a slash", directory.Tenant{B2CPolicies: []string{"a/b"}}, "b2cPolicies[0]", `"a/b" is no name of a B2C policy`},
		{"empty enterprise", directory.Tenant{Policies: directory.Policies{GitHubEnterprises: []string{"a", ""}}}, "policies.githubEnterprises[1]", "an empty enterprise"},
		{"empty issuer", directory.Tenant{Policies: directory.Policies{AllowedIssuers: []string{""}}}, "policies.allowedIssuers[0]", "an empty issuer"},
		{"no name", conditional(directory.ConditionalAccess{}), "policies.conditionalAccess[0].displayName", `Conditional Access policy "": it has no display name`},
		{"no id", conditional(directory.ConditionalAccess{Name: "a", ID: "1"}), "policies.conditionalAccess[0].id", `Conditional Access policy "a": id: `},
		{"one name twice", conditional(directory.ConditionalAccess{Name: "a"}, directory.ConditionalAccess{Name: "b"}, directory.ConditionalAccess{Name: "a"}),
			"policies.conditionalAccess[2].id", "another policy has the same id, or both have one name and no ids"},
		{"no application", conditional(directory.ConditionalAccess{Name: "a", Applications: []string{"x"}}), "policies.conditionalAccess[0].applications[0]", `there is no application "x"`},
		{"no network", conditional(directory.ConditionalAccess{Name: "a", ExcludeLocations: []string{"x"}}), "policies.conditionalAccess[0].excludeLocations[0]",
			`"x" is no network in CIDR notation, such as 192.0.2.0/24`},
		{"IPv4 in IPv6", conditional(directory.ConditionalAccess{Name: "a", ExcludeLocations: []string{"::ffff:192.0.2.0/120"}}), "policies.conditionalAccess[0].excludeLocations[0]",
			`"::ffff:192.0.2.0/120" is a network of IPv4 in IPv6 notation: write it as 192.0.2.0`},
	} {
		tt.tenant.DisplayName = "Contoso"
		_, err := directory.New().AddTenant(tt.tenant)
		rules := directory.BrokenRules(err)
		if len(rules) != 1 || rules[0].Path != tt.path || !strings.HasPrefix(err.Error(), `directory: tenant "Contoso": `) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %q at %q", tt.name, err, tt.want, tt.path)
		}
	}
}
