package generic

import (
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

const name = "generic"

// Platform is any issuer that no other platform is like.
var Platform = &issuer.Platform{
	Name:     name,
	Title:    "Any other issuer",
	Services: []issuer.Service{service},
	Presets:  presets,
	Claims:   ci.Claims(name),
	Native:   ci.Variables(name, presets),
}

// service is an issuer without peculiarities.
var service = issuer.Service{
	Issuer:   "https://issuer.contoso.example",
	JWKS:     "/.well-known/jwks.json",
	Document: ci.Document,
	Keys:     ci.OneKey,
	JWK:      ci.JWKOrder,
	Typ:      "JWT",
	Header:   ci.HeaderOrder,
	Order:    []string{"iss", "sub", "aud", "iat", "nbf", "exp", "jti"},
	Lifetime: time.Hour,
	NotYet:   issuer.Seconds(0),
	ID:       true,
}

var presets = []issuer.Preset{{
	Name: "plain", About: "a workload of an issuer without peculiarities",
	Claims:   issuer.Claims{"sub": "workload"},
	Settings: ci.Shape{Audience: ci.EntraAudience, Asked: ci.StringOrArray, Variable: "ID_TOKEN"}.Settings(), // the variable is a convention here
}}
