package faults

import "github.com/issuerd/issuerd/issuers/issuer"

// DuplicateKID lists another key before each of the issuer's, with the same kid: which one a verifier takes is chance.
type DuplicateKID struct {
	When
}

// Name is the fault's in scenarios.
func (DuplicateKID) Name() string { return "duplicate-kid" }

// tamper implements the fault.
func (DuplicateKID) tamper() (issuer.Tamper, error) {
	return changeKeys(func(keys []map[string]any) []map[string]any {
		var all []map[string]any
		for i, key := range keys {
			if kid, ok := key["kid"].(string); ok {
				all = append(all, nobodysKey(kid, i))
			}
			all = append(all, key)
		}
		return all
	}), nil
}
