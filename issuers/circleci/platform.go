package circleci

import (
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

const name = "circleci"

// Platform is CircleCI.
var Platform = &issuer.Platform{
	Name:     name,
	Title:    "CircleCI",
	Services: []issuer.Service{service},
	Presets:  presets,
	Claims:   ci.Claims(name),
	Native:   ci.Variables(name, presets),
}

// service is the issuer of one organisation; each has its own. That the payload is in alphabetical order is inferred,
// as is the header.
var service = issuer.Service{
	Issuer:   "https://oidc.circleci.com/org/" + organization,
	JWKS:     "/.well-known/jwks-pub.json", // in many relying parties' configurations, with one RS256 key of 2048 bits
	Document: ci.Document,
	Keys:     ci.OneKey,
	JWK:      ci.JWKOrder,
	Typ:      "JWT",
	Header:   []string{"alg", "kid", "typ"},
	Lifetime: time.Hour,
}
