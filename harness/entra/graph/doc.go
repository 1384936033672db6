// Package graph emulates the part of Microsoft Graph that manages workload identity federation: applications and
// service principals, their federated identity credentials, app role assignments, and the log of sign-ins, in v1.0 and
// beta.
//
//	server := entra.New(entra.Config{Directory: directory})
//	handler := graph.New(graph.Config{Server: server, SignIns: signIns})
//	err := http.ListenAndServeTLS("127.0.0.1:8446", "tls.crt", "tls.key", handler)
//
// Callers need an access token of the server for Microsoft Graph, whose roles decide what they may do. What they change
// is the server's directory, so that the next sign-in sees it.
//
// # Faithful
//
// Shapes of the objects and their members' order, headers, Location, and the texts of most errors are those of
// recordings of the Azure CLI's tests (2022 to 2025) and of public reports. The rules of federated identity credentials
// are documented, see the parent package and the package expression. $filter, $select, $top, $count, $orderby and the
// links from page to page work on every list; advanced queries need ConsistencyLevel: eventual.
//
// # Not faithful, or not known
//
//   - The texts for a bad name, a wrong number of audiences, an expression that cannot be parsed, an issuer that
//     expressions are not for, a twenty-first credential, and a subject that is no object of the tenant are inferred,
//     as are the codes of some of them. That of a policy that forbids an issuer is known in part.
//   - The order in which the rules are applied is inferred.
//   - The documentation shows @odata.id in the reply to a new federated credential; recordings do not have it, and
//     neither has this.
//   - v1.0 leaves claimsMatchingExpression out and does not read it: a credential with nothing but one lacks a subject
//     there.
//   - Everything that is deleted is gone: there is nothing to restore in /directory/deletedItems.
//   - Secrets are not emulated and never kept: passwordCredentials are refused, addPassword is not there,
//     keyCredentials takes certificates to verify with (AsymmetricX509Cert, RSA) and neither symmetric nor private
//     keys, onPremisesPublishing is refused. The certificates sign the application in; the key itself is never shown.
//     Only what usage takes was seen, the other refusals are inferred.
//   - A service principal's keyCredentials, which are for SAML, are refused.
//   - Service principals of managed identities lack the second name that Microsoft's have, https://identity.azure.net/
//     with a hash.
//   - Ids of app role assignments are GUIDs; Microsoft's are 43 characters of base64url.
//   - Which properties there are beside those shown is known in part: $select refuses others, and $filter takes only
//     those shown.
//   - Users, groups, $expand, $search, $batch and $metadata are not emulated.
//   - The owners of a service principal are those of its application.
//   - A new application belongs to its creator unless the request names owners.
//   - Properties that the directory has no use for are kept as they were given: their names and JSON types are checked,
//     what is in objects is not. The text for an unknown name was seen with groups. Schema and directory extensions are
//     not emulated, their names are unknown.
//   - identifierUris takes anything that begins with api:// or has no host. Which of these a tenant refuses is up to
//     policies of its own (nonDefaultUriAddition, uriAdditionWithoutUniqueTenantIdentifier), which are not emulated.
//   - Which refusal two query options of one name get was seen with drives, that of a member given twice is inferred.
//   - The end of the text for a sign-in log without AuditLog.Read.All, behind "to c", is inferred.
//   - The log has the sign-ins that Config.SignIns returns. A world returns those of its journal, which keeps a
//     tenant's last 1,000, and 20,000 of all tenants together.
//   - Sign-ins have no location, no device and no risk. userAgent and ipAddress are those of the request. What v1.0
//     shows of a sign-in of a service principal is inferred: its lists never have one.
//   - Strings in $filter are compared without regard to case.
//   - Throttling is not emulated.
//
// See https://learn.microsoft.com/graph/api/resources/federatedidentitycredentials-overview.
package graph
