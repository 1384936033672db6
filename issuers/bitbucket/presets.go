package bitbucket

import (
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

var presets = []issuer.Preset{{
	Name: "step", About: "a step with oidc: true",
	Claims: issuer.Claims{ // the braces belong to the values
		"branchName": "main", "compliant": true,
		"deploymentEnvironmentUuid": "{2b7f4c19-8e3d-4a56-9c01-5d6e7f8a9b0c}",
		"pipelineUuid":              "{5e4d3c2b-1a09-4f8e-9d7c-6b5a49382716}",
		"repositoryUuid":            "{c94dbd51-3a05-4b0b-9b6e-6d1f2f1a7e3d}",
		"stepUuid":                  "{8a7b6c5d-4e3f-4a1b-8c9d-0e1f2a3b4c5d}",
		"workspaceUuid":             "{1f0e9d8c-7b6a-4594-a382-716f5e4d3c2b}",
	},
	Settings: ci.Shape{
		Rules:    []ci.Rule{{Claim: "sub", Form: "{repositoryUuid}:{stepUuid}"}},
		Audience: "ari:cloud:bitbucket::workspace/{bare workspaceUuid}", // not confirmed
		Asked:    ci.Array,
		Variable: "BITBUCKET_STEP_OIDC_TOKEN",
	}.Settings(),
}}
