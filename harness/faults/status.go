package faults

import (
	"fmt"
	"io"
	"net/http"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Status answers a document's request with an HTTP status and a body.
type Status struct {
	Document    string `json:"document"`    // discovery or jwks; empty: both
	Code        int    `json:"code"`        // 200 to 599; 0 means 503
	Body        string `json:"body"`        // sent as it is
	ContentType string `json:"contentType"` // empty: text/html
}

// Tamper implements the fault.
func (f *Status) Tamper() (issuer.Tamper, error) {
	covers, err := document(f.Document)
	if err != nil {
		return issuer.Tamper{}, err
	}
	code, contentType := f.Code, f.ContentType
	if code == 0 {
		code = http.StatusServiceUnavailable
	}
	if code < 200 || code > 599 {
		return issuer.Tamper{}, fmt.Errorf("code %d: want an HTTP status from 200 to 599", code)
	}
	if contentType == "" {
		contentType = "text/html"
	}
	return issuer.Tamper{Serve: func(document string, w http.ResponseWriter, _ *http.Request) bool {
		if !covers(document) {
			return false
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, f.Body) // the client has gone; there is nobody to tell
		return true
	}}, nil
}
