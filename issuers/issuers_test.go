package issuers

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNames(t *testing.T) {
	t.Parallel()
	want := []string{"github", "kubernetes", "gcp", "cognito", "awssts", "spiffe", "terraform", "gitlab", "azure-devops", "circleci", "buildkite", "bitbucket", "forgejo", "jenkins", "spacelift", "pulumi", "vercel", "fly", "env0", "octopus", "scalr", "teleport", "generic"}
	if diff := cmp.Diff(want, Names()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range want {
		if p, err := ByName(name); err != nil || p.Name != name {
			t.Errorf("ByName(%q): %v, %v", name, p, err)
		}
	}
	for name, want := range map[string]string{
		"nothing-like-it": fmt.Sprintf(`issuers: no platform "nothing-like-it" (have github, kubernetes, gcp, cognito, awssts and %d more)`, len(All())-5),
		"gitlub":          fmt.Sprintf(`issuers: no platform "gitlub" (have github, gitlab, kubernetes, gcp, cognito and %d more)`, len(All())-5),
	} {
		if _, err := ByName(name); err == nil || err.Error() != want {
			t.Errorf("ByName: error is %v, want %q", err, want)
		}
	}
}

// TestAddresses checks that no two services of all platforms have the same issuer, and no two of a platform the same
// name: a farm serves all of them at once.
func TestAddresses(t *testing.T) {
	t.Parallel()
	urls := map[string]string{}
	for _, p := range All() {
		names := map[string]bool{}
		for _, s := range p.Services {
			where := p.Name + "/" + s.Name
			if other, has := urls[s.Issuer]; has {
				t.Errorf("%s and %s have the same issuer %q", where, other, s.Issuer)
			}
			urls[s.Issuer] = where
			if names[s.Name] {
				t.Errorf("%s: there is another service of this name", where)
			}
			names[s.Name] = true
		}
		presets := map[string]bool{}
		for _, preset := range p.Presets {
			if presets[preset.Name] {
				t.Errorf("%s: there are two presets %q", p.Name, preset.Name)
			}
			presets[preset.Name] = true
		}
	}
}
