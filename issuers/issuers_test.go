package issuers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNames(t *testing.T) {
	t.Parallel()
	want := []string{"github", "kubernetes", "gcp", "cognito", "awssts", "spiffe", "terraform", "gitlab", "azure-devops", "circleci", "buildkite", "bitbucket", "forgejo", "generic"}
	if diff := cmp.Diff(want, Names()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range want {
		if p, err := ByName(name); err != nil || p.Name != name {
			t.Errorf("ByName(%q): %v, %v", name, p, err)
		}
	}
	const unknown = `issuers: no platform "jenkins" (have github, kubernetes, gcp, cognito, awssts, spiffe, terraform, gitlab, azure-devops, circleci, buildkite, bitbucket, ` +
		`forgejo, generic)`
	if _, err := ByName("jenkins"); err == nil || err.Error() != unknown {
		t.Errorf("ByName: error is %v, want %q", err, unknown)
	}
}

// TestAddresses checks that no two services of all platforms have the same issuer, and no two of a platform the same
// name: a farm serves all of them at once.
func TestAddresses(t *testing.T) {
	t.Parallel()
	urls := map[string]string{}
	for _, p := range All {
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
