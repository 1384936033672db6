package faults

import (
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// NativeStatus answers the requests for the platform's own token API with an HTTP status and a body, whatever their
// credential. A platform whose API is no HTTP, or that has none, does not notice.
type NativeStatus struct {
	Code        int    `json:"code" about:"200 to 599; 0 means 503"`
	Body        string `json:"body" about:"sent as it is"`
	ContentType string `json:"contentType" about:"empty: text/html"`
	Times       int    `json:"times" about:"the requests answered so, of all workloads together, before the API is itself again; 0: all"`
}

// Name is the fault's in scenarios.
func (NativeStatus) Name() string { return "native-status" }

// tamper implements the fault. It counts the requests from the moment that it is in force.
func (f NativeStatus) tamper() (issuer.Tamper, error) {
	answer, err := answerOf(f.Code, f.ContentType, f.Body)
	if err != nil {
		return issuer.Tamper{}, err
	}
	if f.Times < 0 {
		return issuer.Tamper{}, fmt.Errorf("times %d: want how many requests, or leave it out for all", f.Times)
	}
	var answered atomic.Int64
	return issuer.Tamper{Native: func(w http.ResponseWriter, _ *http.Request) bool {
		if f.Times > 0 && answered.Add(1) > int64(f.Times) {
			return false
		}
		answer(w)
		return true
	}}, nil
}
