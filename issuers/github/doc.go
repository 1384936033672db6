// Package github impersonates the token issuer of GitHub Actions: https://token.actions.githubusercontent.com, the variant with
// an enterprise's slug, GitHub Enterprise Server and ghe.com.
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
// Parameters feed the claims made from them: repository gives repository_owner, workflow_ref, the default audience and the
// subject; ref gives ref_type and, with environment and event_name, the subject; workflow_ref gives job_workflow_ref. Ids stay
// the example's unless they are given.
//
// Faithful, after recorded documents and tokens: discovery document, the four keys of the JWKS (the second signs), the header and
// payload of today's tokens (300 s, nbf 300 s before iat), the forms of the subject.
//
// Not faithful or not confirmed:
//   - Tokens up to 2024 (nbf 600 s before iat, header typ alg x5t kid, payload in another order, an older key) and the issuer with a
//     trailing slash of 2021 to 2023: claims and iss can be given, the order and the key are today's.
//   - The certificates have the right names and lifetimes but no extensions.
//   - Whether the slug's issuer has discovery and keys of its own is unknown; here it has both, with its own keys. What a GHES or
//     ghe.com publishes is inferred from github.com, and so is the default audience of ghe.com.
//   - Content types and cache headers of the documents are not recorded; here application/json and none.
//   - The subjects of pull_request_target, of an absent claim in a template, and of an immutable repository in a template.
//   - The claim issuer_scope is in the discovery document but was in no token seen; here it is in none either.
package github
