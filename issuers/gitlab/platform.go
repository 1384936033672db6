package gitlab

import (
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

const name = "gitlab"

// Platform is GitLab CI.
var Platform = &issuer.Platform{
	Name:     name,
	Title:    "GitLab CI",
	Services: []issuer.Service{service},
	Presets:  presets,
	Claims:   ci.Claims(name),
	Native:   ci.Variables(name, presets),
}

// service is gitlab.com. The header is that of PyPI's recorded fixture, the payload's order that of a token of 2025;
// members that token lacks stand where the documentation has them.
var service = issuer.Service{
	Issuer:   "https://gitlab.com",
	JWKS:     "/oauth/discovery/keys",
	Document: ci.Document,
	CORS:     issuer.CORSAnyOrigin, // gitlab-org/gitlab, config/application.rb: rack-cors for both paths, GET and HEAD
	Keys:     ci.OneKey,            // the recorded kid has the size of a thumbprint
	JWK:      ci.JWKOrder,          // as GitLab's documentation shows a key set
	Typ:      "JWT",
	Header:   []string{"kid", "typ", "alg"},
	Order: []string{
		"project_id", "project_path", "namespace_id", "namespace_path", "user_id", "user_login", "user_email", "user_access_level",
		"user_identities", "provider", "extern_uid", "pipeline_id", "pipeline_source", "job_id", "ref", "ref_type", "ref_path",
		"ref_protected", "groups_direct", "environment", "environment_protected", "deployment_tier", "environment_action", "runner_id",
		"runner_environment", "sha", "project_visibility", "ci_config_ref_uri", "ci_config_sha", "jti", "iat", "nbf", "exp", "iss", "sub", "aud",
	},
	Lifetime: time.Hour, // the job's timeout, which is typically this
	NotYet:   issuer.Seconds(-5),
	ID:       true,
}
