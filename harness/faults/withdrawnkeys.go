package faults

import "github.com/issuerd/issuerd/issuers/issuer"

// WithdrawnKeys takes a key out of the JWKS as soon as another has taken its place, while tokens that it has signed are
// still good by their times.
type WithdrawnKeys struct {
	When
}

// Name is the fault's in scenarios.
func (WithdrawnKeys) Name() string { return "withdrawn-keys" }

// tamper implements the fault.
func (WithdrawnKeys) tamper() (issuer.Tamper, error) {
	return issuer.Tamper{Keys: func(keys []issuer.Key) {
		for i, key := range keys {
			if !key.Retired.IsZero() {
				keys[i].Published = false
			}
		}
	}}, nil
}
