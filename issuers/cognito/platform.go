package cognito

import (
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Platform is Amazon Cognito.
var Platform = &issuer.Platform{
	Name:     "cognito",
	Title:    "Amazon Cognito",
	Services: []issuer.Service{identityPools, userPool},
	Presets:  presets,
	Claims:   claims,
	Native:   native,
}

// identityPools issues for all pools of all accounts. Of its discovery document only issuer and jwks_uri are confirmed.
var identityPools = issuer.Service{
	Issuer: "https://cognito-identity.amazonaws.com",
	JWKS:   "/.well-known/jwks_uri",
	Document: issuer.Document{
		DiscoveryConfiguration: oidc.DiscoveryConfiguration{
			ResponseTypesSupported:           []string{"id_token"},
			SubjectTypesSupported:            []string{"public"},
			IDTokenSigningAlgValuesSupported: []string{"RS512"},
		},
		Order: []string{"issuer", "jwks_uri", "response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"},
	},
	// The ids are the seen ones: region and number, with a dash between them since about 2024.
	Keys: []issuer.KeySpec{
		{Alg: jose.RS512, KID: issuer.NumberedKID("us-east-1-", 7)},
		{Alg: jose.RS512, KID: issuer.NumberedKID("ap-southeast-2", 2)},
		{Alg: jose.RS512, KID: issuer.NumberedKID("ap-northeast-1", 5)},
	},
	JWK:      []string{"kty", "alg", "use", "kid", "n", "e"},
	Typ:      "JWS",
	Header:   []string{"kid", "typ", "alg"},
	Order:    []string{"sub", "aud", "amr", tagsClaim, "iss", poolClaim, "exp", "iat"},
	Lifetime: 15 * time.Minute, // of GetOpenIdTokenForDeveloperIdentity; its TokenDuration goes from 1 second to a day
}

// userPool is one pool with a domain.
var userPool = issuer.Service{
	Name:   "user-pool",
	Issuer: "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI",
	JWKS:   "/.well-known/jwks.json",
	Document: issuer.Document{ // alphabetical
		DiscoveryConfiguration: oidc.DiscoveryConfiguration{
			AuthorizationEndpoint:             domain + "/oauth2/authorize",
			EndSessionEndpoint:                domain + "/logout",
			IDTokenSigningAlgValuesSupported:  []string{"RS256"},
			ResponseTypesSupported:            []string{"code", "token"},
			RevocationEndpoint:                domain + "/oauth2/revoke",
			ScopesSupported:                   []string{"openid", "email", "phone", "profile"},
			SubjectTypesSupported:             []string{"public"},
			TokenEndpoint:                     domain + "/oauth2/token",
			TokenEndpointAuthMethodsSupported: []oidc.AuthMethod{oidc.AuthMethodBasic, oidc.AuthMethodPost},
			UserinfoEndpoint:                  domain + "/oauth2/userInfo",
		},
	},
	Keys:   []issuer.KeySpec{{Alg: jose.RS256, KID: issuer.Base64KID}, {Alg: jose.RS256, KID: issuer.Base64KID}},
	JWK:    []string{"alg", "e", "kid", "kty", "n", "use"},
	Header: []string{"kid", "alg"},
	Order: []string{
		"at_hash", "sub", "cognito:groups", "aud", "email_verified", "origin_jti", "event_id", "token_use", "scope", "auth_time", "iss",
		"cognito:username", "exp", "iat", "version", "jti", "client_id", "username", "email",
	},
	Lifetime: time.Hour,
	ID:       true,
}

// domain is where the pool's OAuth endpoints are.
const domain = "https://contoso.auth.us-east-1.amazoncognito.com"

// accessKey is the key of a user pool that signs access tokens.
const accessKey = 1
