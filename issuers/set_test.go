package issuers

import (
	"slices"
	"testing"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// TestSet adds platforms to those that come with issuerd: none can have the name of another, and the set that they are
// added to stays as it is.
func TestSet(t *testing.T) {
	t.Parallel()
	acme := &issuer.Platform{Name: "acme", Presets: []issuer.Preset{{Name: "job"}}}
	one, err := Set{}.With(acme)
	if err != nil {
		t.Fatal(err)
	}
	two, err := one.With(&issuer.Platform{Name: "dev"})
	if err != nil {
		t.Fatal(err)
	}
	if got := two.Names(); !slices.Equal(got, append(Names(), "acme", "dev")) || len(two.All()) != len(got) || len(one.More()) != 1 {
		t.Errorf("names %v, %d platforms, and %d in the first set", got, len(two.All()), len(one.More()))
	}
	if p, preset, err := two.Find("acme", ""); err != nil || p != acme || preset.Name != "job" {
		t.Errorf("acme: %v %v, error %v", p, preset, err)
	}
	if p, preset, err := two.Find("generic", "gitlab-tag"); err != nil || p.Name != "gitlab" || preset.Name != "tag" {
		t.Errorf("an old name: %v %v, error %v", p, preset, err)
	}
	for name, want := range map[string]string{
		"acme":   `issuers: there are two platforms "acme"`,
		"github": `issuers: the platform "github" comes with issuerd: give yours another name`,
	} {
		if _, err := two.With(&issuer.Platform{Name: name}); err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %s", name, err, want)
		}
	}
	if _, err := (Set{}).ByName("acme"); err == nil {
		t.Error("a platform of another set is found")
	}
}
