package faults

import (
	"net/http"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Unreachable closes the connection when a document is asked for, as a firewall or a dead tunnel does.
type Unreachable struct {
	Document string `json:"document" about:"discovery or jwks; empty: both"`
}

// Name is the fault's in scenarios.
func (Unreachable) Name() string { return "unreachable" }

// tamper implements the fault.
func (f Unreachable) tamper() (issuer.Tamper, error) {
	covers, err := document(f.Document)
	if err != nil {
		return issuer.Tamper{}, err
	}
	return issuer.Tamper{Serve: func(document string, _ http.ResponseWriter, _ *http.Request) bool {
		if covers(document) {
			panic(http.ErrAbortHandler) // net/http's way to drop the connection without an answer
		}
		return false
	}}, nil
}
