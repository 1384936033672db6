package issuer

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Visit is a request to a farm as the farm and those who answer it tell each other about it. Its fields are set before
// [Visit.Begin] and stay as they are. The zero value is ready for use, and it is safe for concurrent use.
type Visit struct {
	Workload string // the id of the workload whose token API is asked; empty: none's
	ClientID string // for whose sign-in Entra asks for a document; empty: it is not known, or somebody else asks

	// Now is the issuers' clock and Alarm waits by it, as Workload.Alarm does; nil: the real time.
	Now   func() time.Time
	Alarm func(at time.Time) (reached <-chan struct{}, cancel func())
	// Ending are closed when whoever answers ends, so that nothing is held back any longer.
	Ending []<-chan struct{}

	mu       sync.Mutex
	route    string
	injected []string
}

// visitKey is where a request's context has its visit.
type visitKey struct{}

// Begin returns the request with the visit in its context.
func (v *Visit) Begin(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
}

// visitOf is the visit of a request; nil: nobody asks.
func visitOf(r *http.Request) *Visit {
	if r == nil {
		return nil
	}
	v, _ := r.Context().Value(visitKey{}).(*Visit)
	return v
}

// Route is the name of the route that has answered; empty: none has.
func (v *Visit) Route() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.route
}

// Injected are the names of the faults that have changed the answer, in the order in which they did.
func (v *Visit) Injected() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.injected)
}

// Inject notes that a fault has changed the answer to a request.
func Inject(r *http.Request, fault string) {
	if v := visitOf(r); v != nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		if !slices.Contains(v.injected, fault) {
			v.injected = append(v.injected, fault)
		}
	}
}

// held is how long the connection of an answer that never comes is kept, for a client that has no timeout of its own.
const held = time.Hour

// Pause holds an answer back for a while, by the issuers' clock: when the clock stands still, until somebody moves it; for
// good if the time is negative. It tells whether the answer is still wanted: the time has come, the client has not gone,
// and the farm does not end.
//
// A sender who does not wait for so long is told so at once (see [PatienceHeader]), and Pause then panics with
// http.ErrAbortHandler.
func Pause(w http.ResponseWriter, r *http.Request, d time.Duration) (wanted bool) {
	refuseImpatient(w, r, d)
	if Prolong(w, max(d, held)) != nil {
		return false // the connection is gone
	}
	v := visitOf(r)
	if v == nil {
		v = new(Visit)
	}
	if d < 0 {
		return v.wait(r.Context(), nil)
	}
	until := Workload{Now: v.Now, Alarm: v.Alarm}
	if until.Now == nil {
		until.Now = time.Now
	}
	reached, cancel := until.Until(until.Now().Add(d))
	defer cancel()
	return v.wait(r.Context(), reached)
}

// wait waits until a channel is closed, and tells whether it was, and not the client or the farm that ended.
func (v *Visit) wait(ctx context.Context, reached <-chan struct{}) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, ending := range v.Ending {
		go func() {
			select {
			case <-ending:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	select {
	case <-reached:
		return true
	case <-ctx.Done():
		return false
	}
}
