package farm_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// keySpecs ask for one issuer of each platform and of each kind of key.
func keySpecs() []control.IssuerSpec {
	var specs []control.IssuerSpec
	for _, p := range issuers.All() {
		specs = append(specs, control.IssuerSpec{Platform: p.Name})
	}
	for _, alg := range issuer.Algorithms {
		specs = append(specs, control.IssuerSpec{Platform: "generic", URL: "https://" + strings.ToLower(string(alg)) + ".contoso.test", Alg: string(alg)})
	}
	return specs
}

// TestNoKeyInTwoWorlds makes worlds at the same time, in two farms, and finds each public key of their issuers and
// tenants in one place only.
func TestNoKeyInTwoWorlds(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]string{} // where, by the public numbers
	note := func(where, jwks string) {
		var set struct{ Keys []struct{ N, X, Y string } }
		if err := json.Unmarshal([]byte(jwks), &set); err != nil || len(set.Keys) == 0 {
			t.Errorf("%s: %v: %s", where, err, jwks)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, key := range set.Keys {
			if other, ok := seen[key.N+key.X+key.Y]; ok {
				t.Errorf("%s has a key of %s", where, other)
			}
			seen[key.N+key.X+key.Y] = where
		}
	}
	var wg sync.WaitGroup
	for farmNumber := range 2 {
		s := start(t, farm.Options{})
		for worldNumber := range 2 {
			wg.Go(func() {
				w := newWorld(t, s, control.WorldSpec{Name: "same"})
				client := canonical(s, w.Describe().ID)
				where := fmt.Sprintf("farm %d, world %d, ", farmNumber, worldNumber)
				for _, spec := range keySpecs() {
					iss := addIssuer(t, w, spec)
					status, body := get(t, client, iss.JWKS, "")
					if status != http.StatusOK {
						t.Errorf("%s: status %d", iss.JWKS, status)
					}
					note(where+iss.URL, body)
				}
				_, body := get(t, client, "https://login.microsoftonline.com/common/discovery/v2.0/keys", "")
				note(where+"Entra", body)
			})
		}
	}
	wg.Wait()
}

// TestTokenOfAnotherWorld takes tokens to where they do not belong: to another world and another farm, and under an
// issuer's name that another issuer, in a farm of its own, writes into them.
func TestTokenOfAnotherWorld(t *testing.T) {
	t.Parallel()
	const evil = "https://evil.example"
	s, third := start(t, farm.Options{}), start(t, farm.Options{})
	home, beside, abroad := newWorld(t, s, control.WorldSpec{}), newWorld(t, s, control.WorldSpec{}), newWorld(t, third, control.WorldSpec{})
	var wg sync.WaitGroup
	for _, w := range []*farm.World{home, beside, abroad} {
		wg.Go(func() {
			addIssuer(t, w, control.IssuerSpec{Platform: "github"})
			addIssuer(t, w, control.IssuerSpec{Platform: "github", URL: evil})
			mint(t, w, githubURL, subject)
			mint(t, w, evil, subject)
		})
	}
	wg.Wait()
	app := addApp(t, home, githubURL, subject)
	present := func(token control.Minted) int {
		return exchange(t.Context(), t, canonical(s, home.Describe().ID), app.Tenant, app.ClientID, token.Token).code()
	}
	if code := present(mint(t, home, githubURL, subject)); code != 0 {
		t.Fatalf("the world's own token: AADSTS%d", code)
	}
	for name, w := range map[string]*farm.World{"the same world": home, "a world of the same farm": beside, "another farm": abroad} {
		claims, err := w.Mint(control.MintSpec{
			Issuer: evil, Audience: []string{exchangeAudience}, Claims: map[string]any{"sub": subject, "iss": githubURL},
		})
		if err != nil {
			t.Fatal(err)
		}
		if code := present(claims); code != 7000272 && code != 7000274 {
			t.Errorf("%s, %s: AADSTS%d, want an unknown key or a bad signature", evil, name, code)
		}
		if w == home {
			continue
		}
		if code := present(mint(t, w, githubURL, subject)); code != 7000272 && code != 7000274 {
			t.Errorf("%s: AADSTS%d, want an unknown key or a bad signature", name, code)
		}
	}
}

// TestKeysComeBack has a world that has ended lend its keys to the next one, and not before.
func TestKeysComeBack(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	manager := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	begin := func() (id, keys string) {
		w := newWorld(t, s, control.WorldSpec{})
		iss := addIssuer(t, w, control.IssuerSpec{Platform: "gcp", Alg: "RS256"})
		_, keys = get(t, canonical(s, w.Describe().ID), iss.JWKS, "")
		return w.Describe().ID, keys
	}
	moduli := func(keys string) map[string]bool {
		var set struct{ Keys []struct{ N string } }
		if err := json.Unmarshal([]byte(keys), &set); err != nil || len(set.Keys) == 0 {
			t.Fatalf("%v: %s", err, keys)
		}
		all := map[string]bool{}
		for _, key := range set.Keys {
			all[key.N] = true
		}
		return all
	}
	common := func(a, b map[string]bool) (n int) {
		for modulus := range a {
			if b[modulus] {
				n++
			}
		}
		return n
	}
	first, keys := begin()
	before := moduli(keys)
	if _, keys = begin(); common(before, moduli(keys)) != 0 {
		t.Error("two worlds have one key")
	}
	if err := manager.DeleteWorld(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if _, keys = begin(); common(before, moduli(keys)) != len(before) {
		t.Error("the keys of the world that has ended did not come back")
	}
}
