package faults

import "github.com/issuerd/issuerd/issuers/issuer"

// StaleJWKS lists the keys as they were before the last rotation, as a copy does that nobody has renewed: the key that
// signs now is not among them. Before the first rotation it changes nothing.
type StaleJWKS struct {
	When
}

// Name is the fault's in scenarios.
func (StaleJWKS) Name() string { return "stale-jwks" }

// tamper implements the fault.
func (StaleJWKS) tamper() (issuer.Tamper, error) {
	return issuer.Tamper{Keys: func(keys []issuer.Key) {
		retired := -1 // the last one whose place another took, which is the last one made
		for i, key := range keys {
			if !key.Retired.IsZero() && (retired < 0 || !key.Retired.Before(keys[retired].Retired)) {
				retired = i
			}
		}
		if retired >= 0 {
			keys[retired].Published, keys[len(keys)-1].Published = true, false
		}
	}}, nil
}
