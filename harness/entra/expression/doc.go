// Package expression reads and matches the expressions of flexible federated identity credentials
// (claimsMatchingExpression, in preview):
//
//	e, err := expression.Parse("claims['sub'] matches 'repo:contoso/web:ref:refs/heads/*' and claims['repository_id'] eq '74'")
//	ok := e.Match(claims, false)
//
// An expression is one or more clauses joined by " and "; there is no "or". A clause looks a claim up, names the
// operator eq or matches, and gives what to compare with in single quotes, with a single space on each side of the
// operator. In matches, * stands for any characters, : and / included, and ? for one.
//
// [Expression.ValidateIssuer] holds what Entra lets an expression say about each issuer. Entra checks it when a
// credential is created or changed, not when somebody signs in.
//
// # Not known
//
//   - Whether * may stand for nothing: the caller says.
//   - What "single quotes are interpreted as escape characters" means inside of what is compared. Here two single
//     quotes stand for one, as in OData, which is inferred.
//   - Whether case counts. Here it does, as in subjects.
//   - Whether a claim that is no string can match. Here it cannot.
//   - How long an expression may be: nothing documents a limit (federatedIdentityExpression of the reference has none).
//     Here it has at most [MaxLength] bytes, and a longer claim matches none, so that nobody can keep a farm busy: this
//     limit is made up.
//   - Whether an id may stand without sub in an expression about GitHub: users found that it may, a page of 2026-08-14
//     says that sub must be there. Here it may. What one about GitLab must have is told in three ways: the caller says,
//     by a [GitLabRule].
//   - Whether more than one space is accepted between the parts. Here it is not: the documentation says a single space.
//
// See https://learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials.
package expression
