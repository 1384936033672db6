package faults

import "github.com/issuerd/issuerd/issuers/issuer"

// JWKS serves another body in place of the key set.
type JWKS struct {
	Body string `json:"body" about:"sent as it is; empty is an empty body"`

	When
}

// Name is the fault's in scenarios.
func (JWKS) Name() string { return "jwks" }

// tamper implements the fault.
func (f JWKS) tamper() (issuer.Tamper, error) {
	return issuer.Tamper{Covers: ofJWKS, Document: func(string, []byte) ([]byte, error) { return []byte(f.Body), nil }}, nil
}
