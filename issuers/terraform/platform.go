package terraform

import (
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Platform is HCP Terraform and Terraform Enterprise.
var Platform = &issuer.Platform{
	Name:  "terraform",
	Title: "HCP Terraform",
	Services: []issuer.Service{
		service("", "https://app.terraform.io"),
		service("eu", "https://app.eu.terraform.io"),
		service(enterprise, "https://tfe.contoso.example"),
	},
	Presets: presets,
	Claims:  claims,
	Native:  native,
}

// enterprise is the service that is the user's own Terraform Enterprise.
const enterprise = "tfe"

func service(name, url string) issuer.Service {
	return issuer.Service{
		Name:     name,
		Issuer:   url,
		JWKS:     "/.well-known/jwks",
		Document: document,
		// How many keys there are is not known. The documented kid has the size of a SHA-256: inferred to be the
		// thumbprint.
		Keys:   []issuer.KeySpec{{Alg: jose.RS256, KID: issuer.ThumbprintKID}},
		JWK:    []string{"kty", "alg", "use", "n", "e", "kid"}, // inferred
		Typ:    "JWT",
		Header: []string{"typ", "alg", "kid"},
		Order: []string{
			"jti", "iss", "aud", "iat", "nbf", "exp", "sub",
			"terraform_organization_id", "terraform_organization_name", "terraform_project_id", "terraform_project_name",
			"terraform_workspace_id", "terraform_workspace_name", "terraform_full_workspace",
			"terraform_stack_id", "terraform_stack_name", "terraform_stack_deployment_name", "terraform_operation", "terraform_plan_id",
			"terraform_run_id", "terraform_run_phase",
		},
		Lifetime: 5 * time.Minute,    // of the documentation's sample; really the timeout of the phase
		NotYet:   issuer.Seconds(-5), // of the sample; the text beside it says that nbf equals iat
		ID:       true,
	}
}

// document is rebuilt from programs that imitate it; the order of its members is not known, and ref in the claims is
// suspicious.
var document = issuer.Document{
	DiscoveryConfiguration: oidc.DiscoveryConfiguration{
		ClaimsSupported: []string{
			"sub", "aud", "exp", "iat", "iss", "jti", "nbf", "ref", "terraform_run_phase", "terraform_workspace_id",
			"terraform_workspace_name", "terraform_organization_id", "terraform_organization_name", "terraform_project_id",
			"terraform_project_name", "terraform_run_id", "terraform_full_workspace",
		},
		IDTokenSigningAlgValuesSupported: []string{"RS256"},
		ResponseTypesSupported:           []string{"id_token"},
		ScopesSupported:                  []string{"openid"},
		SubjectTypesSupported:            []string{"public"},
	},
}
