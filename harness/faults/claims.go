package faults

import (
	"errors"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Claims changes claims before the token is signed, so that the signature is good.
type Claims struct {
	Set map[string]any `json:"set" about:"by claim; null removes it"`

	When
}

// Name is the fault's in scenarios.
func (Claims) Name() string { return "claims" }

// tamper implements the fault.
func (f Claims) tamper() (issuer.Tamper, error) {
	if len(f.Set) == 0 {
		return issuer.Tamper{}, errors.New("set is empty: want {set: {iat: null}}")
	}
	return issuer.Tamper{Claims: func(claims map[string]any) { change(claims, f.Set) }}, nil
}
