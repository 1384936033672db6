// Package gcp impersonates Google as the issuer of the ID tokens of service accounts: from the metadata server of Compute Engine
// and GKE, and from the IAM Credentials API.
//
//	iss, err := issuer.New(gcp.Platform, issuer.WithPreset("compute-engine"))
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{
//		Audience: []string{"api://AzureADTokenExchange"},
//		Claims:   issuer.Claims{"sub": "112633961854638529490"},
//	})
//	fmt.Println(token.Claims["azp"]) // 112633961854638529490, as a string
//
// Faithful: the discovery document of accounts.google.com, the keys on their own host, aud as one string, the numeric unique id
// as sub and azp, email only where the real token has it, the types inside google.compute_engine.
//
// Not faithful, or not known:
//   - Google asks for an audience and refuses a request without one; a token minted without gets api://AzureADTokenExchange. Google
//     fixes the lifetime to an hour; here any can be asked for.
//   - That there are two keys, and that the first signs, is inferred. Cache-Control of both documents is not known and not sent;
//     their white space is not known either.
//   - The v1 certificates (/oauth2/v1/certs, PEM) are not served.
//   - A person's token (preset user) comes in alphabetical order like a service account's; the recorded one has another order.
//     Its at_hash is an example: there is no access token to hash.
//   - google.organization_number is left out: the claim's name is not confirmed.
//
// See https://cloud.google.com/compute/docs/instances/verifying-instance-identity and
// https://cloud.google.com/iam/docs/create-short-lived-credentials-direct#sa-credentials-oidc.
package gcp
