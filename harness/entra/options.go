package entra

import (
	"fmt"
	"time"
)

// MatchOrder is the order in which audience and subject are compared.
type MatchOrder string

// The orders there are. Entra's is not known; that 700212 (audience) comes
// before 700213 (subject) suggests the first.
const (
	AudienceFirst MatchOrder = "audience-first"
	SubjectFirst  MatchOrder = "subject-first"
)

// Options are the behaviours of Entra that are not documented. Each default is
// unconfirmed. Zero durations mean zero; [DefaultOptions] has the defaults.
type Options struct {
	// ClockSkew is how far exp and nbf may be off. Default 5m: it is the default of
	// Microsoft's libraries, and Entra back-dates its own tokens by as much.
	ClockSkew time.Duration `json:"clockSkew"`
	// KeyCacheTTL is how long an issuer's keys are kept. Default 1h: users report up to
	// about an hour after a rotation.
	KeyCacheTTL time.Duration `json:"keyCacheTTL"`
	// RefetchInterval is the least time between two looks at an issuer's documents for a
	// kid that the cache does not have. Default 5m; reports say only that it is not at once.
	RefetchInterval time.Duration `json:"refetchInterval"`
	// MatchOrder is the order of audience and subject. Default AudienceFirst.
	MatchOrder MatchOrder `json:"matchOrder"`
	// AudienceLists accepts an aud of several values of which one matches. Default false:
	// only one value, alone or in a list, is known to work.
	AudienceLists bool `json:"audienceLists"`
}

// DefaultOptions returns the defaults.
func DefaultOptions() Options {
	return Options{ClockSkew: 5 * time.Minute, KeyCacheTTL: time.Hour, RefetchInterval: 5 * time.Minute, MatchOrder: AudienceFirst}
}

// validate says which option is wrong.
func (o Options) validate() error {
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"clockSkew", o.ClockSkew}, {"keyCacheTTL", o.KeyCacheTTL}, {"refetchInterval", o.RefetchInterval}} {
		if d.value < 0 {
			return fmt.Errorf("entra: option %s: %s is negative", d.name, d.value)
		}
	}
	if o.MatchOrder != AudienceFirst && o.MatchOrder != SubjectFirst {
		return fmt.Errorf("entra: option matchOrder: %q (have %s, %s)", o.MatchOrder, AudienceFirst, SubjectFirst)
	}
	return nil
}
