// Package circleci impersonates the token issuer of CircleCI, https://oidc.circleci.com: an issuer for each
// organisation.
//
// See https://circleci.com/docs/openid-connect-tokens/.
//
//	iss, err := issuer.New(circleci.Platform, issuer.WithPreset("job-v2"))
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{Claims: issuer.Claims{"oidc.circleci.com/vcs-ref": "refs/heads/release"}})
//	// token.Claims["sub"] ends in /vcs-origin/github.com/contoso/app/vcs-ref/refs/heads/release
//
// A job finds its token in CIRCLE_OIDC_TOKEN or, in the preset job-v2, CIRCLE_OIDC_TOKEN_V2.
//
// Faithful, after the documentation: the subjects, the claims and their types, the default audience, the address of the
// keys.
//
// Not faithful or not confirmed:
//   - CircleCI sets both variables at once, and always for its default audience; another is what circleci run oidc get
//     would print.
//   - The discovery document is not recorded: the smallest useful one, with the documented address of the keys. The
//     number of keys, the style of key ids, the header and the order of the payload are inferred, and so is that a
//     token has no jti and no nbf.
//   - The organisation in the issuer's URL is an example: move the issuer with issuer.WithURL.
package circleci
