// Package entra emulates the workload identity federation of Microsoft Entra
// ID: it trades an assertion of an outside issuer for an access token, or
// refuses it with the AADSTS error that Entra would answer.
//
// A [Server] answers for the login hosts of [Hosts]. It learns about issuers
// only over HTTP, as Entra does: it reads the issuer's discovery document and
// its JWKS, caches them, and runs the list of checks in checks.go from top to
// bottom. Each check records what it compared with what; the record of one
// token request is a [SignIn]. The refusals are the rows of [Codes].
//
//	dir := entra.NewDirectory()
//	tenant, _ := dir.AddTenant(entra.Tenant{DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"}})
//	app, _ := dir.AddApplication(tenant.ID, entra.Application{Name: "deployer"})
//	dir.AddCredential(tenant.ID, app.ClientID, entra.Credential{
//		Name:      "main-branch",
//		Issuer:    "https://token.actions.githubusercontent.com",
//		Subject:   "repo:contoso/web:ref:refs/heads/main",
//		Audiences: []string{"api://AzureADTokenExchange"},
//	})
//	server := entra.New(entra.Config{Directory: dir, Client: http.DefaultClient})
//	err := http.ListenAndServeTLS("127.0.0.1:8445", "tls.crt", "tls.key", server)
//
// # Faithful
//
// The v2.0 token endpoint for client_credentials with a client_assertion:
// statuses, bodies with their member order, headers, error texts, error_uri,
// the comparison rules of federated credentials, the limits of the directory,
// the claims and headers of access tokens, the tenant's discovery document and
// keys, instance discovery.
//
// # Not faithful, or not known
//
//   - Access tokens for Microsoft Graph verify against the tenant's keys here.
//     Microsoft's own carry a "nonce" header and a signature that nobody but
//     Graph can verify.
//   - Several texts, statuses and the order of some checks are inferred; the
//     Doubt member of each row of [Codes], and a Note on a [Check], say which.
//     Where Entra's behaviour is not known the emulator refuses.
//   - The clock tolerance, the life of cached keys and the interval between
//     looks for an unknown key are not documented: see [Options].
//   - Redirects from an issuer are not followed, an issuer has ten seconds to
//     answer, and its documents may hold 1 MiB: Entra's own limits are unknown.
//   - A key without "use" is accepted, which is inferred; one with a "use" other
//     than "sig" is not.
//   - The claim xms_ficinfo of tokens obtained through a federated credential
//     is left out, its value has not been seen. appidacr and azpacr are "2",
//     which is inferred.
//   - Instance discovery also knows loopback authorities and the host that was
//     called; Entra answers AADSTS50049 for them.
//   - An unknown kid makes the emulator look at the issuer's documents again at
//     once, and then not before Options.RefetchInterval; Entra was seen to take
//     twenty minutes and more for a new issuer.
//   - Flexible matching expressions, managed identities as issuers, client
//     secrets, certificates, and the v1.0 endpoint are not emulated: they are
//     refused, the endpoint with 404.
//
// See https://learn.microsoft.com/entra/workload-id/workload-identity-federation.
package entra
