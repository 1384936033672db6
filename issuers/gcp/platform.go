package gcp

import (
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Platform is Google Cloud.
var Platform = &issuer.Platform{
	Name:     "gcp",
	Title:    "Google Cloud",
	Services: []issuer.Service{service},
	Presets:  presets,
	Claims:   claims,
	Native:   native,
}

var service = issuer.Service{
	Issuer:   "https://accounts.google.com",
	JWKS:     "https://www.googleapis.com/oauth2/v3/certs",
	Document: document,
	Keys:     []issuer.KeySpec{{Alg: jose.RS256, KID: issuer.HexKID}, {Alg: jose.RS256, KID: issuer.HexKID}},
	JWK:      nil, // alphabetical, as are the payload and the header
	Typ:      "JWT",
	Lifetime: time.Hour,
}

var document = issuer.Document{
	DiscoveryConfiguration: oidc.DiscoveryConfiguration{
		AuthorizationEndpoint:       "https://accounts.google.com/o/oauth2/v2/auth",
		DeviceAuthorizationEndpoint: "https://oauth2.googleapis.com/device/code",
		TokenEndpoint:               "https://oauth2.googleapis.com/token",
		UserinfoEndpoint:            "https://openidconnect.googleapis.com/v1/userinfo",
		RevocationEndpoint:          "https://oauth2.googleapis.com/revoke",
		ResponseTypesSupported: []string{
			"code", "token", "id_token", "code token", "code id_token", "token id_token", "code token id_token", "none",
		},
		SubjectTypesSupported:            []string{"public"},
		IDTokenSigningAlgValuesSupported: []string{"RS256"},
		ScopesSupported:                  []string{"openid", "email", "profile"},
		TokenEndpointAuthMethodsSupported: []oidc.AuthMethod{
			oidc.AuthMethodPost, oidc.AuthMethodBasic,
		},
		ClaimsSupported: []string{"aud", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss", "name", "picture", "sub"},
		CodeChallengeMethodsSupported: []oidc.CodeChallengeMethod{
			oidc.CodeChallengeMethodPlain, oidc.CodeChallengeMethodS256,
		},
		GrantTypesSupported: []oidc.GrantType{
			oidc.GrantTypeCode, oidc.GrantTypeRefreshToken, oidc.GrantTypeDeviceCode, oidc.GrantTypeBearer,
		},
	},
	Order: []string{
		"issuer", "authorization_endpoint", "device_authorization_endpoint", "token_endpoint", "userinfo_endpoint",
		"revocation_endpoint", "jwks_uri", "response_types_supported", "subject_types_supported",
		"id_token_signing_alg_values_supported", "scopes_supported", "token_endpoint_auth_methods_supported", "claims_supported",
		"code_challenge_methods_supported", "grant_types_supported",
	},
}
