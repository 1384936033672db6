// Package spiffe impersonates SPIRE as an issuer: JWT-SVIDs, and the documents of SPIRE's OIDC discovery provider.
//
//	iss, err := issuer.New(spiffe.Platform, issuer.WithPreset("spire-rsa"))
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{
//		Audience: []string{"api://AzureADTokenExchange"},
//		Claims:   issuer.Claims{"sub": "spiffe://prod.contoso.example/ns/billing/sa/worker"},
//	})
//	fmt.Println(token.Claims["aud"]) // [api://AzureADTokenExchange], always an array
//
// SPIRE signs with ES256 unless it is told otherwise (jwt_key_type, ca_key_type), and lists its keys without use unless set_key_use
// is on. Entra documents RS256 only, so a federation that works is configured like the preset spire-rsa.
//
// Faithful: both documents to the byte, with authorization_endpoint as an empty string and a fixed list of algorithms whatever the
// keys are; the header; five minutes of life; no nbf; no jti unless asked for; iss only where jwt_issuer is set.
//
// Not faithful, or not known:
//   - A SPIRE server's key ids are random; here they are made from the key. Its keys end after ca_ttl and the next is published
//     before; here a key stays until it is rotated.
//   - The Workload API wants an audience; a token minted without one gets api://AzureADTokenExchange.
//   - The Host header decides nothing: the discovery document always names the issuer's own URL, as with jwt_issuer set.
//   - /keys lacks the headers Pragma, Expires and Last-Modified; that it allows any origin, as discovery does, is not confirmed.
//     A method other than GET gets 405 without SPIRE's text.
//   - The SPIFFE trust bundle (spiffe_sequence, use jwt-svid) is not served.
//   - A SPIFFE ID is not checked, so that wrong ones can be minted.
//
// See https://github.com/spiffe/spiffe/blob/main/standards/JWT-SVID.md and
// https://github.com/spiffe/spire/tree/main/support/oidc-discovery-provider.
package spiffe
