// Package generic impersonates issuers that differ from each other in data only: GitLab CI, Azure DevOps, CircleCI, Buildkite,
// Bitbucket Pipelines, Forgejo Actions, and a plain one for anything else. To add one, write a service and its presets in a file
// of its own.
//
// See https://docs.gitlab.com/ci/secrets/id_token_authentication/,
// https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity,
// https://circleci.com/docs/openid-connect-tokens/, https://buildkite.com/docs/agent/v3/cli-oidc,
// https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/,
// https://forgejo.org/docs/latest/user/actions/.
//
//	iss, err := issuer.New(generic.Platform, issuer.WithPreset("gitlab"))
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{
//		Audience: []string{"api://AzureADTokenExchange"},
//		Claims:   issuer.Claims{"project_path": "contoso/web", "ref": "release"},
//	})
//	// token.Claims["sub"] is project_path:contoso/web:ref_type:branch:ref:release
//
// How a job gets its token is Platform.Native: GitLab and a plain issuer set ID_TOKEN (with GitLab, the user names it), CircleCI
// CIRCLE_OIDC_TOKEN or, in the preset circleci-v2, CIRCLE_OIDC_TOKEN_V2, Bitbucket BITBUCKET_STEP_OIDC_TOKEN. A job of Forgejo asks at
// ACTIONS_ID_TOKEN_REQUEST_URL as on GitHub. A job of Buildkite posts to the agent API at BUILDKITE_AGENT_ENDPOINT, as buildkite-agent oidc
// request-token does, with BUILDKITE_AGENT_ACCESS_TOKEN and BUILDKITE_JOB_ID. A job of Azure DevOps posts to SYSTEM_OIDCREQUESTURI with the
// bearer of SYSTEM_ACCESSTOKEN: for the service connection that AZURESUBSCRIPTION_SERVICE_CONNECTION_ID names, or, without
// serviceConnectionId, for the pipeline, whose subject is another.
//
// Faithful, after recorded tokens and documents: GitLab's header and payload, Buildkite's payload, the discovery documents of Azure
// DevOps, Bitbucket and Forgejo, the subjects of all, the types of claims (GitLab's runner_id and Buildkite's build_number are numbers).
//
// Faithful too: Azure DevOps' request and reply, the refusal of GET, of a request without api-version, the redirect that
// X-TFS-FedAuthRedirect suppresses, and its audience, which a request cannot choose.
//
// Not faithful or not confirmed:
//   - Azure DevOps: the status 404 of the refusal of an unknown service connection, its wrapping, and whether the id is in quotation
//     marks; the order of the checks; the headers of answers; the bodies of 401 and 413. The sign-in page of the redirect is below the
//     workload's own address, not on another host, and empty. Organization, project, plan, job and connection have fixed ids.
//   - Forgejo: the path and query of the address, and the texts of refusals.
//   - CircleCI sets both variables at once, and always for its default audience; another is what circleci run oidc get would print.
//   - Buildkite: the statuses and texts of refusals, and the limits of a lifetime. Optional claims, subject_claim and session tags for AWS are
//     refused. The rest of the agent API is left out. Request and reply are those of the agent's source.
//   - Azure DevOps: a token of a service connection lives 10 minutes, as reported of connections for Azure; that of a generic connection
//     recorded in 2025 lives 5. That a connection for Azure has no other claims either is inferred from the generic one.
//   - The credentials are random texts, without the form of the real ones.
//   - The discovery documents of GitLab, CircleCI and Buildkite are not recorded: the smallest useful ones, with the documented address
//     of the keys. GitLab's real one has more, as it is a login service too.
//   - The number of keys and, except GitLab's, the style of key ids and the header: inferred.
//   - Lifetimes of Bitbucket and Forgejo, whether tokens of CircleCI, Bitbucket and Forgejo have jti and nbf beyond what
//     their discovery documents list, and the default audience of Bitbucket.
//   - Of the components that a GitLab project can choose for its subject, project_path or project_id, ref_type and ref
//     are here; others are given as sub.
//   - A GitLab token needs an audience; without one, Entra's is used. ci_config_sha is never null.
//   - An organisation in the issuer's URL (CircleCI, Azure DevOps, Bitbucket) is an example: move the issuer with issuer.WithURL.
//   - Azure DevOps: names of organisation, project and connection are in no claim but sub, so that other names are given as sub. Tokens
//     of connections made since 2025-11 are issued by Entra itself (https://login.microsoftonline.com/TENANT/v2.0, subject
//     /eid1/c/pub/t/…); that host is no CI's issuer and is left out. WithURL, and sub as a claim, make such a token.
package generic
