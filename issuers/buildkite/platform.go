package buildkite

import (
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

const name = "buildkite"

// Platform is Buildkite.
var Platform = &issuer.Platform{
	Name:     name,
	Title:    "Buildkite",
	Services: []issuer.Service{service},
	Presets:  presets,
	Claims:   ci.Claims(name),
	Native:   &issuer.Native{New: newAPI, Fetch: fetch},
}

// service is the one of all organisations. The payload is that of the documentation's sample, which has no jti; header
// and key are inferred.
var service = issuer.Service{
	Issuer:   "https://agent.buildkite.com",
	JWKS:     "/.well-known/jwks",
	Document: ci.Document,
	Keys:     ci.OneKey,
	JWK:      ci.JWKOrder,
	Typ:      "JWT",
	Header:   ci.HeaderOrder,
	Order: []string{
		"iss", "sub", "aud", "iat", "nbf", "exp", "organization_slug", "pipeline_slug", "build_number", "build_branch", "build_tag",
		"build_commit", "step_key", "job_id", "agent_id", "build_source", "runner_environment",
	},
	Lifetime: 5 * time.Minute,
	NotYet:   issuer.Seconds(0),
}
