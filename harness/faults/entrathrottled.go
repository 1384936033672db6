package faults

import (
	"fmt"
	"net/http"
)

// EntraThrottled tells a client that it asks too often, as Entra does: HTTP 429, and how long to wait. MSAL for .NET
// asks nothing alike before that, and without Retry-After not for a minute. Option throttleAfter has Entra count by
// itself.
type EntraThrottled struct {
	RetryAfter int `json:"retryAfter" about:"seconds, of the header Retry-After; 0: 60; -1: the header is missing"`

	When
}

// retryAfter is how many seconds Entra tells throttled clients to wait.
const retryAfter = 60

// Name is the fault's in scenarios.
func (EntraThrottled) Name() string { return "throttled" }

func (f EntraThrottled) inject() (inject, error) {
	seconds := f.RetryAfter
	switch {
	case seconds == 0:
		seconds = retryAfter
	case seconds < -1:
		return nil, fmt.Errorf("retryAfter %d: want seconds, 0 for %d, or -1 for no Retry-After", seconds, retryAfter)
	}
	return answerWith(http.StatusTooManyRequests, "", "", seconds), nil
}
