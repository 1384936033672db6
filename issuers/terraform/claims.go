package terraform

import (
	"fmt"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// The kinds of runs, in the setting "kind" of a preset.
const (
	workspace      = "workspace"
	beforeProjects = "workspace-before-projects"
	moduleTest     = "module-test"
	stack          = "stack"
)

// claims derives the claims of a run. All of them are strings. Names stand in the subject as they are, spaces too.
func claims(req issuer.Request) (issuer.Claims, error) {
	reader := issuer.ClaimReader{Platform: "terraform", Claims: req.Claims}
	organization := reader.Text("terraform_organization_name", "my-org")
	c := issuer.Claims{
		"terraform_organization_id":   "org-GRNbCjYNpBB6NEH9",
		"terraform_organization_name": organization,
	}
	switch req.Settings["kind"] {
	case moduleTest:
		c["terraform_run_id"] = "trun-KFg8DSiRz4E37mdJ"
		c["terraform_run_phase"] = "plan" // always
		c["sub"] = "organization:" + organization + ":module:terraform-aws-vpc:operation:test_run"
	case stack:
		stackClaims(&reader, c, organization)
	default:
		workspaceClaims(&reader, c, organization, req.Settings["kind"] == beforeProjects)
	}
	aud, err := audience(req)
	if err != nil {
		return nil, err
	}
	c["aud"] = aud
	return c, reader.Err
}

func workspaceClaims(reader *issuer.ClaimReader, c issuer.Claims, organization string, old bool) {
	name := reader.Text("terraform_workspace_name", "my-workspace")
	phase := reader.Text("terraform_run_phase", "apply")
	c["terraform_workspace_id"] = "ws-mbsd5E3Ktt5Rg2Xm"
	c["terraform_workspace_name"] = name
	c["terraform_run_id"] = "run-X3n1AUXNGWbfECsJ"
	c["terraform_run_phase"] = phase
	if old {
		c["sub"] = "organization:" + organization + ":workspace:" + name + ":run_phase:" + phase
		return
	}
	project := reader.Text("terraform_project_name", "Default Project")
	full := reader.Text("terraform_full_workspace", "organization:"+organization+":project:"+project+":workspace:"+name)
	c["terraform_project_id"] = "prj-vegSA59s1XPwMr2t"
	c["terraform_project_name"] = project
	c["terraform_full_workspace"] = full
	c["sub"] = full + ":run_phase:" + phase
}

// stackClaims makes those of a stack. The form of its ids is inferred.
func stackClaims(reader *issuer.ClaimReader, c issuer.Claims, organization string) {
	project := reader.Text("terraform_project_name", "Default Project")
	name := reader.Text("terraform_stack_name", "my-stack")
	deployment := reader.Text("terraform_stack_deployment_name", "production")
	operation := reader.Text("terraform_operation", "plan")
	c["terraform_project_id"] = "prj-vegSA59s1XPwMr2t"
	c["terraform_project_name"] = project
	c["terraform_stack_id"] = "st-h7Bv2cLZrLtoFXRM"
	c["terraform_stack_name"] = name
	c["terraform_stack_deployment_name"] = deployment
	c["terraform_operation"] = operation
	c["terraform_plan_id"] = "stp-9QWnZ1nbQ3Uc3VJd"
	c["sub"] = "organization:" + organization + ":project:" + project + ":stack:" + name + ":deployment:" + deployment + ":operation:" + operation
}

// audience is one string. A stack asks for a set of audiences; that several become an array is inferred.
func audience(req issuer.Request) (any, error) {
	switch n := len(req.Audience); {
	case n == 1:
		return req.Audience[0], nil
	case n == 0 && req.Settings["kind"] == moduleTest:
		return "azure.workload.identity", nil // what the documentation of Azure in module tests says
	case n == 0:
		return "api://AzureADTokenExchange", nil
	case req.Settings["kind"] == stack:
		return issuer.AudienceArray(req.Audience), nil
	default:
		return nil, fmt.Errorf("terraform: want one audience, got %d", n)
	}
}
