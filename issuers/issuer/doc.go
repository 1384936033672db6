// Package issuer is what every impersonated token issuer shares: how a platform is described, how its keys are made,
// published and rotated, how its tokens are minted, and how its discovery document and JWKS are served.
//
// A platform (GitHub Actions, Kubernetes, …) is mostly data: a [Platform] with one [Service] for each issuer it runs
// and one [Preset] for each context it mints tokens in. [New] turns one of them into a live [Issuer]:
//
//	iss, err := issuer.New(github.Platform, issuer.WithPreset("environment"))
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{
//		Audience: []string{"api://AzureADTokenExchange"},
//		Claims:   issuer.Claims{"environment": "prod"},
//	})
//	http.ListenAndServe("127.0.0.1:8080", iss)
//
// Faithful: the members, their order and their types, in the discovery document, the JWKS, the JOSE header and the
// payload; key counts, the style of key ids, certificates in the JWKS. Not faithful: the key material, which is made
// when it is first needed and dies with the process, and which a farm makes of eight primes instead of two (see
// [TestKey]); and the checks that a platform's own token API makes before it mints (a platform's native API does those,
// direct minting signs what it is told to sign, because refused tokens must be mintable too).
package issuer
