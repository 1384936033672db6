package faults

import (
	"net/http"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// EntraDelay holds the answer back for a while, by the world's clock, and then gives it. While the clock stands still,
// somebody has to move it. What Entra checks is checked when the time has come.
type EntraDelay struct {
	By string `json:"by" about:"a duration such as 5s; empty: 1m"`

	When
}

// Name is the fault's in scenarios.
func (EntraDelay) Name() string { return "delay" }

func (f EntraDelay) inject() (inject, error) {
	by, err := duration("by", f.By, time.Minute)
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) entra.Injection {
		return entra.Injection{Drop: !issuer.Pause(w, r, by)}
	}, nil
}

// EntraStall takes the request and never answers it. The connection stays open until the client goes or the farm ends.
type EntraStall struct{ When }

// Name is the fault's in scenarios.
func (EntraStall) Name() string { return "stall" }

func (EntraStall) inject() (inject, error) {
	return func(w http.ResponseWriter, r *http.Request) entra.Injection {
		return entra.Injection{Drop: !issuer.Pause(w, r, -1)}
	}, nil
}

// EntraUnreachable closes the connection without an answer.
type EntraUnreachable struct{ When }

// Name is the fault's in scenarios.
func (EntraUnreachable) Name() string { return "unreachable" }

func (EntraUnreachable) inject() (inject, error) {
	return func(http.ResponseWriter, *http.Request) entra.Injection { return entra.Injection{Drop: true} }, nil
}
