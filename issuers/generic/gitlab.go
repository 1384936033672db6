package generic

import (
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// gitlab is GitLab CI on gitlab.com. The header is that of PyPI's recorded fixture, the payload's order that of a token of 2025;
// members that token lacks stand where the documentation has them.
var gitlab = issuer.Service{
	Name:     "gitlab",
	Issuer:   "https://gitlab.com",
	JWKS:     "/oauth/discovery/keys",
	Document: smallest,
	CORS:     issuer.CORSAnyOrigin, // gitlab-org/gitlab, config/application.rb: rack-cors for both paths, GET and HEAD
	Keys:     oneKey,               // the recorded kid has the size of a thumbprint
	JWK:      keyOrder,             // as GitLab's documentation shows a key set
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

var gitlabBranch = issuer.Preset{
	Name: "gitlab", About: "GitLab CI: a job on a branch", Service: "gitlab",
	Claims:   gitlabClaims("20", "branch", "main"),
	Settings: gitlabShape("project_path:{project_path}").settings(),
}

var gitlabTag = issuer.Preset{
	Name: "gitlab-tag", About: "GitLab CI: a job on a tag", Service: "gitlab",
	Claims:   gitlabClaims("20", "tag", "v1.0.0"),
	Settings: gitlabShape("project_path:{project_path}").settings(),
}

// gitlabProject is a project whose subject begins with its id (setting ci_id_token_sub_claim_components), as in the example of Microsoft's page
// about mutable subjects.
var gitlabProject = issuer.Preset{
	Name: "gitlab-project-id", About: "GitLab CI: a job on a branch of a project whose subject begins with its id", Service: "gitlab",
	Claims:   gitlabClaims("57382910", "branch", "main"),
	Settings: gitlabShape("project_id:{project_id}").settings(),
}

// gitlabClaims are the values of the documentation's example. Ids are strings, except runner_id.
func gitlabClaims(project, refType, ref string) issuer.Claims {
	return issuer.Claims{
		"project_id": project, "project_path": "my-group/my-project", "namespace_id": "72",
		"user_id": "1", "user_login": "sample-user", "user_email": "sample-user@example.com", "user_access_level": "owner",
		"pipeline_id": "574", "pipeline_source": "push", "job_id": "302",
		"ref": ref, "ref_type": refType, "ref_protected": "false",
		"runner_id": 1, "runner_environment": "gitlab-hosted",
		"sha": "714a629c0b401fdce83e847fc9589983fc6f46bc", "project_visibility": "public",
	}
}

// gitlabShape makes a subject whose first part is given.
func gitlabShape(project string) shape {
	return shape{rules: []rule{
		{claim: "namespace_path", form: "{dir project_path}"},
		{claim: "ref_path", form: "refs/tags/{ref}", on: "ref_type", is: "tag"},
		{claim: "ref_path", form: "refs/heads/{ref}"},
		{claim: "ci_config_ref_uri", form: "{host iss}/{project_path}//.gitlab-ci.yml@{ref_path}"}, // two slashes
		{claim: "ci_config_sha", form: "{sha}"},
		{claim: "sub", form: project + ":ref_type:{ref_type}:ref:{ref}"},
	},
		audience: entraAudience, // GitLab has no default: the job names its audiences
		asked:    stringOrArray,
	}
}
