package faults

import (
	"net/http"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Truncated sends the first half of a document only, as an upload that broke off has left it; or announces all of it and
// breaks off.
type Truncated struct {
	Document string `json:"document" about:"discovery or jwks; empty: both" values:"discovery jwks"`
	BreakOff bool   `json:"breakOff" about:"true: the whole length is announced, and the connection closed half way"`

	When
}

// Name is the fault's in scenarios.
func (Truncated) Name() string { return "truncated" }

// tamper implements the fault.
func (f Truncated) tamper() (issuer.Tamper, error) {
	covers := covering(f.Document)
	if !f.BreakOff {
		return issuer.Tamper{Covers: covers, Document: func(_ string, body []byte) ([]byte, error) { return body[:len(body)/2], nil }}, nil
	}
	return issuer.Tamper{Covers: covers, Send: func(_ string, body []byte, w http.ResponseWriter, _ *http.Request) bool {
		_, _ = w.Write(body[:len(body)/2])        // after headers that announce all of it
		_ = http.NewResponseController(w).Flush() // a recorder in a test has nothing to flush to
		panic(http.ErrAbortHandler)               // net/http's way to drop the connection
	}}, nil
}
