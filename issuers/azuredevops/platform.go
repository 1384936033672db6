package azuredevops

import (
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

const name = "azure-devops"

// Platform is Azure DevOps.
var Platform = &issuer.Platform{
	Name:     name,
	Title:    "Azure DevOps",
	Services: []issuer.Service{service},
	Presets:  presets,
	Claims:   ci.Claims(name),
	Native:   &issuer.Native{New: newAPI, Fetch: fetch},
}

// service is the issuer of Azure DevOps' older service connections; it retires on 2027-07-01. Its keys are at the root
// of the host; elsewhere than at this URL they move below the issuer. Key and header are inferred to be like those of
// GitHub's older tokens, which came from the same service. The discovery document and the payload are as recorded in
// gravitational/teleport, RFD 211.
var service = issuer.Service{
	Issuer: "https://vstoken.dev.azure.com/" + organization,
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
