package faults

import (
	"net/http"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// NativeDelay holds the answers of the platform's own token API back for a while, by the world's clock, and then has
// the API give them. While the clock stands still, somebody has to move it.
type NativeDelay struct {
	By string `json:"by" about:"a duration such as 5s; empty: 1m"`

	When
}

// Name is the fault's in scenarios.
func (NativeDelay) Name() string { return "native-delay" }

// tamper implements the fault.
func (f NativeDelay) tamper() (issuer.Tamper, error) {
	by, err := duration("by", f.By, time.Minute)
	if err != nil {
		return issuer.Tamper{}, err
	}
	return issuer.Tamper{Native: func(w http.ResponseWriter, r *http.Request) bool {
		issuer.Pause(w, r, by) // when nobody wants the answer, nobody gets it
		return false
	}}, nil
}

// NativeStall takes requests for the platform's own token API and never answers them. The connection stays open until
// the client goes, or the fault, the workload or the farm ends.
type NativeStall struct{ When }

// Name is the fault's in scenarios.
func (NativeStall) Name() string { return "native-stall" }

// tamper implements the fault.
func (NativeStall) tamper() (issuer.Tamper, error) {
	return issuer.Tamper{Native: func(w http.ResponseWriter, r *http.Request) bool {
		issuer.Pause(w, r, -1)
		panic(http.ErrAbortHandler)
	}}, nil
}
