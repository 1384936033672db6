// Package explain says why a sign-in fails. It takes what people hold, as packages input and paste read it, makes the
// emulator's own checks on it, and says which character differs, what Entra answers, how sure that is, and what to do.
package explain

import (
	"time"

	"github.com/issuerd/issuerd/harness/explain/input"
)

// Case is what is known about one failing sign-in. Everything may be missing.
type Case struct {
	Inputs []input.Found // in the order they were given
	Now    time.Time     // what time it is, if no input says when it happened
	Cloud  string        // public, usgov or china; "": as the inputs tell, else public
	Client string        // the client id, if the user said; "": as the inputs tell
	Tenant string        // the tenant, if the user said; "": as the inputs tell
}
