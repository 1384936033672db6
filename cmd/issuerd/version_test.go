package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// TestBuildOf tells a released program, one that was built in a repository, and one of which nothing is known.
func TestBuildOf(t *testing.T) {
	t.Parallel()
	vcs := []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.time", Value: "2026-11-30T10:00:00Z"}, {Key: "vcs.modified", Value: "false"},
	}
	modified := append(vcs[:2:2], debug.BuildSetting{Key: "vcs.modified", Value: "true"})
	machine := " " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	for _, tt := range []struct {
		name    string
		info    *debug.BuildInfo
		version string
		line    string
	}{
		{"nothing is known", nil, "(devel)", "issuerd (devel)"},
		{"outside a repository", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "(devel)", "issuerd (devel)"},
		{"a release", &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "v1.2.3", "issuerd v1.2.3"},
		{"a release from its repository", &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: vcs}, "v1.2.3", "issuerd v1.2.3 (commit 0123456789abcdef of 2026-11-30T10:00:00Z)"},
		{"a commit", &debug.BuildInfo{Settings: vcs}, "0123456789abcdef", "issuerd 0123456789abcdef (commit 0123456789abcdef of 2026-11-30T10:00:00Z)"},
		{"with changes", &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: modified}, "v1.2.3", "issuerd v1.2.3 (commit 0123456789abcdef of 2026-11-30T10:00:00Z, modified)"},
		{"a commit without a date", &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: vcs[:1]}, "v1.2.3", "issuerd v1.2.3 (commit 0123456789abcdef)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := buildOf(tt.info)
			if got.Version != tt.version || got.String() != tt.line+machine {
				t.Errorf("version %q and %q, want %q and %q", got.Version, got, tt.version, tt.line+machine)
			}
		})
	}
}
