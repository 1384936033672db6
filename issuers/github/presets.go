package github

import "github.com/issuerd/issuerd/issuers/issuer"

// presets are the contexts of jobs. Repository, ids and enterprise are those of GitHub's documentation.
var presets = []issuer.Preset{
	{Name: "branch", About: "a push to the branch main"},
	{Name: "tag", About: "a push of the tag demo-tag", Claims: issuer.Claims{"ref": "refs/tags/demo-tag"}},
	{Name: "environment", About: "a job with the environment prod, whatever the event", Claims: issuer.Claims{"environment": "prod"}},
	{Name: "pull-request", About: "a pull request; the subject has no number", Claims: issuer.Claims{"event_name": "pull_request"}},
	{Name: "pull-request-environment", About: "a pull request whose job has the environment prod; the subject says only that",
		Claims: issuer.Claims{"event_name": "pull_request", "environment": "prod"}},
	{Name: "reusable-workflow", About: "a job of a workflow that another repository holds",
		Claims: issuer.Claims{"job_workflow_ref": automation}},
	{Name: "merge-queue", About: "a merge group of the merge queue", Claims: issuer.Claims{"event_name": "merge_group"}},
	{Name: "schedule", About: "a scheduled run on the default branch", Claims: issuer.Claims{"event_name": "schedule"}},
	{Name: "dispatch", About: "a run started by hand", Claims: issuer.Claims{"event_name": "workflow_dispatch"}},
	{Name: "release", About: "a published release", Claims: issuer.Claims{"event_name": "release"}},
	{Name: "enterprise", About: "a repository of an enterprise, on the usual issuer",
		Claims: issuer.Claims{"enterprise": "avocado-corp", "enterprise_id": "2"}},
	{Name: "enterprise-slug", About: "an enterprise that has its slug in the issuer", Service: "enterprise-slug",
		Claims: issuer.Claims{"enterprise": "octocat-inc", "enterprise_id": "123", "repository": "octocat-inc/private-server"}},
	{Name: "ghes", About: "a GitHub Enterprise Server", Service: "ghes"},
	{Name: "ghe-com", About: "an enterprise with data residency on ghe.com", Service: "ghe-com"},
	{Name: "repo-property", About: "a repository whose custom property workspace_id is a claim",
		Claims: issuer.Claims{"environment": "prod", "event_name": "workflow_dispatch", "repo_property_workspace_id": "ws-abc123"}},
	{Name: "immutable", About: "a repository made after 2026-07-15: the subject holds the ids",
		Claims: immutableRepository, Settings: immutable()},
	{Name: "immutable-environment", About: "the same with the environment staging",
		Claims: with(immutableRepository, "environment", "staging"), Settings: immutable()},
	{Name: "custom-subject", About: "a subject of repository_owner and repository_visibility",
		Claims: issuer.Claims{"repository": "monalisa/octo-repo"}, Settings: template("repository_owner", "repository_visibility")},
	{Name: "custom-subject-ids", About: "a subject of repository_owner_id, repository_id and the context",
		Settings: template("repository_owner_id", "repository_id", "context")},
	{Name: "custom-subject-workflow", About: "a subject of repo, context and job_workflow_ref",
		Claims: issuer.Claims{"environment": "prod", "job_workflow_ref": automation}, Settings: template("repo", "context", "job_workflow_ref")},
	{Name: "custom-subject-environment", About: "a subject of environment and repository_owner; a colon becomes %3A",
		Claims: issuer.Claims{"environment": "production:eastus"}, Settings: template("environment", "repository_owner")},
	{Name: "custom-subject-ref", About: "a subject of ref, repo, job_workflow_ref and repository_owner",
		Settings: template("ref", "repo", "job_workflow_ref", "repository_owner")},
	{Name: "custom-subject-pull-request", About: "a subject of repo, context, workflow, job_workflow_ref and repository_visibility",
		Claims:   issuer.Claims{"event_name": "pull_request"},
		Settings: template("repo", "context", "workflow", "job_workflow_ref", "repository_visibility")},
}

// automation is the reusable workflow of the documentation.
const automation = "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main"

var immutableRepository = issuer.Claims{
	"repository": "octocat/my-repo", "repository_owner_id": "123456", "repository_id": "456789",
}

func immutable() map[string]any { return map[string]any{useImmutableSubject: true} }

func template(keys ...string) map[string]any { return map[string]any{includeClaimKeys: keys} }

func with(base issuer.Claims, name string, value any) issuer.Claims {
	out := issuer.Claims{name: value}
	for n, v := range base {
		out[n] = v
	}
	return out
}
