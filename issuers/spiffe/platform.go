package spiffe

import (
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Platform is SPIRE.
var Platform = &issuer.Platform{
	Name:  "spiffe",
	Title: "SPIFFE/SPIRE",
	Services: []issuer.Service{
		// SPIRE as it comes: ca_key_type ec-p256, set_key_use false.
		spire("", "https://oidc-discovery.prod.contoso.example", []string{"public"},
			issuer.KeySpec{Alg: jose.ES256, KID: issuer.AlphanumericKID, NoUse: true}),
		// jwt_key_type rsa-2048, set_key_use true.
		spire("rsa", "https://oidc-discovery.rsa.contoso.example", []string{"public"},
			issuer.KeySpec{Alg: jose.RS256, KID: issuer.AlphanumericKID}),
		// SPIRE before about 2025, with the key type and use that Entra wanted.
		spire("2022", "https://oidc-discovery.2022.contoso.example", []string{},
			issuer.KeySpec{Alg: jose.RS256, KID: issuer.AlphanumericKID, NoAlg: true}),
	},
	Presets: presets,
	Claims:  claims,
	Native:  native,
}

// spire is a SPIRE server with its OIDC discovery provider.
func spire(name, at string, subjectTypes []string, key issuer.KeySpec) issuer.Service {
	return issuer.Service{
		Name:   name,
		Issuer: at,
		JWKS:   "/keys",
		Document: issuer.Document{
			DiscoveryConfiguration: oidc.DiscoveryConfiguration{
				ResponseTypesSupported:           []string{"id_token"},
				IDTokenSigningAlgValuesSupported: []string{"RS256", "ES256", "ES384"},
			},
			Extra: map[string]any{"authorization_endpoint": "", "subject_types_supported": subjectTypes},
			Order: []string{
				"issuer", "jwks_uri", "authorization_endpoint", "response_types_supported", "subject_types_supported",
				"id_token_signing_alg_values_supported",
			},
			Indent: "  ",
		},
		CORS:     issuer.CORSNone, // measured: oidc-discovery-provider 1.13.3 and 1.15.2
		Headers:  issuer.DocumentTypes{JWKSCache: "no-cache, no-store, must-revalidate"},
		Keys:     []issuer.KeySpec{key},
		JWK:      []string{"use", "kty", "kid", "crv", "alg", "n", "e", "x", "y"},
		Typ:      "JWT",
		Header:   []string{"alg", "kid", "typ"},
		Lifetime: 5 * time.Minute,
	}
}
