package faults

import (
	"maps"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// RequestToken gives a token of another kind in place of the ID token, with the same issuer and a good signature: the
// one that a job of GitHub's has to ask for ID tokens with, ACTIONS_ID_TOKEN_REQUEST_TOKEN. It names no subject. Who
// looks at issuer and signature alone takes it.
//
// Its claims are what is known of GitHub's: IdentityTypeClaim, ac and the form of aud. Others of it are not known.
type RequestToken struct {
	When
}

// Name is the fault's in scenarios.
func (RequestToken) Name() string { return "request-token" }

// requestClaims are those of a request token that do not depend on the issuer.
var requestClaims = map[string]any{
	"aud":               "vso:7ac6ac57-1d3c-4b4e-8b5a-0f6a0e0c0a11",
	"IdentityTypeClaim": "System:ServiceIdentity",
	"ac":                `[{"Scope":"refs/heads/main","Permission":3}]`,
}

// tamper implements the fault.
func (RequestToken) tamper() (issuer.Tamper, error) {
	return issuer.Tamper{Claims: func(claims map[string]any) {
		maps.DeleteFunc(claims, func(name string, _ any) bool {
			return name != "iss" && name != "iat" && name != "nbf" && name != "exp"
		})
		maps.Copy(claims, requestClaims)
	}}, nil
}
