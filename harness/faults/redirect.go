package faults

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Redirect answers with a redirect in place of a document.
type Redirect struct {
	Document string `json:"document" about:"discovery or jwks; empty: both" values:"discovery jwks"`
	To       string `json:"to" about:"a URL or a path; empty: /login"`
	Code     int    `json:"code" about:"301, 302, 303, 307 or 308; 0 means 302"`

	When
}

// Name is the fault's in scenarios.
func (Redirect) Name() string { return "redirect" }

// tamper implements the fault.
func (f Redirect) tamper() (issuer.Tamper, error) {
	to, code := cmp.Or(f.To, "/login"), cmp.Or(f.Code, http.StatusFound)
	switch code {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return issuer.Tamper{}, fmt.Errorf("code %d: want 301, 302, 303, 307 or 308", code)
	}
	return issuer.Tamper{Covers: covering(f.Document), Serve: func(_ string, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Location", to)
		w.WriteHeader(code)
		return true
	}}, nil
}
