package bitbucket_test

import (
	"testing"

	"github.com/issuerd/issuerd/issuers/bitbucket"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func TestConformance(t *testing.T) { issuertest.Run(t, bitbucket.Platform) }

func FuzzClaims(f *testing.F) { issuertest.Fuzz(f, bitbucket.Platform) }

func TestDocument(t *testing.T) {
	t.Parallel()
	issuertest.Document(t, bitbucket.Platform, "step", "testdata/discovery.json", "$workspace", "contoso")
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	issuertest.Subjects(t, bitbucket.Platform, "testdata/subjects.json", map[string]issuertest.Subject{
		"{<repositoryUuid>}:{<stepUuid>}": {Preset: "step", Claims: issuer.Claims{"repositoryUuid": "{<repositoryUuid>}", "stepUuid": "{<stepUuid>}"}},
	})
}

func TestDerivations(t *testing.T) {
	t.Parallel()
	issuertest.Derivations(t, bitbucket.Platform, []issuertest.Derivation{
		{Name: "step", Req: issuer.Request{}, Want: issuer.Claims{
			"aud": "ari:cloud:bitbucket::workspace/1f0e9d8c-7b6a-4594-a382-716f5e4d3c2b", "nbf": nil, "jti": nil, "compliant": true,
		}},
		{Name: "audience", Req: issuer.Request{Audience: []string{"a"}}, Want: issuer.Claims{"aud": []any{"a"}}},
	})
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	issuertest.Delivery(t, bitbucket.Platform, map[string]issuertest.Delivered{
		"step": {Variables: []string{"BITBUCKET_STEP_OIDC_TOKEN"}, Audience: []any{"a"}},
	})
}
