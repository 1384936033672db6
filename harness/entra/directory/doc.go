// Package directory is what a tenant of Microsoft Entra ID holds: applications with their federated credentials,
// managed identities, subscriptions, roles and policies, with the rules that Entra and Azure have for them. It knows
// nothing of sign-ins.
//
// A [Directory] is changed by its methods, as a file of YAML says ([Parse]), and by Microsoft Graph and Azure Resource
// Manager, whose emulations are packages of their own. The sign-in service reads it through a [View], in which a change
// may take time to be seen. What is given by Microsoft is here too: the clouds ([Cloud]), the services that tokens are
// for ([Services]) and Azure's built-in roles ([Roles]).
//
//	dir := directory.New()
//	tenant, err := dir.AddTenant(directory.Tenant{DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"}})
//	app, err := dir.AddApplication(tenant.ID, directory.Application{Name: "deployer"})
//	_, err = dir.AddCredential(tenant.ID, app.ClientID, directory.Credential{
//		Name:      "main-branch",
//		Issuer:    "https://token.actions.githubusercontent.com",
//		Subject:   "repo:contoso/web:ref:refs/heads/main",
//		Audiences: []string{"api://AzureADTokenExchange"},
//	})
//
// What of it is not faithful, or not known, the package entra says with the rest.
//
// See https://learn.microsoft.com/graph/api/resources/federatedidentitycredential.
package directory
