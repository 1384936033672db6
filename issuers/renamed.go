package issuers

import "github.com/issuerd/issuerd/issuers/issuer"

// renames are presets that had other names while the CI systems were presets of generic. Files and calls may still have
// those.
var renames = []struct{ platform, preset, newPlatform, newPreset string }{
	{"generic", "gitlab", "gitlab", "branch"},
	{"generic", "gitlab-tag", "gitlab", "tag"},
	{"generic", "gitlab-project-id", "gitlab", "project-id"},
	{"generic", "azure-devops", "azure-devops", "service-connection"},
	{"generic", "azure-devops-pipeline", "azure-devops", "pipeline"},
	{"generic", "circleci", "circleci", "job"},
	{"generic", "circleci-v2", "circleci", "job-v2"},
	{"generic", "buildkite", "buildkite", "step"},
	{"generic", "bitbucket", "bitbucket", "step"},
	{"generic", "forgejo", "forgejo", "branch"},
	{"generic", "forgejo-tag", "forgejo", "tag"},
	{"generic", "forgejo-pull-request", "forgejo", "pull-request"},
}

// Renamed returns the names of a platform and its preset today, given those that they had at any time, and whether they
// differ. Names that nothing ever had come back as they are.
func Renamed(platform, preset string) (newPlatform, newPreset string, differ bool) {
	for _, r := range renames {
		if platform == r.platform && preset == r.preset {
			return r.newPlatform, r.newPreset, true
		}
	}
	return platform, preset, false
}

// PresetOf returns the name of a platform's preset today, given the one that it had at any time: for calls that say the
// platform by the URL of its issuer.
func PresetOf(platform, preset string) string {
	for _, r := range renames {
		if platform == r.newPlatform && preset == r.preset {
			return r.newPreset
		}
	}
	return preset
}

// Find returns a platform and one of its presets, by the names of any time; the empty preset is the platform's first.
// The error lists those there are.
func Find(platform, preset string) (*issuer.Platform, *issuer.Preset, error) {
	return Set{}.Find(platform, preset)
}
