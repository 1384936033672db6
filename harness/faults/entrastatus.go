package faults

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"

	"github.com/issuerd/issuerd/harness/entra"
)

// EntraStatus answers with an HTTP status in Entra's place, as what stands in front of it does. Neither its body nor its
// headers are known; without a body it is the status in words, which is inferred.
type EntraStatus struct {
	Code        int    `json:"code" about:"400 to 599; 0 means 503"`
	Body        string `json:"body" about:"sent as it is; empty: the status in words"`
	ContentType string `json:"contentType" about:"empty: text/plain; charset=utf-8"`
	RetryAfter  int    `json:"retryAfter" about:"seconds, of the header Retry-After; 0: none"`

	When
}

// Name is the fault's in scenarios.
func (EntraStatus) Name() string { return "status" }

func (f EntraStatus) inject() (inject, error) {
	code := cmp.Or(f.Code, http.StatusServiceUnavailable)
	if code < 400 || code > 599 {
		return nil, fmt.Errorf("code %d: want an HTTP status from 400 to 599", code)
	}
	if f.RetryAfter < 0 {
		return nil, fmt.Errorf("retryAfter %d: want seconds, or leave it out for no Retry-After", f.RetryAfter)
	}
	return answerWith(code, f.ContentType, f.Body, f.RetryAfter), nil
}

// answerWith is an answer in Entra's place.
func answerWith(status int, contentType, body string, retryAfter int) inject {
	header := http.Header{"Content-Type": {cmp.Or(contentType, "text/plain; charset=utf-8")}}
	if retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	in := entra.Injection{Status: status, Header: header, Body: cmp.Or(body, http.StatusText(status))}
	return func(http.ResponseWriter, *http.Request) entra.Injection { return in }
}
