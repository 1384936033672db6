package faults

import (
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// ExpiredToken moves the times of a token back, before it is signed, so that it has expired for a while.
type ExpiredToken struct {
	By string `json:"by" about:"how long ago it has expired, a duration such as 10m; empty: 1h"`

	When
}

// Name is the fault's in scenarios.
func (ExpiredToken) Name() string { return "expired-token" }

// tamper implements the fault.
func (f ExpiredToken) tamper() (issuer.Tamper, error) {
	by, err := duration("by", f.By, time.Hour)
	if err != nil {
		return issuer.Tamper{}, err
	}
	return issuer.Tamper{Claims: func(claims map[string]any) {
		issued, ok := claims["iat"].(int64)
		expires, has := claims["exp"].(int64)
		if ok && has {
			moveTimes(claims, issued-expires-int64(by/time.Second))
		}
	}}, nil
}

// moveTimes moves the times of a token, all by as many seconds.
func moveTimes(claims map[string]any, by int64) {
	for _, name := range []string{"iat", "nbf", "exp"} {
		if seconds, ok := claims[name].(int64); ok {
			claims[name] = seconds + by
		}
	}
}
