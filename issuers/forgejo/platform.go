package forgejo

import (
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

const name = "forgejo"

// Platform is Forgejo Actions.
var Platform = &issuer.Platform{
	Name:     name,
	Title:    "Forgejo Actions",
	Services: []issuer.Service{service},
	Presets:  presets,
	Claims:   ci.Claims(name),
	Native:   &issuer.Native{New: newAPI, Fetch: fetch},
}

// service is the issuer of one instance. The discovery document is recorded; subject and audience are known to be like
// GitHub's, lifetime, nbf and header are inferred.
var service = issuer.Service{
	Issuer: "https://forgejo.contoso.example/api/actions",
	JWKS:   "/.well-known/keys",
	Document: issuer.Document{
		DiscoveryConfiguration: oidc.DiscoveryConfiguration{
			SubjectTypesSupported:  []string{"public"},
			ResponseTypesSupported: []string{"id_token"},
			ClaimsSupported: []string{
				"sub", "aud", "exp", "iat", "iss", "nbf", "actor", "base_ref", "event_name", "head_ref", "ref", "ref_protected", "ref_type",
				"repository", "repository_owner", "run_attempt", "run_id", "run_number", "sha", "workflow", "workflow_ref",
			},
			IDTokenSigningAlgValuesSupported: []string{"RS256"},
			ScopesSupported:                  []string{"openid"},
		},
		Order: []string{
			"issuer", "jwks_uri", "subject_types_supported", "response_types_supported", "claims_supported",
			"id_token_signing_alg_values_supported", "scopes_supported",
		},
	},
	Keys:     ci.OneKey,
	JWK:      ci.JWKOrder,
	Typ:      "JWT",
	Header:   ci.HeaderOrder,
	Lifetime: time.Hour,
	NotYet:   issuer.Seconds(0),
}
