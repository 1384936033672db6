package input

import "github.com/hashicorp/hcl/v2/hclsyntax"

// exchangeAudience is the audience that clients ask for in the public cloud unless they are told another one.
const exchangeAudience = "api://AzureADTokenExchange"

const terraformPlatform = "terraform"

// workspace reads the block that says in which workspace of HCP Terraform a configuration runs.
func (r *hclReader) workspace(body *hclsyntax.Body) {
	for _, block := range body.Blocks {
		if block.Type != "cloud" && (block.Type != "backend" || len(block.Labels) != 1 || block.Labels[0] != "remote") {
			continue
		}
		organization := r.literalOr(block.Body, "organization", "{organization}")
		issuer := "https://" + r.literalOr(block.Body, "hostname", "app.terraform.io")
		workspace, project, notes := "{workspace}", "{project}", []string(nil)
		for _, inner := range block.Body.Blocks {
			if inner.Type != "workspaces" {
				continue
			}
			workspace = r.literalOr(inner.Body, "name", workspace)
			if prefix, ok := r.literal(inner.Body, "prefix"); ok {
				workspace = prefix + workspace
			}
			project = r.literalOr(inner.Body, "project", project)
			if inner.Body.Attributes["tags"] != nil {
				notes = append(notes, "The workspaces are chosen by tags: each has a subject of its own.")
			}
		}
		doubt := ""
		if project == "{project}" {
			doubt = `The file does not name the project. A workspace that was put in none is in "Default Project".`
		}
		job := Job{Platform: terraformPlatform, Workflow: r.Input, Name: workspace, Place: r.at(block.DefRange()), Notes: append(notes,
			"Plan and apply have different subjects, so a credential is needed for each.",
			"The audience is that of TFC_AZURE_WORKLOAD_IDENTITY_AUDIENCE, if the workspace sets it.")}
		for _, phase := range []string{"plan", "apply"} {
			job.Subjects = append(job.Subjects, Subject{When: phase, Issuer: issuer, Audience: exchangeAudience, Doubt: doubt,
				Subject: "organization:" + organization + ":project:" + project + ":workspace:" + workspace + ":run_phase:" + phase})
		}
		r.Jobs = append(r.Jobs, job)
	}
}

func (r *hclReader) literalOr(body *hclsyntax.Body, name, otherwise string) string {
	if text, ok := r.literal(body, name); ok {
		return text
	}
	return otherwise
}

// stacks reads the deployments of a stack.
func (r *hclReader) stacks(body *hclsyntax.Body) {
	audience := ""
	for _, block := range body.Blocks {
		if block.Type == "identity_token" && block.Body.Attributes["audience"] != nil {
			if value, ok := r.value(block.Body.Attributes["audience"].Expr); ok {
				if list := texts(nodeOf(value)); len(list) > 0 {
					audience = list[0]
				}
			}
		}
	}
	for _, block := range body.Blocks {
		if block.Type != "deployment" || len(block.Labels) != 1 {
			continue
		}
		job := Job{Platform: terraformPlatform, Workflow: r.Input, Name: block.Labels[0], Place: r.at(block.DefRange())}
		for _, operation := range []string{"plan", "apply"} {
			job.Subjects = append(job.Subjects, Subject{When: operation, Issuer: "https://app.terraform.io", Audience: audience,
				Subject: "organization:{organization}:project:{project}:stack:{stack}:deployment:" + block.Labels[0] + ":operation:" + operation})
		}
		r.Jobs = append(r.Jobs, job)
	}
}
