package faults

import (
	"errors"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// JWKS serves another body in place of the key set, or the key set with other members in every key.
type JWKS struct {
	Body string         `json:"body" about:"sent as it is; empty is an empty body"`
	Set  map[string]any `json:"set" about:"in place of body: members of every key; null removes one"`

	When
}

// Name is the fault's in scenarios.
func (JWKS) Name() string { return "jwks" }

// tamper implements the fault.
func (f JWKS) tamper() (issuer.Tamper, error) {
	if len(f.Set) > 0 {
		if f.Body != "" {
			return issuer.Tamper{}, errors.New("want body or set, not both")
		}
		return changeKeys(func(keys []map[string]any) []map[string]any {
			for _, key := range keys {
				change(key, f.Set)
			}
			return keys
		}), nil
	}
	return issuer.Tamper{Covers: ofJWKS, Document: func(string, []byte) ([]byte, error) { return []byte(f.Body), nil }}, nil
}
