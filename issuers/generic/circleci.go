package generic

import (
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// circleCI is CircleCI; each organisation has an issuer. That the payload is in alphabetical order is inferred, as is the header.
var circleCI = issuer.Service{
	Name:     "circleci",
	Issuer:   "https://oidc.circleci.com/org/" + circleOrganization,
	JWKS:     "/.well-known/jwks-pub.json", // in many relying parties' configurations, with one RS256 key of 2048 bits
	Document: smallest,
	Keys:     oneKey,
	JWK:      keyOrder,
	Typ:      "JWT",
	Header:   []string{"alg", "kid", "typ"},
	Lifetime: time.Hour,
}

const (
	circleOrganization = "6bdb4f83-1f4c-4d0e-8c3b-0f4e2a9c7d51"
	circleUser         = "1d7b1a7e-9c55-4c6f-b1a8-3d2e5f6a7b8c" // in no claim but sub
)

var circleCIJob = issuer.Preset{
	Name: "circleci", About: "CircleCI: CIRCLE_OIDC_TOKEN", Service: "circleci",
	Claims:   circleCIClaims,
	Settings: circleCIShape("").settings(),
}

var circleCIJobV2 = issuer.Preset{
	Name: "circleci-v2", About: "CircleCI: CIRCLE_OIDC_TOKEN_V2, whose subject names the branch", Service: "circleci",
	Claims:   circleCIClaims,
	Settings: circleCIShape("/vcs-origin/{oidc.circleci.com/vcs-origin}/vcs-ref/{oidc.circleci.com/vcs-ref}").settings(),
}

var circleCIClaims = issuer.Claims{
	"oidc.circleci.com/context-ids":            []any{"f4e3d2c1-b0a9-4877-a665-544332211000"},
	"oidc.circleci.com/job-id":                 "0b9a8c7d-6e5f-4a3b-9c2d-1e0f9a8b7c6d",
	"oidc.circleci.com/org-id":                 circleOrganization,
	"oidc.circleci.com/pipeline-definition-id": "2f1e0d9c-8b7a-4695-8473-625140392817",
	"oidc.circleci.com/pipeline-id":            "7a6b5c4d-3e2f-4f1a-8b9c-0d1e2f3a4b5c",
	"oidc.circleci.com/project-id":             "c0ffee11-2233-4455-8677-8899aabbccdd",
	"oidc.circleci.com/ssh-rerun":              false,
	"oidc.circleci.com/vcs-origin":             "github.com/contoso/app",
	"oidc.circleci.com/vcs-ref":                "refs/heads/main",
	"oidc.circleci.com/workflow-id":            "9d8c7b6a-5f4e-4d3c-a2b1-0f9e8d7c6b5a",
}

func circleCIShape(more string) shape {
	const project = "org/{oidc.circleci.com/org-id}/project/{oidc.circleci.com/project-id}/user/"
	return shape{
		rules:    []rule{{claim: "sub", form: project + circleUser + more}},
		audience: "{oidc.circleci.com/org-id}",
		asked:    stringOrArray, // the command line takes aud as any JSON
	}
}
