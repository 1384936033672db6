package faults

import (
	"cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// UnparseableToken gives a text that is no token in place of every token.
type UnparseableToken struct {
	Body string `json:"body" about:"the text; empty: not-a-token"`

	When
}

// Name is the fault's in scenarios.
func (UnparseableToken) Name() string { return "unparseable-token" }

// tamper implements the fault.
func (f UnparseableToken) tamper() (issuer.Tamper, error) {
	body := cmp.Or(f.Body, "not-a-token")
	return issuer.Tamper{Token: func(issuer.Signed) (string, error) { return body, nil }}, nil
}
