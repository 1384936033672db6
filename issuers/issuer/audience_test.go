package issuer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
)

func TestAudience(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		asked []string
		one   any // for platforms that write one as a string
		array []any
	}{
		{[]string{"a"}, "a", []any{"a"}},
		{[]string{"a", "b"}, []any{"a", "b"}, []any{"a", "b"}},
		{nil, []any{}, []any{}},
	} {
		if diff := cmp.Diff([]any{tt.one, tt.array}, []any{issuer.Audience(tt.asked), issuer.AudienceArray(tt.asked)}); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.asked, diff)
		}
	}
	if diff := cmp.Diff([][]string{nil, {"a"}}, [][]string{issuer.For("").Audience, issuer.For("a").Audience}); diff != "" {
		t.Errorf("For (-want +got):\n%s", diff)
	}
}
