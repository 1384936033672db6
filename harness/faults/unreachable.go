package faults

import (
	"net/http"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Unreachable closes the connection when a document is asked for, as a firewall or a dead tunnel does.
type Unreachable struct {
	Document string `json:"document" about:"discovery or jwks; empty: both" values:"discovery jwks"`

	When
}

// Name is the fault's in scenarios.
func (Unreachable) Name() string { return "unreachable" }

// tamper implements the fault.
func (f Unreachable) tamper() (issuer.Tamper, error) {
	return issuer.Tamper{Covers: covering(f.Document), Serve: func(string, http.ResponseWriter, *http.Request) bool {
		panic(http.ErrAbortHandler) // net/http's way to drop the connection without an answer
	}}, nil
}
