package faults

import (
	"cmp"
	"net/http"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// ContentType sends a document as it is, with another Content-Type, as a static site does that does not know the file.
type ContentType struct {
	Document string `json:"document" about:"discovery or jwks; empty: both" values:"discovery jwks"`
	Type     string `json:"type" about:"empty: application/octet-stream"`

	When
}

// Name is the fault's in scenarios.
func (ContentType) Name() string { return "content-type" }

// tamper implements the fault.
func (f ContentType) tamper() (issuer.Tamper, error) {
	contentType := cmp.Or(f.Type, "application/octet-stream")
	return issuer.Tamper{Covers: covering(f.Document), Send: func(_ string, body []byte, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(body) // the client has gone; there is nobody to tell
		return true
	}}, nil
}
