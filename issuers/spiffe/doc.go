// Package spiffe impersonates SPIRE: JWT-SVIDs and the documents of SPIRE's OIDC discovery provider; the Workload API
// of its agent, on a Unix socket; and the federation bundle endpoint of its server.
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
// SPIRE signs with ES256 unless it is told otherwise (jwt_key_type, ca_key_type), and lists its keys without use unless
// set_key_use is on. Entra documents RS256 only, so a federation that works is configured like the preset spire-rsa.
// That its discovery document works as it is, with the empty authorization_endpoint, is inferred from public
// walkthroughs; the preset spire-2022 has an empty subject_types_supported, which Entra refuses.
//
// Faithful: both documents to the byte, with authorization_endpoint as an empty string and a fixed list of algorithms
// whatever the keys are; the header; five minutes of life; no nbf; no jti unless asked for; iss only where jwt_issuer
// is set.
//
// Of the Workload API: FetchJWTSVID, FetchJWTBundles, ValidateJWTSVID, FetchX509SVID and FetchX509Bundles with the
// security header, the statuses and the texts of SPIRE 1.x of August 2026, the limit of 4 MiB for a request, and
// streams that send again when the issuer's keys are rotated or an X.509-SVID has had half of its hour by the issuers'
// clock, also when that is moved; bundles as plain key sets without use and alg. The subject that the issuer mints for
// the workload is the SPIFFE ID of its one registration entry. Clients are led there by SPIFFE_ENDPOINT_SOCKET alone.
// Below the workload's base URL, GET / is the SPIFFE bundle, with its sequence and a refresh hint of five minutes.
//
// Not faithful, or not known:
//   - A SPIRE server's key ids are random; here they are made from the key. Its keys end after ca_ttl and the next is
//     published before; here a key stays until it is rotated.
//   - The Workload API wants an audience; a token minted without one gets api://AzureADTokenExchange.
//   - The Host header decides nothing: the discovery document always names the issuer's own URL, as with jwt_issuer
//     set.
//   - /keys lacks the headers Pragma, Expires and Last-Modified. A method other than GET gets 405 without SPIRE's text.
//   - A SPIFFE ID is not checked, so that wrong ones can be minted; a workload with a wrong one has no Workload API.
//   - The Workload API does not attest the process that calls: whoever reaches the socket is the workload. There is one
//     registration entry, no hint, no CRL and no federated trust domain; SDS, health and reflection, which share
//     SPIRE's socket, are not served.
//   - An agent hands out the same JWT-SVID for half its life, unless it has a jti; here each call mints. An agent tries
//     for 30 seconds before it says that its server would not sign; here it says so at once. That text is SPIRE's, the
//     reason of a fault in it is not.
//   - X.509 roots belong to the workload, so that two workloads of one issuer do not trust each other's. A rotation of
//     the issuer's keys replaces the root too, whether or not the new JWT key is published; SPIRE rotates the two apart
//     and publishes a root before it signs.
//   - The bundle endpoint has the profile https_web only, and the sequence counts from 1 what this workload's API has
//     seen of changes. A fault on the issuer's key set is one on the bundles too.
//
// See https://github.com/spiffe/spiffe/blob/main/standards/JWT-SVID.md and
// https://github.com/spiffe/spire/tree/main/support/oidc-discovery-provider.
package spiffe
