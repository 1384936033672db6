package terraform

import (
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// presets are what tokens are made for. Names and ids are those of HashiCorp's documentation.
var presets = []issuer.Preset{
	{Name: "workspace", About: "the apply phase of a workspace's run", Settings: kind(workspace)},
	{Name: "workspace-plan", About: "the plan phase of a workspace's run; its subject differs", Settings: kind(workspace),
		Claims: issuer.Claims{"terraform_run_phase": "plan"}},
	{Name: "workspace-before-projects", About: "a run of early 2023 or before: no project in the subject", Settings: kind(beforeProjects)},
	{Name: "module-test", About: "a test run of a module in the registry", Settings: kind(moduleTest),
		Lifetime: 10 * time.Minute, NotYet: issuer.Seconds(-30)},
	{Name: "stack", About: "the plan of a stack's deployment", Settings: kind(stack)},
	{Name: "eu", About: "a workspace in the European region", Service: "eu", Settings: kind(workspace)},
	{Name: "tfe", About: "a workspace of a Terraform Enterprise", Service: enterprise, Settings: kind(workspace)},
}

func kind(name string) map[string]any { return map[string]any{"kind": name} }
