// Package terraform impersonates the token issuer of HCP Terraform, https://app.terraform.io, its European region, and
// Terraform Enterprise.
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
// The given claims feed those made from them: the names and the phase (or the operation of a stack) give the subject,
// the names terraform_full_workspace. The module of a module test is in no claim but sub.
//
// There is no API that gives a token: Platform.Native puts it into the variables of a run. What a run gets is what the
// workspace's variables (Workload.Env) ask for: TFC_WORKLOAD_IDENTITY_TOKEN for TFC_WORKLOAD_IDENTITY_AUDIENCE, each
// also with a tag; ARM_USE_OIDC, ARM_OIDC_TOKEN and ARM_CLIENT_ID for TFC_AZURE_PROVIDER_AUTH and
// TFC_AZURE_RUN_CLIENT_ID (_PLAN_, _APPLY_); and with tags on these, files for each configuration,
// azure_dynamic_credentials.auto.tfvars.json and TF_VAR_tfc_azure_dynamic_credentials, which names the files. Without
// any such variable a run has what TFC_AZURE_PROVIDER_AUTH=true gives, and with an audience
// TFC_WORKLOAD_IDENTITY_TOKEN. A scenario's mint step gets the one of these tokens that is for its audience. A
// Terraform Enterprise (preset tfe) has the administrator's rotate-key and trim-key at TFE_ADDRESS for the bearer of
// TFE_TOKEN.
//
// Faithful, after the documentation: header, payload, subjects with their raw spaces, two subjects for the two phases
// of a run.
//
// Not faithful or not confirmed:
//   - A workspace's token lives 300 s as in the documentation's sample. The real lifetime follows the timeout of the
//     phase; ask for it with Request.Lifetime.
//   - The discovery document is rebuilt from programs that imitate it; the order of its members, the claim ref in it,
//     the number of keys in the JWKS and the order of their members are not confirmed, nor are content types and cache
//     headers.
//   - The documentation's samples disagree about the order of the payload; here it is the order of a workspace's.
//   - A stack's ids, and its aud as an array when several audiences are asked for, are inferred.
//   - HCP Terraform has no audience of its own: without one, the default of its Azure credentials is used.
//   - A workspace with TFC_AZURE_PROVIDER_AUTH and no client id gets no ARM_CLIENT_ID, or an empty file; what HCP
//     Terraform says is not known, nor what it says to a tag with other characters, which is an error here. That tagged
//     configurations take the place of the ARM_ variables, and the names of the files, are an independent clone's
//     (leg100/otf). That the value of tfc_azure_dynamic_credentials is in the environment too is for a Terraform that
//     works in another folder. Dynamic credentials for AWS, Google Cloud, Vault and Kubernetes are left out;
//     TFC_WORKLOAD_IDENTITY_AUDIENCE gives tokens for them.
//   - A stack hands its token to a variable of the deployment: here it is TF_VAR_identity_token.
//   - Rotation: the statuses and bodies of the answers, ping, and the form of TFE_TOKEN are inferred. A user who is no
//     administrator is not impersonated. The real one speaks https; here it is plain HTTP on this machine, as go-tfe
//     takes no path in TFE_ADDRESS.
package terraform
