package farm

import (
	"crypto/rsa"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/control"
)

// TestKeysOfPublicFarms looks at the private keys, which tell apart what the public ones don't.
func TestKeysOfPublicFarms(t *testing.T) {
	t.Parallel()
	const free = "127.0.0.1:0"
	for name, tt := range map[string]struct {
		opts   Options
		public bool
	}{
		"loopback":      {Options{Addr: map[Plane]string{Issuer: free}}, false},
		"nowhere":       {Options{Addr: map[Plane]string{Issuer: ""}}, false},
		"every address": {Options{Addr: map[Plane]string{Issuer: ":0"}}, true}, // --public
		"public URL":    {Options{Addr: map[Plane]string{Issuer: free}, PublicURL: "https://tunnel.contoso.com"}, true},
	} {
		for _, plane := range []Plane{Workload, Entra, Control} {
			tt.opts.Addr[plane] = ""
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
