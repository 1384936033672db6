package faults

import (
	"cmp"
	"fmt"
	"io"
	"net/http"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Status answers a document's request with an HTTP status and a body.
type Status struct {
	Document    string `json:"document" about:"discovery or jwks; empty: both" values:"discovery jwks"`
	Code        int    `json:"code" about:"200 to 599; 0 means 503"`
	Body        string `json:"body" about:"sent as it is"`
	ContentType string `json:"contentType" about:"empty: text/html"`

	When
}

// Name is the fault's in scenarios.
func (Status) Name() string { return "status" }

// tamper implements the fault.
func (f Status) tamper() (issuer.Tamper, error) {
	answer, err := answerOf(f.Code, f.ContentType, f.Body)
	if err != nil {
		return issuer.Tamper{}, err
	}
	return issuer.Tamper{Covers: covering(f.Document), Serve: func(_ string, w http.ResponseWriter, _ *http.Request) bool {
		answer(w)
		return true
	}}, nil
}

// answerOf is the answer with a status (0 means 503), a content type (empty means text/html) and a body.
func answerOf(code int, contentType, body string) (func(http.ResponseWriter), error) {
	code, contentType = cmp.Or(code, http.StatusServiceUnavailable), cmp.Or(contentType, "text/html")
	if code < 200 || code > 599 {
		return nil, fmt.Errorf("code %d: want an HTTP status from 200 to 599", code)
	}
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body) // the client has gone; there is nobody to tell
	}, nil
}
