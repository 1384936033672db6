package circleci

import (
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

// Examples.
const (
	organization = "6bdb4f83-1f4c-4d0e-8c3b-0f4e2a9c7d51"
	user         = "1d7b1a7e-9c55-4c6f-b1a8-3d2e5f6a7b8c" // in no claim but sub
)

var presets = []issuer.Preset{
	{Name: "job", About: "CIRCLE_OIDC_TOKEN", Claims: claims, Settings: shape("CIRCLE_OIDC_TOKEN", "").Settings()},
	{Name: "job-v2", About: "CIRCLE_OIDC_TOKEN_V2, whose subject names the branch", Claims: claims,
		Settings: shape("CIRCLE_OIDC_TOKEN_V2", "/vcs-origin/{oidc.circleci.com/vcs-origin}/vcs-ref/{oidc.circleci.com/vcs-ref}").Settings()},
}

var claims = issuer.Claims{
	"oidc.circleci.com/context-ids":            []any{"f4e3d2c1-b0a9-4877-a665-544332211000"},
	"oidc.circleci.com/job-id":                 "0b9a8c7d-6e5f-4a3b-9c2d-1e0f9a8b7c6d",
	"oidc.circleci.com/org-id":                 organization,
	"oidc.circleci.com/pipeline-definition-id": "2f1e0d9c-8b7a-4695-8473-625140392817",
	"oidc.circleci.com/pipeline-id":            "7a6b5c4d-3e2f-4f1a-8b9c-0d1e2f3a4b5c",
	"oidc.circleci.com/project-id":             "c0ffee11-2233-4455-8677-8899aabbccdd",
	"oidc.circleci.com/ssh-rerun":              false,
	"oidc.circleci.com/vcs-origin":             "github.com/contoso/app",
	"oidc.circleci.com/vcs-ref":                "refs/heads/main",
	"oidc.circleci.com/workflow-id":            "9d8c7b6a-5f4e-4d3c-a2b1-0f9e8d7c6b5a",
}

// shape is that of the token in a variable. Its subject ends in what more says.
func shape(variable, more string) ci.Shape {
	const sub = "org/{oidc.circleci.com/org-id}/project/{oidc.circleci.com/project-id}/user/" + user
	return ci.Shape{
		Rules:    []ci.Rule{{Claim: "sub", Form: sub + more}},
		Audience: "{oidc.circleci.com/org-id}",
		Asked:    ci.StringOrArray, // the command line takes aud as any JSON
		Variable: variable,
	}
}
