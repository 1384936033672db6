package entra_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// TestRecordOfPolicies: the record names what a policy wants, what came, and the policy that blocks.
func TestRecordOfPolicies(t *testing.T) {
	t.Parallel()
	office := directory.Policies{ConditionalAccess: []directory.ConditionalAccess{
		{Name: "other only", Applications: []string{"other"}},
		{Name: "office only", ExcludeLocations: []string{"198.51.100.0/24", "203.0.113.0/24", "::/0"}},
	}}
	enterprises := func(r *rig) {
		fromGitHub(r)
		demand(directory.Policies{GitHubEnterprises: []string{"contoso", "fabrikam"}})(r)
	}
	for _, tt := range []struct {
		name    string
		prepare func(*rig)
		claims  map[string]any
		address string // of the caller; "": httptest's
		check   entra.Check
		says    string
	}{
		{name: "federation", prepare: demand(directory.Policies{FederationDisabled: true}), check: entra.Check{Name: "federation allowed", Code: 700223}, says: "{tid}"},
		{name: "an enterprise that is not allowed", prepare: enterprises, claims: map[string]any{"enterprise": "x"},
			check: entra.Check{Name: "claim policy", Want: "contoso, fabrikam", Got: "x", Code: 7002381}, says: "'contoso' or 'fabrikam'"},
		{name: "one enterprise", prepare: func(r *rig) {
			fromGitHub(r)
			demand(directory.Policies{GitHubEnterprises: []string{"contoso"}})(r)
		}, check: entra.Check{Name: "claim policy", Want: "contoso", Code: 7002381}, says: "'contoso'"},
		{name: "a location", prepare: func(r *rig) {
			r.addApp(directory.Application{Name: "other"})
			demand(office)(r)
		}, check: entra.Check{
			Name: "Conditional Access", Want: "198.51.100.0/24, 203.0.113.0/24, ::/0", Got: "192.0.2.1", Note: "blocked by policy office only", Code: 53003,
		}},
		{name: "a location that is not known", prepare: func(r *rig) {
			r.addApp(directory.Application{Name: "other"})
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
			if last := checks[len(checks)-1]; !cmp.Equal(last, tt.check) {
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
	if last := checks[len(checks)-1]; !cmp.Equal(last, entra.Check{Name: "Conditional Access", OK: true}) {
		t.Errorf("recorded %+v", last)
	}
}
