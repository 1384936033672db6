package generic_test

import (
	"testing"

	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

const user = "1d7b1a7e-9c55-4c6f-b1a8-3d2e5f6a7b8c" // in no claim but sub

func FuzzCircleCI(f *testing.F) { issuertest.Fuzz(f, generic.Shipped("circleci")) }

func TestCircleCISubjects(t *testing.T) {
	t.Parallel()
	known := issuer.Claims{
		"oidc.circleci.com/org-id": "<org-id>", "oidc.circleci.com/project-id": "<project-id>",
		"oidc.circleci.com/vcs-origin": "<origin>", "oidc.circleci.com/vcs-ref": "<ref>",
	}
	issuertest.Subjects(t, generic.Shipped("circleci"), "testdata/circleci/subjects.json", map[string]issuertest.Subject{
		"org/<org-id>/project/<project-id>/user/<user-id>": {
			Preset: "job", Claims: known, Got: "org/<org-id>/project/<project-id>/user/" + user,
		},
		"org/<org-id>/project/<project-id>/user/<user-id>/vcs-origin/<origin>/vcs-ref/<ref>": {
			Preset: "job-v2", Claims: known, Got: "org/<org-id>/project/<project-id>/user/" + user + "/vcs-origin/<origin>/vcs-ref/<ref>",
		},
	})
}

func TestCircleCIDerivations(t *testing.T) {
	t.Parallel()
	issuertest.Derivations(t, generic.Shipped("circleci"), []issuertest.Derivation{
		{Name: "organisation", Req: issuer.Request{Claims: issuer.Claims{"oidc.circleci.com/org-id": "o"}}, Want: issuer.Claims{
			"aud": "o", "oidc.circleci.com/ssh-rerun": false, "jti": nil,
			"sub": "org/o/project/c0ffee11-2233-4455-8677-8899aabbccdd/user/" + user,
		}},
	})
}

func TestCircleCIDelivery(t *testing.T) {
	t.Parallel()
	issuertest.Delivery(t, generic.Shipped("circleci"), map[string]issuertest.Delivered{
		"job":    {Variables: []string{"CIRCLE_OIDC_TOKEN"}, Audience: "a"},
		"job-v2": {Variables: []string{"CIRCLE_OIDC_TOKEN_V2"}, Audience: "a"},
	})
}
