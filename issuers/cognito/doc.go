// Package cognito impersonates Amazon Cognito as an issuer, in its two halves: identity pools (the main service, one
// issuer for the whole world) and user pools (the service user-pool, an issuer per pool).
//
//	iss, err := issuer.New(cognito.Platform, issuer.WithPreset("developer-authenticated"))
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{ // no Audience: it is always the pool
//		Claims: issuer.Claims{"aud": "eu-west-1:7e9426f7-42af-4717-8689-00a9a4b65c1c"},
//	})
//	fmt.Println(token.Header["alg"], token.Header["typ"]) // RS512 JWS
//
// Faithful: RS512 and typ JWS of identity pools, their keys at /.well-known/jwks_uri with ids of several regions, aud
// that the caller cannot choose, amr by kind of login, the lifetimes of both calls (15 minutes for developer
// identities, 10 for others); user pools' two keys, one for ID tokens and one for access tokens, and access tokens
// without aud.
//
// Not faithful, or not known:
//   - The discovery document of identity pools is inferred but for issuer and jwks_uri; no public copy was found.
//   - The set of identity pool keys is three seen ones; the real one has those of every region. Every token is signed
//     with the key us-east-1-7, whatever the region of its pool.
//   - amr of a user pool login is inferred from the documented trust policy keys.
//   - Which of a user pool's two keys signs ID tokens is inferred. The order of the payload is that of the recorded
//     tokens of 2018 to 2021; today's ID tokens put iss and cognito:username before token_use. Slashes in iss are not
//     escaped.
//   - The API of an identity pool has one kind of login, the preset's, with one provider and one client of it, and the
//     identity of one user; other users get identities derived from their names, and of identities made with another
//     login it knows the first user's. Logins are checked: issuer, aud, token_use, time, and the signature, with the
//     keys of the provider's issuer where this world has it. The login in the environment is signed by the workload
//     itself in the provider's stead. Several logins for one identity are refused. In which order a login is checked is
//     inferred, and so are the texts for an access token with aud and for another pool's token. Credentials that it
//     gives open nothing.
//   - The API of a user pool has one user and one app client with USER_PASSWORD_AUTH and refresh tokens, which are not
//     rotated: a public one, or one with a secret (preset user-pool-secret); or, in the preset for client credentials,
//     one without users. /oauth2/token is at the workload's address, not the pool's domain, and there is no sign-in
//     page for authorization codes. That a refreshed token keeps event_id, in which order a request is checked, and
//     what a SECRET_HASH for a public client and a grant that a client lacks are answered with is inferred. A refresh
//     token is opaque, where Cognito's is an encrypted JWT.
//   - Texts of refusals beyond those that users report are those of AWS's services in general; for a user of no known
//     developer provider, and for bodies over 1 MiB, they are guesses. The variables COGNITO_* are a convention here.
//   - A user pool's domain stays the example's, wherever the issuer is put; at_hash is an example.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-identity.html and
// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-with-identity-providers.html.
package cognito
