package entra_test

import (
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
)

// TestRecordOfPolicies: the record names what a policy wants, what came, and the policy that blocks.
func TestRecordOfPolicies(t *testing.T) {
	t.Parallel()
	office := entra.Policies{ConditionalAccess: []entra.ConditionalAccess{
		{Name: "other only", Applications: []string{"other"}},
		{Name: "office only", ExcludeLocations: []string{"198.51.100.0/24", "203.0.113.0/24", "::/0"}},
	}}
	enterprises := func(r *rig) {
		fromGitHub(r)
		demand(entra.Policies{GitHubEnterprises: []string{"contoso", "fabrikam"}})(r)
	}
	for _, tt := range []struct {
		name    string
		prepare func(*rig)
		claims  map[string]any
		address string // of the caller; "": httptest's
		check   entra.Check
		says    string
	}{
		{name: "federation", prepare: demand(entra.Policies{FederationDisabled: true}), check: entra.Check{Name: "federation allowed", Code: 700223}, says: "{tid}"},
		{name: "an enterprise that is not allowed", prepare: enterprises, claims: map[string]any{"enterprise": "x"},
			check: entra.Check{Name: "claim policy", Want: "contoso, fabrikam", Got: "x", Code: 7002381}, says: "'contoso' or 'fabrikam'"},
		{name: "one enterprise", prepare: func(r *rig) {
			fromGitHub(r)
			demand(entra.Policies{GitHubEnterprises: []string{"contoso"}})(r)
		}, check: entra.Check{Name: "claim policy", Want: "contoso", Code: 7002381}, says: "'contoso'"},
		{name: "a location", prepare: func(r *rig) {
			r.addApp(entra.Application{Name: "other"})
			demand(office)(r)
		}, check: entra.Check{
			Name: "Conditional Access", Want: "198.51.100.0/24, 203.0.113.0/24, ::/0", Got: "192.0.2.1", Note: "blocked by policy office only", Code: 53003,
		}},
		{name: "a location that is not known", prepare: func(r *rig) {
			r.addApp(entra.Application{Name: "other"})
			demand(office)(r)
		}, address: "@", check: entra.Check{
			Name: "Conditional Access", Want: "198.51.100.0/24, 203.0.113.0/24, ::/0", Got: "@", Note: "blocked by policy office only", Code: 53003,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			tt.prepare(r)
			request := r.present(r.issuer.mint(r.claims(tt.claims)))
			if tt.address != "" {
				request.RemoteAddr = tt.address
			}
			got := r.do(request)
			checks := got.signIn.Checks
			if last := checks[len(checks)-1]; last != tt.check {
				t.Errorf("recorded %+v, want %+v", last, tt.check)
			}
			if says := strings.ReplaceAll(tt.says, "{tid}", r.tenant.ID); !strings.Contains(got.raw, says) {
				t.Errorf("%s does not say %s", got.raw, says)
			}
			if tt.check.Code == 53003 && (got.signIn.ConditionalAccess != "failure" || got.signIn.BlockedBy != r.tenant.Policies.ConditionalAccess[1].ID) {
				t.Errorf("Conditional Access %q, blocked by %q", got.signIn.ConditionalAccess, got.signIn.BlockedBy)
			}
		})
	}
}

// TestNoPolicies: without policies the location is not looked at.
func TestNoPolicies(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.exchange(nil)
	checks := got.signIn.Checks
	if last := checks[len(checks)-1]; last != (entra.Check{Name: "Conditional Access", OK: true}) {
		t.Errorf("recorded %+v", last)
	}
}

// TestPolicyRules: what can't be of policies is refused at its place.
func TestPolicyRules(t *testing.T) {
	t.Parallel()
	conditional := func(p ...entra.ConditionalAccess) entra.Tenant {
		return entra.Tenant{Policies: entra.Policies{ConditionalAccess: p}}
	}
	for _, tt := range []struct {
		name       string
		tenant     entra.Tenant
		path, want string
	}{
		{"empty B2C policy", entra.Tenant{B2CPolicies: []string{"B2C_1A_Demo", ""}}, "b2cPolicies[1]", `"" is no name of a B2C policy`},
		{"B2C policy with a slash", entra.Tenant{B2CPolicies: []string{"a/b"}}, "b2cPolicies[0]", `"a/b" is no name of a B2C policy`},
		{"empty enterprise", entra.Tenant{Policies: entra.Policies{GitHubEnterprises: []string{"a", ""}}}, "policies.githubEnterprises[1]", "an empty enterprise"},
		{"empty issuer", entra.Tenant{Policies: entra.Policies{AllowedIssuers: []string{""}}}, "policies.allowedIssuers[0]", "an empty issuer"},
		{"no name", conditional(entra.ConditionalAccess{}), "policies.conditionalAccess[0]", `Conditional Access policy "": it has no display name`},
		{"no id", conditional(entra.ConditionalAccess{Name: "a", ID: "1"}), "policies.conditionalAccess[0]", `Conditional Access policy "a": id: `},
		{"one name twice", conditional(entra.ConditionalAccess{Name: "a"}, entra.ConditionalAccess{Name: "b"}, entra.ConditionalAccess{Name: "a"}),
			"policies.conditionalAccess[2]", "another policy has the same id, or both have one name and no ids"},
		{"no application", conditional(entra.ConditionalAccess{Name: "a", Applications: []string{"x"}}), "policies.conditionalAccess[0]", `there is no application "x"`},
		{"no network", conditional(entra.ConditionalAccess{Name: "a", ExcludeLocations: []string{"x"}}), "policies.conditionalAccess[0]",
			`"x" is no network in CIDR notation, such as 192.0.2.0/24`},
		{"IPv4 in IPv6", conditional(entra.ConditionalAccess{Name: "a", ExcludeLocations: []string{"::ffff:192.0.2.0/120"}}), "policies.conditionalAccess[0]",
			`"::ffff:192.0.2.0/120" is a network of IPv4 in IPv6 notation: write it as 192.0.2.0`},
	} {
		tt.tenant.DisplayName = "Contoso"
		_, err := entra.NewDirectory().AddTenant(tt.tenant)
		path, first := entra.BrokenRule(err)
		if err == nil || path != tt.path || !strings.HasPrefix(first.Error(), `entra: tenant "Contoso": `) || !strings.Contains(first.Error(), tt.want) {
			t.Errorf("%s: at %q: %v; want %q at %q", tt.name, path, err, tt.want, tt.path)
		}
	}
}
