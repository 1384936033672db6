package faults

import "github.com/issuerd/issuerd/issuers/issuer"

// JWKS serves another body in place of the key set.
type JWKS struct {
	Body string `json:"body" about:"sent as it is; empty is an empty body"`
}

// Name is the fault's in scenarios.
func (JWKS) Name() string { return "jwks" }

// tamper implements the fault.
func (f JWKS) tamper() (issuer.Tamper, error) {
	return issuer.Tamper{Document: func(document string, body []byte) ([]byte, error) {
		if document == "jwks" {
			body = []byte(f.Body)
		}
		return body, nil
	}}, nil
}
