package issuer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Native is a platform's own token API: what a workload of the platform asks for its token, and the credential that it
// shows. A platform that only delivers tokens, in variables or files, has a Native whose API has no handler.
type Native struct {
	// New makes the API of one workload. It is called once for each.
	New func(Workload) (*API, error)

	// Fetch asks the API for a token as a workload would, for scenarios; official clients do it their own way. An
	// audience that is empty is left out of the request. The error of a refusal is a *Refused.
	Fetch func(ctx context.Context, client *http.Client, found Found, audience string) (token string, err error)

	// Plain wants a listener that speaks plain HTTP, because the platform's clients know no other.
	Plain bool

	// Root wants a Base without a path, which takes an HTTPS listener of its own: the platform's clients have a path of
	// theirs in its place.
	Root bool

	// Local tells that the API is a socket of the machine that the farm is on, which a client elsewhere does not reach.
	Local bool
}

// ValidateEnv validates the variables that a workload's user sets.
func ValidateEnv(env map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(env[name], "\x00") {
			return fmt.Errorf("variable %q: want a name that is not empty and has no =, and no zero byte in it or its value", name)
		}
	}
	return nil
}

// Workload is one workload: the issuer that vouches for it and the context that it runs in.
type Workload struct {
	ID     string // for whoever is to tell it from others; empty: nobody
	Issuer *Issuer
	Preset string           // the context; empty: the issuer's
	Claims Claims           // what is particular to this workload, over the preset's
	Base   string           // the URL of the API's Handler, without a slash at its end
	Plain  string           // host:port of its plain HTTP listener, where Native.Plain wants one
	CA     []byte           // the root certificate behind Base, PEM; nil: Base is not https
	Now    func() time.Time // the issuers' clock
	Rand   io.Reader        // for credentials; safe for concurrent use

	// Dir makes a folder for files and sockets at its first call and returns its path; it is removed with the workload.
	// The error is that there can be none, as in a container. It is safe for concurrent use.
	Dir func() (string, error)

	// Env are the variables that the workload's user sets, for a platform that takes settings so; it must not change
	// them. That they are in the workload's environment too is the caller's business.
	Env map[string]string

	// Serve publishes the documents of another issuer of the platform's, such as one of Issuer.At; it does nothing
	// where an issuer with the same keys has that URL already, and fails where one with other keys has. Nil: nobody
	// publishes anything.
	Serve func(*Issuer) error

	// Find returns the issuer at a URL of the same world, for a platform that takes the tokens of other issuers; nil:
	// there is none. A nil function finds none either.
	Find func(issuerURL string) *Issuer

	// Alarm returns a channel that is closed when Now has reached a time, also because somebody has moved the clock;
	// whoever waits no longer calls cancel. Nil: the clock is never moved, and real time does. Use Until.
	Alarm func(at time.Time) (reached <-chan struct{}, cancel func())

	// Ending is closed when the workload ends, before anything of it is taken away: an answer that is held back is
	// given then. Nil: nobody tells.
	Ending <-chan struct{}

	// Record journals a call that does not come through the API's Handler, by its route, the User-Agent of the caller
	// and the HTTP status that says how it was answered; nil: nobody asks.
	Record func(route, agent string, status int)

	// Begin tells that such a call is being answered until end is called; nil: nobody asks.
	Begin func() (end func())
}

// Mint mints for the workload: what the request leaves open is the workload's.
func (w Workload) Mint(req Request) (Token, error) { return w.Issuer.Mint(w.complete(req)) }

// Sample is to Issuer.Sample as Mint is to Issuer.Mint: for what the workload's tokens say.
func (w Workload) Sample(req Request) (Token, error) { return w.Issuer.Sample(w.complete(req)) }

// complete gives a request what it leaves open.
func (w Workload) complete(req Request) Request {
	if req.Preset == "" {
		req.Preset = w.Preset
	}
	req.Workload = w.ID
	req.Claims = merge(w.Claims, req.Claims)
	return req
}

// Until is Alarm, or does the same by real time where there is none.
func (w Workload) Until(at time.Time) (reached <-chan struct{}, cancel func()) {
	if w.Alarm != nil {
		return w.Alarm(at)
	}
	passed := make(chan struct{})
	timer := time.AfterFunc(at.Sub(w.Now()), func() { close(passed) })
	return passed, func() { timer.Stop() }
}

// prolonged is what an answer that was held back may still take.
const prolonged = time.Minute

// Prolong lets the answer to a request take longer than a server's timeouts for it allow: a wait, and a minute to write
// the answer in. Connections know real time alone. Where a writer has no deadlines, as in a test, there is nothing to
// prolong.
//
// The deadline for reading counts too: a server that reads ahead while a handler runs takes its end for that of the
// connection, and ends the request's context.
func Prolong(w http.ResponseWriter, wait time.Duration) error {
	end := time.Now().Add(wait + prolonged)
	connection := http.NewResponseController(w)
	if err := errors.Join(connection.SetReadDeadline(end), connection.SetWriteDeadline(end)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("issuer: prolong an answer: %w", err)
	}
	return nil
}

// API is the token API of one workload.
type API struct {
	Handler http.Handler // below Workload.Base and on the plain listener; nil: there is none

	// Env is what the platform puts into the environment of the workload's process: where the API is, and the
	// credential for it; or, where there is no API, tokens for the audience (empty: the platform's usual one). It is
	// safe for concurrent use.
	Env func(audience string) (map[string]string, error)

	// Renew does what the platform does for a workload while time passes, such as writing a new token into a file
	// before the old one has expired, if it is due by Workload.Now. It returns when it wants to be called next, the
	// zero time for never. A farm calls it when that time has come, and whenever it moves the clock. It is safe for
	// concurrent use; nil: there is nothing to do.
	Renew func() (next time.Time, err error)

	// Close ends what New started; nil: nothing.
	Close func() error
}

// Found is what a workload finds in its environment.
type Found struct {
	Base string            // Workload.Base as the client sees it
	Env  map[string]string // of API.Env
	Now  time.Time         // by the issuers' clock, for platforms whose clients sign their requests with the time
}

// Format names the variables, not their values, whatever the verb: there are credentials among them.
func (f Found) Format(to fmt.State, _ rune) {
	fmt.Fprintf(to, "found %s with %s", f.Base, strings.Join(slices.Sorted(maps.Keys(f.Env)), " "))
}

// LogValue keeps the credentials out of logs.
func (f Found) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(f)) }

// Refused is a token API's answer when it gives no token.
type Refused struct {
	Status  int    // of HTTP, or 0 where the protocol has none
	Message string // what the user of the real platform would see; never a credential
}

// Error says what the platform said.
func (r *Refused) Error() string { return r.Message }
