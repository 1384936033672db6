package reproduce_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/explain/reproduce"
	"github.com/issuerd/issuerd/issuers"
)

// TestStart begins a scenario for every preset of every platform; each does what it says.
func TestStart(t *testing.T) {
	t.Parallel()
	var all []*reproduce.Scenario
	for _, p := range issuers.All() {
		for _, preset := range append([]string{""}, p.PresetNames()...) {
			s, err := reproduce.Start(p.Name+"/mine", preset, 0, "")
			if err != nil {
				t.Errorf("%s %s: %v", p.Name, preset, err)
				continue
			}
			if preset == "" && s.Code != "" {
				t.Errorf("%s: what it begins with ends in %s", p.Name, s.Code)
			}
			all = append(all, s)
		}
	}
	target := emulator(t, all...)
	for _, s := range all {
		t.Run(s.Name, func(t *testing.T) {
			if out, err := s.Play(t.Context(), target); err != nil || !out.Reproduced {
				t.Errorf("%s %v\n%s", out.Problem, err, s.Source)
			}
		})
	}
}

func TestStartWithCode(t *testing.T) {
	t.Parallel()
	s, err := reproduce.Start("gitlab/wrong-branch", "tag", 700213, "../scenario.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# yaml-language-server: $schema=../scenario.schema.json\n", "platform: gitlab", "preset: tag", "error: AADSTS700213"} {
		if !strings.Contains(string(s.Source), want) {
			t.Errorf("no %q in\n%s", want, s.Source)
		}
	}
	if out, err := s.Play(t.Context(), emulator(t, s)); err != nil || !out.Reproduced {
		t.Errorf("%s %v\n%s", out.Problem, err, s.Source)
	}
	for _, tt := range []struct {
		name, preset string
		code         int
		want         string
	}{
		{"nobody/mine", "", 0, `no platform "nobody"`},
		{"github/mine", "brunch", 0, `no preset "brunch"`},
		{"github/mine", "", 700236, "call it generic/…"},
		{"github/mine", "", 50013, "only the on-behalf-of flow answers it"},
		{"github/mine", "", 1, "does not know this code"},
		{"github/Mine!", "", 0, "github/Mine!"},
	} {
		_, err := reproduce.Start(tt.name, tt.preset, tt.code, "")
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s %d: %v, want %q", tt.name, tt.preset, tt.code, err, tt.want)
		}
		if unable := (*reproduce.UnableError)(nil); errors.As(err, &unable) != (tt.code == 50013 || tt.code == 1) {
			t.Errorf("%s %s %d: %T", tt.name, tt.preset, tt.code, err)
		}
	}
}
