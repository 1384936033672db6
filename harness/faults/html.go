package faults

import (
	"cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// HTML answers with a web page and the status 200 in place of a document, as a login page, a single-page application or
// a proxy does.
type HTML struct {
	Document string `json:"document" about:"discovery or jwks; empty: both" values:"discovery jwks"`
	Body     string `json:"body" about:"the page; empty: a page to sign in"`

	When
}

// Name is the fault's in scenarios.
func (HTML) Name() string { return "html" }

// tamper implements the fault.
func (f HTML) tamper() (issuer.Tamper, error) {
	return Status{Document: f.Document, Code: 200, Body: cmp.Or(f.Body, "<!DOCTYPE html><title>Sign in</title>\n"), ContentType: "text/html; charset=utf-8"}.tamper()
}
