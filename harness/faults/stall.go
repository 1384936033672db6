package faults

import (
	"net/http"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Stall takes the request for a document and never answers it, or begins an answer that never ends. It holds the
// connection until the client goes or the fault ends. The farm's own Entra is told at once.
type Stall struct {
	Document string `json:"document" about:"discovery or jwks; empty: both" values:"discovery jwks"`
	After    string `json:"after" about:"what is sent before: nothing, headers, or half of the document; empty: nothing" values:"nothing headers half"`

	When
}

// Name is the fault's in scenarios.
func (Stall) Name() string { return "stall" }

// tamper implements the fault.
func (f Stall) tamper() (issuer.Tamper, error) {
	covers := covering(f.Document)
	if f.After == "" || f.After == "nothing" {
		return issuer.Tamper{Covers: covers, Serve: func(_ string, w http.ResponseWriter, r *http.Request) bool {
			issuer.Pause(w, r, -1)
			panic(http.ErrAbortHandler) // net/http's way to drop the connection
		}}, nil
	}
	return issuer.Tamper{Covers: covers, Send: func(_ string, body []byte, w http.ResponseWriter, r *http.Request) bool {
		if f.After == "headers" {
			body = nil
		}
		issuer.Stall(w, r, body[:len(body)/2])
		return true
	}}, nil
}
