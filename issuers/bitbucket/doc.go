// Package bitbucket impersonates the token issuer of Bitbucket Pipelines, https://api.bitbucket.org: an issuer for each
// workspace.
//
// See https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/.
//
//	iss, err := issuer.New(bitbucket.Platform)
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{Audience: []string{"api://AzureADTokenExchange"}})
//	// token.Claims["sub"] is {c94dbd51-3a05-4b0b-9b6e-6d1f2f1a7e3d}:{8a7b6c5d-4e3f-4a1b-8c9d-0e1f2a3b4c5d}, braces included
//
// A step with oidc: true finds its token in BITBUCKET_STEP_OIDC_TOKEN.
//
// Faithful, after the documentation and programs that imitate it: the subject, the claims, the discovery document.
//
// Not faithful or not confirmed:
//   - The discovery document is rebuilt from a test of another project.
//   - The lifetime, the default audience, the type of compliant, and whether a token has jti and nbf beyond what the
//     discovery document lists.
//   - The number of keys, the style of key ids and the header are inferred.
//   - The workspace in the issuer's URL is an example: move the issuer with issuer.WithURL.
package bitbucket
