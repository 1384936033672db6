package input

import "github.com/issuerd/issuerd/harness/document"

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
