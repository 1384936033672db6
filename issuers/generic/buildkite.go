package generic

import (
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// buildkite is Buildkite. The payload is that of the documentation's sample, which has no jti; header and key are inferred.
var buildkite = issuer.Service{
	Name:     "buildkite",
	Issuer:   "https://agent.buildkite.com",
	JWKS:     "/.well-known/jwks",
	Document: smallest,
	Keys:     oneKey,
	JWK:      keyOrder,
	Typ:      "JWT",
	Header:   headOrder,
	Order: []string{
		"iss", "sub", "aud", "iat", "nbf", "exp", "organization_slug", "pipeline_slug", "build_number", "build_branch", "build_tag",
		"build_commit", "step_key", "job_id", "agent_id", "build_source", "runner_environment",
	},
	Lifetime: 5 * time.Minute,
	NotYet:   issuer.Seconds(0),
}

var buildkiteStep = issuer.Preset{
	Name: "buildkite", About: "Buildkite: a step of a build", Service: "buildkite",
	Claims: issuer.Claims{
		"organization_slug": "acme-inc", "pipeline_slug": "super-duper-app", "build_number": 1, "build_branch": "main",
		"build_commit": "9f3182061f1e2cca4702c368cbc039b7dc9d4485", "step_key": "build",
		"job_id": "0184990a-477b-4fa8-9968-496074483cee", "agent_id": "0184990a-4782-42b5-afc1-16715b10b8ff",
		"build_source": "ui", "runner_environment": "buildkite-hosted",
	},
	Settings: shape{
		rules: []rule{{
			claim: "sub",
			form:  "organization:{organization_slug}:pipeline:{pipeline_slug}:ref:refs/heads/{build_branch}:commit:{build_commit}:step:{step_key}",
		}},
		audience: "https://buildkite.com/{organization_slug}",
	}.settings(),
}
