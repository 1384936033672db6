package directory_test

import (
	"testing"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

func TestActions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, action string
		want            bool
	}{
		{"A/b/read", "a/B/READ", true},
		{"A/b/read", "A/b/read/more", false},
		{"A/b/read", "A/b", false},
		{"*", "A/b/read", true},
		{"*/read", "A/b/read", true},
		{"*/read", "A/b/write", false},
		{"*/read", "A/b/read/action", false},
		{"A/*", "A/b/read", true},
		{"A/*", "B/A/b", false},
		{"A/*/read", "A/b/c/read", true},
		{"A/*/read", "A/read", true},
		{"A/*/read", "A/b/write", false},
		{"A/*/b/*/c", "A/x/b/y/c", true},
		{"A/*/b/*/c", "A/b/c", true},
		{"A/*/b/*/c", "A/x/y/c", false},
		{"A/*/b/*/c", "A/c/x/b", false},
		{"A/*b*b*/c", "A/b/c", false},
		{"A/*b*b*/c", "A/bxb/c", true},
		{"A/*x*b*/c", "A/b/c", false},
		{"A*a", "A", false},
		{"A*x**", "A/b", false},
		{"B**", "A/b", false},
	} {
		role := directory.RoleDefinition{Actions: []string{"x", tt.pattern}}
		if got := role.Allows(tt.action); got != tt.want {
			t.Errorf("%s allows %s: %t, want %t", tt.pattern, tt.action, got, tt.want)
		}
		role = directory.RoleDefinition{Actions: []string{"*"}, NotActions: []string{"x", tt.pattern}}
		if got := role.Allows(tt.action); got == tt.want {
			t.Errorf("everything but %s allows %s: %t, want %t", tt.pattern, tt.action, got, !tt.want)
		}
	}
}
