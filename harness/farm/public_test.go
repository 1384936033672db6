package farm

import (
	"crypto/rsa"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/plane"
)

// TestKeysOfPublicFarms looks at the private keys, which tell apart what the public ones don't.
func TestKeysOfPublicFarms(t *testing.T) {
	t.Parallel()
	const free = "127.0.0.1:0"
	for name, tt := range map[string]struct {
		opts   Options
		public bool
	}{
		"loopback":      {Options{Addr: map[plane.Plane]string{plane.Issuer: free}}, false},
		"nowhere":       {Options{Addr: map[plane.Plane]string{plane.Issuer: ""}}, false},
		"every address": {Options{Addr: map[plane.Plane]string{plane.Issuer: ":0"}}, true}, // --public
		"public URL":    {Options{Addr: map[plane.Plane]string{plane.Issuer: free}, PublicURL: "https://tunnel.contoso.com"}, true},
	} {
		for _, p := range []plane.Plane{plane.Workload, plane.Entra, plane.Control} {
			tt.opts.Addr[p] = ""
		}
		s, err := Start(tt.opts)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		other, err := s.NewWorld(control.WorldSpec{})
		if err != nil {
			t.Fatal(err)
		}
		for world, w := range map[string]*World{"default": s.world(control.DefaultWorld), "other": other} {
			for _, alg := range []jose.SignatureAlgorithm{jose.RS256, jose.PS512} {
				key, err := w.keys(alg)
				if err != nil {
					t.Fatal(err)
				}
				if _, standard := key.(*rsa.PrivateKey); standard != (tt.public && w.id == control.DefaultWorld) {
					t.Errorf("%s, %s world: %s has a %T", name, world, alg, key)
				}
			}
		}
	}
}
