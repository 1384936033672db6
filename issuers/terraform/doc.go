// Package terraform impersonates the token issuer of HCP Terraform, https://app.terraform.io, its European region, and Terraform
// Enterprise.
//
// See https://developer.hashicorp.com/terraform/cloud-docs/dynamic-provider-credentials/workload-identity-tokens.
//
//	iss, err := issuer.New(terraform.Platform)
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{
//		Audience: []string{"api://AzureADTokenExchange"},
//		Claims:   issuer.Claims{"terraform_workspace_name": "prod", "terraform_run_phase": "plan"},
//	})
//	// token.Claims["sub"] is organization:my-org:project:Default Project:workspace:prod:run_phase:plan
//
// Parameters feed the claims made from them: the names and the phase (or the operation of a stack) give the subject, the names
// terraform_full_workspace. The module of a module test is in no claim but sub.
//
// Faithful, after the documentation: header, payload, subjects with their raw spaces, two subjects for the two phases of a run.
//
// Not faithful or not confirmed:
//   - A workspace's token lives 300 s as in the documentation's sample. The real lifetime follows the timeout of the phase; ask
//     for it with Request.Lifetime.
//   - The discovery document is rebuilt from programs that imitate it; the order of its members, the claim ref in it, the number of
//     keys in the JWKS and the order of their members are not confirmed, nor are content types and cache headers.
//   - The documentation's samples disagree about the order of the payload; here it is the order of a workspace's.
//   - A stack's ids, and its aud as an array when several audiences are asked for, are inferred.
//   - HCP Terraform has no audience of its own: without one, the default of its Azure credentials is used.
package terraform
