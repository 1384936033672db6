package buildkite

import (
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

var presets = []issuer.Preset{{
	Name: "step", About: "a step of a build",
	Claims: issuer.Claims{
		"organization_slug": "acme-inc", "pipeline_slug": "super-duper-app", "build_number": 1, "build_branch": "main",
		"build_commit": "9f3182061f1e2cca4702c368cbc039b7dc9d4485", "step_key": "build",
		"job_id": "0184990a-477b-4fa8-9968-496074483cee", "agent_id": "0184990a-4782-42b5-afc1-16715b10b8ff",
		"build_source": "ui", "runner_environment": "buildkite-hosted",
	},
	Settings: ci.Shape{
		Rules: []ci.Rule{{
			Claim: "sub",
			Form:  "organization:{organization_slug}:pipeline:{pipeline_slug}:ref:refs/heads/{build_branch}:commit:{build_commit}:step:{step_key}",
		}},
		Audience: "https://buildkite.com/{organization_slug}",
	}.Settings(),
}}
