// Package generic impersonates issuers that differ from each other in data only: GitLab CI, Azure DevOps, CircleCI, Buildkite,
// Bitbucket Pipelines, Forgejo Actions, and a plain one for anything else. To add one, write a service and its presets in a file
// of its own.
//
// See https://docs.gitlab.com/ci/secrets/id_token_authentication/, https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity,
// https://circleci.com/docs/openid-connect-tokens/, https://buildkite.com/docs/agent/v3/cli-oidc,
// https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/, https://forgejo.org/docs/latest/user/actions/.
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
// Faithful, after recorded tokens and documents: GitLab's header and payload, Buildkite's payload, the discovery documents of Azure
// DevOps, Bitbucket and Forgejo, the subjects of all, the types of claims (GitLab's runner_id and Buildkite's build_number are numbers).
//
// Not faithful or not confirmed:
//   - The discovery documents of GitLab, CircleCI and Buildkite are not recorded: the smallest useful ones, with the documented address
//     of the keys. GitLab's real one has more, as it is a login service too.
//   - The number of keys and, except GitLab's, the style of key ids and the header: inferred.
//   - Lifetimes of Bitbucket and Forgejo, whether tokens of CircleCI, Azure DevOps, Bitbucket and Forgejo have jti and nbf beyond what
//     their discovery documents list, and the default audience of Bitbucket.
//   - A GitLab token needs an audience; without one, Entra's is used. ci_config_sha is never null.
//   - An organisation in the issuer's URL (CircleCI, Azure DevOps, Bitbucket) is an example: move the issuer with issuer.WithURL.
//   - Azure DevOps: names of organisation, project and connection are in no claim but sub, so that other names are given as sub. Tokens
//     of connections made since 2025-11 are issued by Entra itself (https://login.microsoftonline.com/TENANT/v2.0, subject
//     /eid1/c/pub/t/…); that host is no CI's issuer and is left out. WithURL, and sub as a claim, make such a token.
package generic
