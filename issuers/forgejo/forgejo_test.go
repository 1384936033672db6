package forgejo_test

import (
	"testing"

	"github.com/issuerd/issuerd/issuers/forgejo"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func TestConformance(t *testing.T) { issuertest.Run(t, forgejo.Platform) }

func FuzzClaims(f *testing.F) { issuertest.Fuzz(f, forgejo.Platform) }

func TestDocument(t *testing.T) {
	t.Parallel()
	issuertest.Document(t, forgejo.Platform, "branch", "testdata/discovery.json")
}

func TestDerivations(t *testing.T) {
	t.Parallel()
	issuertest.Derivations(t, forgejo.Platform, []issuertest.Derivation{
		{Name: "repository", Req: issuer.Request{Claims: issuer.Claims{"repository": "o/r"}}, Want: issuer.Claims{
			"aud": "https://forgejo.contoso.example/o", "repository_owner": "o", "ref_type": "branch", "sub": "repo:o/r:ref:refs/heads/main",
			"workflow_ref": "o/r/.forgejo/workflows/ci.yml@refs/heads/main",
		}},
		{Name: "tag", Req: issuer.Request{Preset: "tag"}, Want: issuer.Claims{"ref_type": "tag", "sub": "repo:contoso/app:ref:refs/tags/v1.0.0"}},
		{Name: "pull request", Req: issuer.Request{Preset: "pull-request"}, Want: issuer.Claims{"ref_type": "branch", "sub": "repo:contoso/app:pull_request"}},
	})
}
