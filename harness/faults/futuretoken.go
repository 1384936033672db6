package faults

import (
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// FutureToken moves the times of a token on, before it is signed, as an issuer whose clock is ahead does.
type FutureToken struct {
	By string `json:"by" about:"how long until it is issued, a duration such as 10m; empty: 1h"`

	When
}

// Name is the fault's in scenarios.
func (FutureToken) Name() string { return "future-token" }

// tamper implements the fault.
func (f FutureToken) tamper() (issuer.Tamper, error) {
	by, err := duration("by", f.By, time.Hour)
	if err != nil {
		return issuer.Tamper{}, err
	}
	return issuer.Tamper{Claims: func(claims map[string]any) { moveTimes(claims, int64(by/time.Second)) }}, nil
}
