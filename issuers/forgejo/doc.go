// Package forgejo impersonates the token issuer of Forgejo Actions: an issuer for each instance, here
// https://forgejo.contoso.example/api/actions.
//
// See https://forgejo.org/docs/latest/user/actions/.
//
//	iss, err := issuer.New(forgejo.Platform)
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{Claims: issuer.Claims{"repository": "contoso/web"}})
//	// token.Claims["sub"] is repo:contoso/web:ref:refs/heads/main
//
// A job asks for its token at ACTIONS_ID_TOKEN_REQUEST_URL as on GitHub.
//
// Faithful, after a recorded document and what is known to be like GitHub's: the discovery document, the subjects, the
// default audience.
//
// Not faithful or not confirmed:
//   - The path and query of the address to ask at, and the texts of refusals. The credential is a random text.
//   - The lifetime, the header, and whether a token has a jti and an nbf beyond what the discovery document lists.
//   - The number of keys and the style of key ids are inferred.
package forgejo
