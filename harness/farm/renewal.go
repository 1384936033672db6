package farm

import (
	"sync"
	"time"
)

// retryRenewal is how long after a failure the next try is.
const retryRenewal = time.Minute

// renewal is what a platform does for a workload while time passes.
type renewal struct {
	due func() (next time.Time, err error) // issuer.API's Renew

	mu    sync.Mutex
	stop  func() bool // of the timer for the next one; nil: there is none
	ended bool
}

// end stops the timer. A renewal that is under way is waited for.
func (r *renewal) end() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	if r.stop != nil {
		r.stop()
	}
	return nil
}

// renew has the platform do what is due by the issuers' clock, and sets the timer for the next time.
func (run *workload) renew() {
	r := &run.renewal
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.due == nil || r.ended {
		return
	}
	if r.stop != nil {
		r.stop()
	}
	opts := run.world.server.opts
	next, err := r.due()
	wait := next.Sub(run.world.issuerNow())
	switch {
	case err != nil:
		opts.Log.Warn("a workload was not renewed", "platform", run.platform, "error", err)
		wait = retryRenewal
	case next.IsZero() || run.world.clock.frozen():
		return // whoever moves the clock, or sets it free, renews
	}
	r.stop = opts.After(wait, run.renew)
}

// renewWorkloads has it done at once, after the clock was moved.
func (w *World) renewWorkloads() {
	w.server.mu.RLock()
	runs := make([]*workload, 0, len(w.workloads))
	for _, id := range w.workloads {
		runs = append(runs, w.server.workloads[id])
	}
	w.server.mu.RUnlock()
	for _, run := range runs {
		run.renew()
	}
}
