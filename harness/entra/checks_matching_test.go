package entra_test

import (
	"testing"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// TestOneCredentialMatchesWhole: the audience of one credential and the subject of another are no match, in either
// order of the checks.
func TestOneCredentialMatchesWhole(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		order directory.MatchOrder
		code  int
	}{{directory.AudienceFirst, 700213}, {directory.SubjectFirst, 700212}} {
		r := newRig(t)
		r.options(func(o *directory.Options) { o.MatchOrder = tt.order })
		r.addCredential(r.app, directory.Credential{Name: "other", Issuer: r.issuer.url, Subject: "repo:contoso/other", Audiences: []string{"api://other"}})
		if got := r.exchange(map[string]any{"sub": "repo:contoso/other", "aud": "api://other"}); got.code() != 0 {
			t.Errorf("%s: the other credential: %s", tt.order, got.raw)
		}
		if got := r.exchange(map[string]any{"sub": "repo:contoso/other"}); got.code() != tt.code {
			t.Errorf("%s: audience of one, subject of another: %s, want %d", tt.order, got.raw, tt.code)
		}
	}
}
