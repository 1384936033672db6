// Package azuredevops impersonates the token issuer of Azure DevOps, https://vstoken.dev.azure.com: an issuer for each
// organisation. Its platform is called azure-devops.
//
// See https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity.
//
//	iss, err := issuer.New(azuredevops.Platform)
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{Claims: issuer.Claims{"sub": "sc://contoso/web/prod"}})
//	// token.Claims["aud"] is api://AzureADTokenExchange
//
// A job posts to SYSTEM_OIDCREQUESTURI with the bearer of SYSTEM_ACCESSTOKEN: for the service connection that
// AZURESUBSCRIPTION_SERVICE_CONNECTION_ID names, or, without serviceConnectionId, for the pipeline, whose subject is
// another.
//
// Faithful, after recorded tokens and documents: the discovery document, the payload and the subjects; request and
// reply, the refusal of GET and of a request without api-version, the redirect that X-TFS-FedAuthRedirect suppresses,
// and the audience, which a request cannot choose.
//
// Not faithful or not confirmed:
//   - The status 404 of the refusal of an unknown service connection, its wrapping, and whether the id is in quotation
//     marks; the order of the checks; the headers of answers; the bodies of 401 and 413. The sign-in page of the
//     redirect is below the workload's own address, not on another host, and empty. Organization, project, plan, job
//     and connection have fixed ids. The credential is a random text.
//   - A token of a service connection lives 10 minutes, as reported of connections for Azure; that of a generic
//     connection recorded in 2025 lives 5. That a connection for Azure has no other claims either is inferred from the
//     generic one.
//   - Names of organisation, project and connection are in no claim but sub, so that other names are given as sub. The
//     organisation in the issuer's URL is an example: move the issuer with issuer.WithURL.
//   - Tokens of connections made since 2025-11 are issued by Entra itself
//     (https://login.microsoftonline.com/TENANT/v2.0, subject /eid1/c/pub/t/…); that host is no CI's issuer and is left
//     out. WithURL, and sub as a claim, make such a token.
//   - The number of keys, the style of key ids and the header are inferred.
package azuredevops
