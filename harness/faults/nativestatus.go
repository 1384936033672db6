package faults

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// NativeStatus answers the requests for the platform's own token API with an HTTP status and a body, whatever their
// credential. A platform whose API is no HTTP, or that has none, does not notice.
type NativeStatus struct {
	Code        int    `json:"code" about:"200 to 599; 0 means 503"`
	Body        string `json:"body" about:"sent as it is"`
	ContentType string `json:"contentType" about:"empty: text/html"`
	RetryAfter  int    `json:"retryAfter" about:"seconds, of the header Retry-After; 0: none"`

	When
}

// Name is the fault's in scenarios.
func (NativeStatus) Name() string { return "native-status" }

// tamper implements the fault.
func (f NativeStatus) tamper() (issuer.Tamper, error) {
	answer, err := answerOf(f.Code, f.ContentType, f.Body)
	if err != nil {
		return issuer.Tamper{}, err
	}
	if f.RetryAfter < 0 {
		return issuer.Tamper{}, fmt.Errorf("retryAfter %d: want seconds, or leave it out for no Retry-After", f.RetryAfter)
	}
	return issuer.Tamper{Native: func(w http.ResponseWriter, _ *http.Request) bool {
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		answer(w)
		return true
	}}, nil
}
