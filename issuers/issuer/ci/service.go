package ci

import (
	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// EntraAudience is what the issuers that have no default audience are asked for most.
const EntraAudience = "api://AzureADTokenExchange"

// What a service has when nothing else is recorded: inferred.
var (
	OneKey      = []issuer.KeySpec{{Alg: jose.RS256, KID: issuer.ThumbprintKID}}
	JWKOrder    = []string{"kty", "n", "e", "kid", "use", "alg"}
	HeaderOrder = []string{"typ", "alg", "kid"}
)

// Document is the discovery document of an issuer whose own is not recorded: what relying parties read.
var Document = issuer.Document{
	DiscoveryConfiguration: oidc.DiscoveryConfiguration{
		ResponseTypesSupported:           []string{"id_token"},
		SubjectTypesSupported:            []string{"public"},
		IDTokenSigningAlgValuesSupported: []string{"RS256"},
	},
	Order: []string{"issuer", "jwks_uri", "response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"},
}
