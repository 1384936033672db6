package awssts

import (
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Platform is AWS STS as an issuer of tokens for others.
var Platform = &issuer.Platform{
	Name:     "awssts",
	Title:    "AWS STS outbound identity federation",
	Services: []issuer.Service{service},
	Presets:  presets,
	Claims:   claims,
	Native:   native,
}

// service is the issuer of one account; its UUID is that of AWS's announcement.
var service = issuer.Service{
	Issuer: "https://abc12345-def4-5678-90ab-cdef12345678.tokens.sts.global.api.aws",
	JWKS:   "/.well-known/jwks.json",
	Document: issuer.Document{ // alphabetical
		DiscoveryConfiguration: oidc.DiscoveryConfiguration{
			ClaimsSupported:                  []string{"sub", "iss", "aud", "exp", "iat", "jti", aboutClaim},
			IDTokenSigningAlgValuesSupported: []string{"RS256", "ES384"},
			SubjectTypesSupported:            []string{"public"},
		},
	},
	Keys: []issuer.KeySpec{
		{Alg: jose.RS256, KID: issuer.NumberedKID("RSA_", 0), NoAlg: true},
		{Alg: jose.ES384, KID: issuer.NumberedKID("EC384_", 0)},
	},
	JWK:    []string{"alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"},
	Typ:    "JWT",
	Header: []string{"kid", "typ", "alg"},
	Order: []string{
		"aud", "sub", aboutClaim, "iss", "exp", "iat", "jti",
		// inside https://sts.amazonaws.com/, as in the recorded token of an EC2 instance
		"ec2_instance_source_vpc", "ec2_role_delivery", "org_id", "aws_account", "ou_path", "original_session_exp", "source_region",
		"ec2_source_instance_arn", "principal_id", "principal_tags", "ec2_instance_source_private_ipv4",
	},
	Lifetime: 5 * time.Minute,
	ID:       true,
}

// ecKey is the index of the ES384 key.
const ecKey = 1
