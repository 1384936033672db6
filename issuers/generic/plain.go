package generic

import (
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// plain is an issuer without peculiarities, for one that no other preset is like.
var plain = issuer.Service{
	Issuer:   "https://issuer.contoso.example",
	JWKS:     "/.well-known/jwks.json",
	Document: smallest,
	Keys:     oneKey,
	JWK:      keyOrder,
	Typ:      "JWT",
	Header:   headOrder,
	Order:    []string{"iss", "sub", "aud", "iat", "nbf", "exp", "jti"},
	Lifetime: time.Hour,
	NotYet:   issuer.Seconds(0),
	ID:       true,
}

var plainWorkload = issuer.Preset{
	Name: "plain", About: "a workload of an issuer without peculiarities",
	Claims:   issuer.Claims{"sub": "workload"},
	Settings: shape{audience: entraAudience, asked: stringOrArray}.settings(),
}

// entraAudience is what the issuers that have no default are asked for most.
const entraAudience = "api://AzureADTokenExchange"
