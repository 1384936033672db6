package forgejo

import (
	"maps"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

var presets = []issuer.Preset{
	{Name: "branch", About: "a push to a branch",
		Claims: claims(issuer.Claims{"event_name": "push", "ref": "refs/heads/main"}), Settings: shape.Settings()},
	{Name: "tag", About: "a push of a tag",
		Claims: claims(issuer.Claims{"event_name": "push", "ref": "refs/tags/v1.0.0"}), Settings: shape.Settings()},
	{Name: "pull-request", About: "a pull request",
		Claims:   claims(issuer.Claims{"event_name": "pull_request", "ref": "refs/pull/27/merge", "head_ref": "topic", "base_ref": "main"}),
		Settings: shape.Settings()},
}

func claims(context issuer.Claims) issuer.Claims {
	c := issuer.Claims{
		"actor": "alice", "base_ref": "", "head_ref": "", "ref_protected": "false", "repository": "contoso/app",
		"run_attempt": "1", "run_id": "42", "run_number": "7", "sha": "9f3182061f1e2cca4702c368cbc039b7dc9d4485", "workflow": "ci.yml",
	}
	maps.Copy(c, context)
	return c
}

var shape = ci.Shape{
	Rules: []ci.Rule{
		{Claim: "repository_owner", Form: "{dir repository}"},
		{Claim: "ref_type", Form: "tag", On: "ref", Is: "refs/tags/*"},
		{Claim: "ref_type", Form: "branch"},
		{Claim: "workflow_ref", Form: "{repository}/.forgejo/workflows/{workflow}@{ref}"},
		{Claim: "sub", Form: "repo:{repository}:pull_request", On: "event_name", Is: "pull_request"},
		{Claim: "sub", Form: "repo:{repository}:ref:{ref}"},
	},
	Audience: "https://{host iss}/{repository_owner}",
}
