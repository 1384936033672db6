package faults

import (
	"net/http"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Delay holds the answer to a request for a document back for a while, by the world's clock, and then gives it. The
// farm's own Entra, which gives up after option fetchTimeout, is told at once that it would.
type Delay struct {
	Document string `json:"document" about:"discovery or jwks; empty: both" values:"discovery jwks"`
	By       string `json:"by" about:"a duration such as 45s; empty: 1m"`

	When
}

// Name is the fault's in scenarios.
func (Delay) Name() string { return "delay" }

// tamper implements the fault.
func (f Delay) tamper() (issuer.Tamper, error) {
	by, err := duration("by", f.By, time.Minute)
	if err != nil {
		return issuer.Tamper{}, err
	}
	return issuer.Tamper{Covers: covering(f.Document), Serve: func(_ string, w http.ResponseWriter, r *http.Request) bool {
		issuer.Pause(w, r, by) // when nobody wants the answer, nobody gets it
		return false
	}}, nil
}
