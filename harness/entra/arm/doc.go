// Package arm answers like Azure Resource Manager for what surrounds a sign-in by workload identity federation:
// subscriptions, resource groups and the resources in them, role assignments, user-assigned managed identities and
// their federated identity credentials. What it reads and changes is the [directory.Directory]; it takes the access
// tokens of the [entra.Server].
//
//	handler := arm.New(arm.Config{Server: server})
//	err := http.ListenAndServeTLS("127.0.0.1:8445", "tls.crt", "tls.key", handler)
//
// It stands for the hosts of [directory.ManagementHosts]; which of them was called, or that it was none of them,
// decides which audiences a token may have and what /metadata/endpoints says.
//
// # Faithful
//
// Who may do what: without a role AuthorizationFailed, with one what its actions permit, at its scope and below. The
// 401 bodies with their challenge, the errors of federated credentials that Microsoft documents, the 409 when two of
// them are written at once under one identity, the 201, 200 and 204 of writes and deletes, and the lower-case
// resourcegroups in the ids of identities.
//
// # Not faithful, or not known
//
//   - An api-version of Microsoft.Resources or Microsoft.Authorization is taken when it is well-formed, and every one
//     gets the same answer. That it is checked before the token is inferred.
//   - A role can be assigned over the resources of the directory only, and over what is below them; others are not
//     found, which is inferred. Of a query option given twice the values are joined by commas, and of a member of a
//     body given twice the last counts: inferred too.
//   - Errors that are not documented are plausible: those where this package says "inferred" in a comment.
//   - Resources are read only, and so are subscriptions. Resource groups are deleted at once; Azure answers 202 and
//     takes a while.
//   - There are no management groups, no custom roles, no deny assignments, no conditions, and no Azure Policy. Role
//     assignments at once count everywhere; Azure takes up to ten minutes.
//   - Only service principals sign in here, so principalType is always ServicePrincipal. createdBy and updatedBy are
//     null.
//   - Role definitions are those of [directory.Roles]; their dates are left out.
//   - How long a write of a federated credential takes, and so how easily two overlap, is not known: see
//     directory.Options.
//   - Requests are not throttled. Tags are kept as they are, without Azure's limits; of the resources only managed
//     identities have some.
//   - isolationScope is always None.
//
// See https://learn.microsoft.com/rest/api/managedidentity and https://learn.microsoft.com/rest/api/resources.
package arm
