package generic

import (
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// azureDevOps is the issuer of Azure DevOps' older service connections; it retires on 2027-07-01.
// Its keys are at the root of the host; elsewhere than at this URL they move below the issuer. Key and header are inferred to be
// like those of GitHub's older tokens, which came from the same service. The discovery document and the payload are as recorded in
// gravitational/teleport, RFD 211.
var azureDevOps = issuer.Service{
	Name:   "azure-devops",
	Issuer: "https://vstoken.dev.azure.com/" + azureOrganization,
	JWKS:   "https://vstoken.dev.azure.com/.well-known/jwks",
	Document: issuer.Document{
		DiscoveryConfiguration: oidc.DiscoveryConfiguration{
			ClaimsSupported:                  []string{"sub", "aud", "exp", "iat", "iss", "nbf"},
			IDTokenSigningAlgValuesSupported: []string{"RS256"},
			ResponseTypesSupported:           []string{"id_token"},
			ScopesSupported:                  []string{"openid"},
			SubjectTypesSupported:            []string{"public", "pairwise"},
		},
		Order: []string{
			"issuer", "jwks_uri", "subject_types_supported", "response_types_supported", "claims_supported",
			"id_token_signing_alg_values_supported", "scopes_supported",
		},
	},
	Keys: []issuer.KeySpec{{Alg: jose.RS256, KID: issuer.CertificateKID, Certificate: &issuer.Certificate{
		CommonName: "vstoken.dev.azure.com", Age: 100 * 24 * time.Hour, Life: 2 * 365 * 24 * time.Hour,
	}}},
	JWK:    []string{"kty", "alg", "use", "kid", "n", "e", "x5c", "x5t"},
	Typ:    "JWT",
	Header: []string{"typ", "alg", "x5t", "kid"},
	Order: []string{
		"jti", "sub", "aud", "org_id", "prj_id", "def_id", "rpo_id", "rpo_uri", "rpo_ver", "rpo_ref", "run_id", "iss", "nbf", "exp", "iat",
	},
	Lifetime: 10 * time.Minute, // of a connection for Azure (Azure/azure-cli#29063); a generic connection's was 5 in 2025
	NotYet:   issuer.Seconds(-600),
	ID:       true,
}

const (
	azureOrganization    = "6c0f8a1e-3d52-4b7e-9a41-2f5d0c9b7e13"
	azureProject         = "b8a2c9d4-1e6f-4f0a-8c35-7d9e2b4a6f10"
	azurePipelineSubject = "p://contoso/app/build"
)

var azureDevOpsConnection = issuer.Preset{
	Name: "azure-devops", About: "Azure DevOps: a service connection, by names, with the older issuer", Service: "azure-devops",
	Claims:   issuer.Claims{"sub": "sc://contoso/app/azure"}, // and no others: recorded of a generic connection
	Settings: shape{audience: entraAudience}.settings(),
}

var azureDevOpsPipeline = issuer.Preset{
	Name: azurePipeline, About: "Azure DevOps: the pipeline itself, asked for without a service connection", Service: "azure-devops",
	Claims: issuer.Claims{
		"sub":    azurePipelineSubject,
		"org_id": azureOrganization, "prj_id": azureProject, "def_id": "12", "run_id": "345",
		"rpo_id": "3f7c1d92-5b8e-4a60-9e2d-c4b1a7f08d56", "rpo_uri": "https://dev.azure.com/contoso/app/_git/app",
		"rpo_ver": "714a629c0b401fdce83e847fc9589983fc6f46bc", "rpo_ref": "refs/heads/main",
	},
	Lifetime: 5 * time.Minute, // recorded: a second less
	Settings: shape{audience: entraAudience}.settings(),
}
