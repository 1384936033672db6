package generic_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/generic"
)

// TestShippedHosts compares the hosts that are looked for in the text with those of the platform.
func TestShippedHosts(t *testing.T) {
	t.Parallel()
	for _, name := range shipped(t) {
		got, want := generic.ShippedHosts(name), generic.Shipped(name).Hosts()
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(slices.Compact(want), slices.Compact(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestShippedSaysWhatIsAssumed wants a file to say each of what its tokens depend on, or to say that it is assumed.
// generic is like no service, so it has nothing to assume.
func TestShippedSaysWhatIsAssumed(t *testing.T) {
	t.Parallel()
	for _, name := range shipped(t) {
		if name == "generic" {
			continue
		}
		f := generic.ShippedFile(name)
		said := map[string]bool{
			"document": f.Document != nil, "header": f.Order.Header != nil, "jti": f.JTI != nil, "jwks": f.JWKS != "",
			"keys": f.Keys != nil, "kid": f.Keys != nil && f.Keys[0].KID != "", "lifetime": f.Lifetime != 0,
			"notBefore": f.NotBefore != nil, "payload": len(f.Order.Payload) > 0, "audience": f.Audience.Default != "" || f.Presets[0].Audience.Default != "",
		}
		for what, ok := range said {
			if name == "jenkins" && what == "notBefore" {
				continue // its tokens are known to have no nbf
			}
			if !ok && !slices.Contains(f.Assumed, what) {
				t.Errorf("%s: says nothing about %s, and not that it is assumed", name, what)
			}
		}
		if len(f.Sources) == 0 {
			t.Errorf("%s: no sources", name)
		}
	}
}
