package input

import (
	"regexp"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// isAzurePipelines tells a pipeline of Azure DevOps by its stages, jobs or steps.
func isAzurePipelines(root *document.Node, name string) bool {
	found := strings.Contains(name, "azure-pipelines")
	root.Walk(func(n *document.Node) {
		if n.Kind == document.Map && (str(n.Get("task")) != "" && strings.Contains(str(n.Get("task")), "@") || n.Get("deployment") != nil && n.Get("strategy") != nil) {
			found = true
		}
	})
	return found && (root.Get("steps") != nil || root.Get("jobs") != nil || root.Get("stages") != nil)
}

// azurePipeline is a pipeline of Azure DevOps that is being read.
type azurePipeline struct{ *Found }

func (f *Found) readAzurePipelines(root *document.Node) {
	f.Kind = "a pipeline of Azure DevOps"
	p := azurePipeline{f}
	p.in(root, "")
	if len(f.Jobs) == 0 {
		f.note("No step of the pipeline has a service connection to Azure.")
	}
	templates := false
	root.Walk(func(n *document.Node) {
		templates = templates || n.Kind == document.Map && str(n.Get("template")) != ""
	})
	if templates {
		f.note("The pipeline has templates, which were not read: steps there are missing here.")
	}
}

// in reads the stages, jobs or steps of a map. stage is the name of the stage around it.
func (p azurePipeline) in(n *document.Node, stage string) {
	for _, s := range n.Get("stages").List() {
		p.in(s, first(s, "stage", "displayName"))
	}
	for _, job := range n.Get("jobs").List() {
		name := first(job, "job", "deployment", "displayName")
		if stage != "" {
			name = stage + "/" + name
		}
		p.job(job, name)
	}
	if n.Get("steps") != nil {
		p.job(n, stage)
	}
}

// connectionInputs are the inputs of tasks that name a service connection to Azure.
var connectionInputs = []string{
	"azuresubscription", "connectedservicename", "connectedservicenamearm", "azureresourcemanagerconnection", "backendservicearm",
	"environmentservicename", "environmentservicenameazurerm", "azuresubscriptionendpoint", "serviceconnection", "connectedservicenameselector",
}

var pipelineToken = regexp.MustCompile(`(?i)SYSTEM_OIDCREQUESTURI|ARM_USE_OIDC`)

func (p azurePipeline) job(n *document.Node, name string) {
	var connections []string
	var scripts strings.Builder
	n.Walk(func(step *document.Node) {
		if step.Kind != document.Map {
			return
		}
		for _, e := range entries(step.Get("inputs")) {
			if value := str(e.Value); value != "" && slices.Contains(connectionInputs, strings.ToLower(e.Key)) && value != "connectedServiceNameARM" && !slices.Contains(connections, value) {
				connections = append(connections, value)
			}
		}
		for _, key := range []string{"script", "bash", "pwsh", "powershell"} {
			scripts.WriteString(str(step.Get(key)))
		}
		for _, e := range entries(step.Get("env")) {
			scripts.WriteString(e.Key + " ")
		}
	})
	for _, connection := range connections {
		job := serviceConnectionJob(p.Input, name, connection, n.Start())
		if masked(connection) {
			for i := range job.Subjects {
				job.Subjects[i].Subject = strings.ReplaceAll(job.Subjects[i].Subject, connection, "{connection}")
			}
			job.Notes = append(job.Notes, "The service connection is an expression: "+connection)
		}
		p.Jobs = append(p.Jobs, job)
	}
	if len(connections) == 0 && pipelineToken.MatchString(scripts.String()) {
		p.Jobs = append(p.Jobs, Job{Platform: "azure-devops", Workflow: p.Input, Name: name, Place: n.Start(), Subjects: []Subject{{
			When: "asked for without a service connection", Issuer: "https://vstoken.dev.azure.com/{organization id}",
			Subject: "p://{organization}/{project}/{pipeline}", Audience: exchangeAudience,
			Doubt: "With the id of a service connection (serviceConnectionId), the subject is that of the connection.",
		}}})
	}
}

// azureDevOpsInBase64 is the application id of Azure DevOps in subjects that Entra issues.
const azureDevOpsInBase64 = "rISbSSETf0KqFyZ8ppdXmA"

// serviceConnectionJob is what a pipeline of Azure DevOps has with a service connection of which only the name is known.
func serviceConnectionJob(workflow, job, connection string, place document.Position) Job {
	return Job{Platform: "azure-devops", Workflow: workflow, Name: job, Place: place,
		Subjects: []Subject{
			{When: "with the service connection " + connection + ", made before Entra issued the tokens", Issuer: "https://vstoken.dev.azure.com/{organization id}",
				Subject: "sc://{organization}/{project}/" + connection, Audience: exchangeAudience,
				Doubt: "Connections made since November 2025 have the other subject. The connection shows its own."},
			{When: "with the service connection " + connection + ", with tokens that Entra issues", Issuer: "https://login.microsoftonline.com/{tenant}/v2.0",
				Subject: "/eid1/c/pub/t/{tenant in base64url}/a/" + azureDevOpsInBase64 + "/sc/{organization id}/{connection id}", Audience: exchangeAudience,
				Doubt: "Only the connection shows the ids. The token's own audience is a GUID, and that of the credential is this one all the same."},
		}}
}
