package issuer

import (
	"net/http"
	"time"
)

// PatienceHeader says in a request for a document how long its sender waits for the answer, as a Go duration. One that
// would be held back for longer is told so at once, with status 504 and [HeldHeader], so that nobody waits for what is
// known. A farm's own Entra sends it.
const PatienceHeader = "Issuerd-Patience"

// HeldHeader says in the answer to a request with [PatienceHeader] how long the answer would have been held back: for a
// Go duration, or for good.
const HeldHeader = "Issuerd-Held"

// refuseImpatient tells a sender who does not wait for so long; a negative time is for good. It does not return then.
func refuseImpatient(w http.ResponseWriter, r *http.Request, d time.Duration) {
	patience, err := time.ParseDuration(r.Header.Get(PatienceHeader))
	if err != nil || d >= 0 && d < patience {
		return
	}
	held := "for good"
	if d >= 0 {
		held = "for " + d.String()
	}
	w.Header().Set(HeldHeader, held)
	w.Header().Del("Content-Length")
	w.WriteHeader(http.StatusGatewayTimeout)
	_ = http.NewResponseController(w).Flush() // a recorder in a test has nothing to flush to
	panic(http.ErrAbortHandler)
}

// Stall sends what it is given of a document, or the headers alone, and then holds the connection for good, as [Pause]
// does. It does not return.
func Stall(w http.ResponseWriter, r *http.Request, part []byte) {
	refuseImpatient(w, r, -1)
	_, _ = w.Write(part)                      // the client has gone; there is nobody to tell
	_ = http.NewResponseController(w).Flush() // a recorder in a test has nothing to flush to
	Pause(w, r, -1)
	panic(http.ErrAbortHandler) // net/http's way to drop the connection
}
