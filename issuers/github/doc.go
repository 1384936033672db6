// Package github impersonates the token issuer of GitHub Actions: https://token.actions.githubusercontent.com, the
// variant with an enterprise's slug, GitHub Enterprise Server and ghe.com.
//
// See https://docs.github.com/en/actions/reference/security/oidc.
//
//	iss, err := issuer.New(github.Platform, issuer.WithPreset("environment"))
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{
//		Audience: []string{"api://AzureADTokenExchange"},
//		Claims:   issuer.Claims{"repository": "contoso/app", "environment": "production"},
//	})
//	// token.Claims["sub"] is repo:contoso/app:environment:production
//
// The given claims feed those made from them: repository gives repository_owner, workflow_ref, the default audience and
// the subject; ref gives ref_type and, with environment and event_name, the subject; workflow_ref gives
// job_workflow_ref. Ids stay the example's unless they are given.
//
// A job asks for its token at ACTIONS_ID_TOKEN_REQUEST_URL with the credential in ACTIONS_ID_TOKEN_REQUEST_TOKEN, and
// its administrators customise its subject at GITHUB_API_URL with GITHUB_TOKEN; see Platform.Native. What they
// customise lasts as long as the workload and is its own.
//
// Faithful, after recorded documents and tokens: discovery document, the four keys of the JWKS (the second signs), the
// header and payload of today's tokens (300 s, nbf 300 s before iat), the forms of the subject; of the token service
// both forms of the request URL with the double slash of today's, the query that it already has, the audience in it,
// the bearer scheme in any letter case, and a new token for each request; of the REST API the routes, members and
// statuses of the customisation of subjects and of the issuer.
//
// Not faithful or not confirmed:
//   - Tokens up to 2024 (nbf 600 s before iat, header typ alg x5t kid, payload in another order, an older key):
//     claims can be given, the order and the key are today's.
//   - The issuer is without a slash at the end, as it always was: reports of 2021 to 2023 that print one went through
//     GitHub's comment box, which adds it to bare hosts. A token with one can be made all the same, with another iss.
//   - The certificates have the right names and lifetimes but no extensions.
//   - Whether the slug's issuer has discovery and keys of its own is unknown; here it has discovery below its URL, and
//     there the keys of the issuer without the slug, as all issuers of a kind at one host have the same. What a GHES or
//     ghe.com publishes is inferred from github.com, and so is the default audience of ghe.com.
//   - Content types and cache headers of the documents are not recorded; here application/json and none.
//   - The subjects of pull_request_target, of an absent claim in a template, and of an immutable repository in a
//     template.
//   - The claim issuer_scope is in the discovery document but was in no token seen; here it is in none either.
//   - The request token is a random text; the real one is a JWT that the issuer's own key signs, of which not all is
//     known.
//   - What the token service says to a request without the credential is not recorded; here 401 with an empty body.
//     Inferred too: 404 for another plan or job, 400 for a query that cannot be read, the first of several audiences,
//     the content type, and that count is the token's length. Limits of an audience's length are not known; here there
//     is none but HTTP's.
//   - A job is never in the state Pending or Delayed (403 "Can't issue ID_TOKEN for job in 'Pending' state.",
//     aws-actions/configure-aws-credentials#469), and the service is always up: those are for the fault native-status.
//     Whether that text came as JSON is not recorded: @actions/core prints the member message or else the whole body.
//   - GITHUB_TOKEN may customise; the real one may not, its user needs a token of an administrator. A wrong credential
//     gets the REST API's general answers (401 "Requires authentication", 401 "Bad credentials", 404 "Not Found" for
//     what is not the job's own); that the customisation has the same is inferred, and so are the texts of 422, after
//     those of other routes, the 413 of a body over 1 MiB, and what an organisation without a template answers. Rate
//     limits, versions of the API and pages of documentation in the errors are left out.
//   - After a customisation without use_immutable_subject the flag stays as it was (inferred). A repository that is
//     immutable by its age stays so. sub_claim_prefix is the repository's part of the subject also where a template
//     leaves it out (inferred).
//   - include_enterprise_slug changes iss, and the documents of the new URL list the keys of the issuer of before
//     (inferred). Where the world has an issuer at that URL already, as that of the preset enterprise-slug, it stays;
//     if that was given an algorithm, and so keys of its own, the change is refused with 500.
//   - The inclusion of custom properties as claims has no route; claims named repo_property_ can be given.
package github
