// Package entra emulates the workload identity federation of Microsoft Entra
// ID: it trades an assertion of an outside issuer for an access token, or
// refuses it with the AADSTS error that Entra would answer.
//
// A [Server] answers for the login hosts of [directory.LoginHosts]. It learns about issuers
// only over HTTP, as Entra does: it reads the issuer's discovery document and
// its JWKS, caches them, and runs the list of checks in checks.go from top to
// bottom. Each check records what it compared with what; the record of one
// token request is a [SignIn]. The refusals are the rows of [Codes].
//
//	dir := directory.New()
//	tenant, _ := dir.AddTenant(directory.Tenant{DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"}})
//	app, _ := dir.AddApplication(tenant.ID, directory.Application{Name: "deployer"})
//	dir.AddCredential(tenant.ID, app.ClientID, directory.Credential{
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
// The token endpoints v2.0 and v1.0 for client_credentials with a client_assertion, of an outside issuer, of a managed
// identity of the tenant, or signed with a certificate of the application: statuses, bodies with their member order,
// headers, error texts, error_uri, the comparison rules of federated credentials, flexible expressions among them, the
// limits of the directory, the claims and headers of access tokens with the app roles assigned, the tenant's discovery
// documents and keys, instance discovery, the policies that refuse a sign-in (federation switched off, GitHub's claim
// enterprise, assignment required, Conditional Access for workload identities, those of B2C), and throttling.
//
// # Not faithful, or not known
//
//   - Access tokens for Microsoft Graph have a "nonce" in their header and are signed over its SHA-256 hash in its
//     place, as Microsoft's are reported to be (2017 to 2022), so that nobody else verifies them.
//   - Of the grants there is client_credentials. The others that Entra has (authorization codes, refresh tokens,
//     on-behalf-of, device codes, passwords, SAML assertions, agents' user_fic) get HTTP 501 and the error
//     grant_not_emulated_by_issuerd, whoever asks; AADSTS70003 is for grants that Entra has not.
//   - How an assertion may be written that another program reads in another way is not known; the stricter is chosen:
//     no white space around its JSON objects, no byte order mark, no name twice, times as whole numbers, a typ that is
//     a string, base64url without padding or bits to spare, no form parameter whose name differs in case. One entry of
//     a JWKS that is no object, or a broken RSA key, refuses the whole set.
//   - Regional login hosts refuse applications (AADSTS100007); that they serve managed identities with a federated
//     credential is inferred.
//   - Several texts, statuses and the order of some checks are inferred; the
//     Doubt member of each row of [Codes], and a Note on a [Check], say which.
//     Where Entra's behaviour is not known the emulator refuses. The codes that it never answers have a Reason.
//   - The clock tolerance, the life of cached keys, the interval between
//     looks for an unknown key, and what else is not documented about issuers: see [directory.Options].
//   - Which audiences of a certificate assertion Entra accepts, and that a kid may name the certificate, is inferred.
//     Trust in the subject name of a certificate (SNI) is not emulated.
//   - Of the tokens that Entra issues itself, those of managed identities are accepted as assertions. Those of agents
//     and of Azure DevOps' service connections (subjects below /eid1/) are verified like an outside issuer's, with the
//     keys that the documents of their issuer list; Entra need not fetch its own. The order among AADSTS7002121,
//     700214, 700227, 700226, 700229, 700231, 700236, 700238 and 700263 is inferred from reports of one each.
//   - The claim xms_ficinfo of tokens for token exchange has one of the values seen; tokens of managed identities are
//     told from others by their oid. Managed identities get 24 hours, with a federated credential too, which is
//     inferred.
//   - v1.0 tokens for an application's own API have the members of Microsoft Graph's that are not known to be Graph's
//     own; no such token of 2026 was seen. The v1.0 discovery document is as it was in 2019, its member order inferred.
//   - The address of this server is a resource, for clients whose Graph and Azure Resource Manager endpoints it is;
//     Entra knows no such thing.
//   - Of Microsoft's services as resources, only those of the table of resources are known, by the URLs there. Not
//     known, and AADSTS500011, are the others, such as https://NAMESPACE.servicebus.windows.net,
//     https://STORE.azconfig.io, the table and dfs hosts of storage accounts, and the exchange for agents
//     (api://AzureFMITokenExchange). Every service is in every tenant here; at Entra many come to a tenant when it
//     first uses them, and are AADSTS500011 until then. That a storage account or a cluster exists is not looked at.
//   - Azure Government has no flexible credentials, in a directory file either: only Microsoft Graph's refusal was
//     seen. That China has them is inferred from its documentation; how other clouds are is not known.
//   - Microsoft Graph's application permissions are those about applications and sign-ins; Microsoft's other services
//     have none here.
//   - Conditional Access looks at the address of the connection. Risk is not emulated.
//   - Instance discovery also knows loopback authorities and the host that was
//     called; Entra answers AADSTS50049 for them.
//   - An unknown kid makes the emulator look at the issuer's documents again when the keys it has are older than
//     Options.RefetchInterval. Users report that Entra takes up to about an hour to find a rotated key; when exactly it
//     looks is not known.
//   - RSA keys of an issuer may have any length, as far as Go verifies with them (1024 bits and more). Whether Entra
//     refuses those below 2048 bits is not confirmed.
//   - The case of paths below the tenant is not looked at, which is inferred. OPTIONS is answered with 200 and the
//     endpoint's headers, without a body.
//   - Client secrets are refused: no application has one. The endpoints of B2C policies know nothing but their refusal
//     of assertions.
//
// See https://learn.microsoft.com/entra/workload-id/workload-identity-federation.
package entra
