package issuers

import "testing"

// TestRenames wants every old name to be taken, and to lead to a preset that there is.
func TestRenames(t *testing.T) {
	t.Parallel()
	for _, r := range renames {
		if old, err := ByName(r.platform); err == nil {
			if _, err := old.Preset(r.preset); err == nil {
				t.Errorf("%s has a preset %q, which the renamed one hides", r.platform, r.preset)
			}
		}
		p, preset, err := Find(r.platform, r.preset)
		if err != nil {
			t.Errorf("%s %s: %v", r.platform, r.preset, err)
		} else if p.Name != r.newPlatform || preset.Name != r.newPreset {
			t.Errorf("%s %s is %s %s, want %s %s", r.platform, r.preset, p.Name, preset.Name, r.newPlatform, r.newPreset)
		}
		if got := PresetOf(r.newPlatform, r.preset); got != r.newPreset {
			t.Errorf("%s of %s is %s, want %s", r.preset, r.newPlatform, got, r.newPreset)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ platform, preset, wantPlatform, wantPreset, err string }{
		{"github", "tag", "github", "tag", ""},
		{"generic", "", "generic", "plain", ""},
		{"gitlab", "", "gitlab", "branch", ""},
		{"gitlab", "gitlab-tag", "", "", `gitlab: no preset "gitlab-tag" (have branch, tag, project-id)`},
		{"gitlab", "forgejo", "", "", `gitlab: no preset "forgejo" (have branch, tag, project-id)`},
		{"generic", "gitlab-branch", "", "", `generic: no preset "gitlab-branch" (have plain)`},
		{"nobody", "gitlab", "", "", `issuers: no platform "nobody" (have `},
	} {
		p, preset, err := Find(tt.platform, tt.preset)
		if tt.err != "" {
			if err == nil || len(err.Error()) < len(tt.err) || err.Error()[:len(tt.err)] != tt.err {
				t.Errorf("%s %s: error %v, want %q", tt.platform, tt.preset, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %s: %v", tt.platform, tt.preset, err)
		} else if p.Name != tt.wantPlatform || preset.Name != tt.wantPreset {
			t.Errorf("%s %s is %s %s, want %s %s", tt.platform, tt.preset, p.Name, preset.Name, tt.wantPlatform, tt.wantPreset)
		}
	}
}

func TestPresetOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ platform, preset, want string }{
		{"gitlab", "gitlab-tag", "tag"}, {"gitlab", "tag", "tag"}, {"gitlab", "", ""}, {"gitlab", "forgejo", "forgejo"}, {"generic", "gitlab", "gitlab"},
	} {
		if got := PresetOf(tt.platform, tt.preset); got != tt.want {
			t.Errorf("%s of %s is %q, want %q", tt.preset, tt.platform, got, tt.want)
		}
	}
}
