package generic_test

import (
	"testing"

	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func FuzzBitbucket(f *testing.F) { issuertest.Fuzz(f, generic.Shipped("bitbucket")) }

func TestBitbucketDocument(t *testing.T) {
	t.Parallel()
	issuertest.Document(t, generic.Shipped("bitbucket"), "step", "testdata/bitbucket/discovery.json", "$workspace", "contoso")
}

func TestBitbucketSubjects(t *testing.T) {
	t.Parallel()
	issuertest.Subjects(t, generic.Shipped("bitbucket"), "testdata/bitbucket/subjects.json", map[string]issuertest.Subject{
		"{<repositoryUuid>}:{<stepUuid>}": {Preset: "step", Claims: issuer.Claims{"repositoryUuid": "{<repositoryUuid>}", "stepUuid": "{<stepUuid>}"}},
	})
}

func TestBitbucketDerivations(t *testing.T) {
	t.Parallel()
	issuertest.Derivations(t, generic.Shipped("bitbucket"), []issuertest.Derivation{
		{Name: "step", Req: issuer.Request{}, Want: issuer.Claims{
			"aud": "ari:cloud:bitbucket::workspace/1f0e9d8c-7b6a-4594-a382-716f5e4d3c2b", "nbf": nil, "jti": nil, "compliant": true,
		}},
		{Name: "audience", Req: issuer.Request{Audience: []string{"a"}}, Want: issuer.Claims{"aud": []any{"a"}}},
	})
}

func TestBitbucketDelivery(t *testing.T) {
	t.Parallel()
	issuertest.Delivery(t, generic.Shipped("bitbucket"), map[string]issuertest.Delivered{
		"step": {Variables: []string{"BITBUCKET_STEP_OIDC_TOKEN"}, Audience: []any{"a"}},
	})
}
