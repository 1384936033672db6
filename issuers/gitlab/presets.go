package gitlab

import (
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

var presets = []issuer.Preset{
	{Name: "branch", About: "a job on a branch",
		Claims: claims("20", "branch", "main"), Settings: shape("project_path:{project_path}").Settings()},
	{Name: "tag", About: "a job on a tag",
		Claims: claims("20", "tag", "v1.0.0"), Settings: shape("project_path:{project_path}").Settings()},
	// The setting ci_id_token_sub_claim_components, as in the example of Microsoft's page about mutable subjects.
	{Name: "project-id", About: "a job on a branch of a project whose subject begins with its id",
		Claims: claims("57382910", "branch", "main"), Settings: shape("project_id:{project_id}").Settings()},
}

// claims are the values of the documentation's example. Ids are strings, except runner_id.
func claims(project, refType, ref string) issuer.Claims {
	return issuer.Claims{
		"project_id": project, "project_path": "my-group/my-project", "namespace_id": "72",
		"user_id": "1", "user_login": "sample-user", "user_email": "sample-user@example.com", "user_access_level": "owner",
		"pipeline_id": "574", "pipeline_source": "push", "job_id": "302",
		"ref": ref, "ref_type": refType, "ref_protected": "false",
		"runner_id": 1, "runner_environment": "gitlab-hosted",
		"sha": "714a629c0b401fdce83e847fc9589983fc6f46bc", "project_visibility": "public",
	}
}

// shape makes a subject whose first part is given.
func shape(project string) ci.Shape {
	return ci.Shape{
		Rules: []ci.Rule{
			{Claim: "namespace_path", Form: "{dir project_path}"},
			{Claim: "ref_path", Form: "refs/tags/{ref}", On: "ref_type", Is: "tag"},
			{Claim: "ref_path", Form: "refs/heads/{ref}"},
			{Claim: "ci_config_ref_uri", Form: "{host iss}/{project_path}//.gitlab-ci.yml@{ref_path}"}, // two slashes
			{Claim: "ci_config_sha", Form: "{sha}"},
			{Claim: "sub", Form: project + ":ref_type:{ref_type}:ref:{ref}"},
		},
		Audience: ci.EntraAudience, // GitLab has no default: the job names its audiences
		Asked:    ci.StringOrArray,
		Variable: "ID_TOKEN", // the name is the user's choice in id_tokens; this is a convention here
	}
}
