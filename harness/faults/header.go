package faults

import (
	"errors"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Header changes members of the JOSE header before the token is signed, so that the signature is good.
type Header struct {
	Set map[string]any `json:"set" about:"by member; null removes it"`

	When
}

// Name is the fault's in scenarios.
func (Header) Name() string { return "header" }

// tamper implements the fault.
func (f Header) tamper() (issuer.Tamper, error) {
	if len(f.Set) == 0 {
		return issuer.Tamper{}, errors.New("set is empty: want {set: {typ: at+jwt}}")
	}
	return issuer.Tamper{Header: func(header map[string]any) { change(header, f.Set) }}, nil
}
