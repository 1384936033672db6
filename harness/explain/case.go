package explain

import (
	"net/http"
	"time"

	"github.com/issuerd/issuerd/harness/explain/input"
)

// Case is what is known about one failing sign-in. Everything may be missing.
type Case struct {
	Inputs []input.Found // in the order they were given
	Codes  []int         // codes that somebody asks about
	Now    time.Time     // what time it is
	At     time.Time     // when the sign-in failed, if the user said; zero: as the inputs tell
	Cloud  string        // public, usgov or china; "": as the inputs tell, else public
	Client string        // the client id, if the user said; "": as the inputs tell
	Tenant string        // the tenant, if the user said; "": as the inputs tell
	HTTP   *http.Client  // reaches issuers; nil: nothing is fetched

	withoutKeys bool // there is no signature to verify
}
