// Package gitlab impersonates the token issuer of GitLab CI, https://gitlab.com.
//
// See https://docs.gitlab.com/ci/secrets/id_token_authentication/.
//
//	iss, err := issuer.New(gitlab.Platform)
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{
//		Audience: []string{"api://AzureADTokenExchange"},
//		Claims:   issuer.Claims{"project_path": "contoso/web", "ref": "release"},
//	})
//	// token.Claims["sub"] is project_path:contoso/web:ref_type:branch:ref:release
//
// A job names its tokens and their audiences in id_tokens, and finds each in a variable of that name: here in ID_TOKEN.
//
// Faithful, after recorded tokens: header and payload, the subject, the types of claims (runner_id is a number, other
// ids are strings).
//
// Not faithful or not confirmed:
//   - The discovery document is not recorded: the smallest useful one, with the documented address of the keys. The
//     real one has more, as GitLab is a login service too. The number of keys is inferred.
//   - Of the components that a project can choose for its subject, project_path or project_id, ref_type and ref are
//     here; others are given as sub.
//   - A token needs an audience; without one, Entra's is used. ci_config_sha is never null.
//   - A GitLab of one's own is an issuer of its own: move this one with issuer.WithURL.
package gitlab
