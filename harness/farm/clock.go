package farm

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/issuerd/issuerd/harness/control"
)

// AfterFunc calls f in a goroutine of its own when d of the real time has passed, unless stop is called before; see
// time.AfterFunc.
type AfterFunc func(d time.Duration, f func()) (stop func() bool)

// clock is the real time moved by an offset, so that virtual time flows, or a time that stands still. It is safe for
// concurrent use.
type clock struct {
	real  func() time.Time
	after AfterFunc
	state atomic.Pointer[clockState]

	mu     sync.Mutex // held by those who change the state or an alarm
	alarms map[*alarm]bool
}

// clockState is what a clock goes by. It is replaced, never changed.
type clockState struct {
	offset time.Duration // against the real time
	frozen bool
	at     time.Time // what a frozen clock says
}

// alarm is a time that somebody waits for.
type alarm struct {
	at      time.Time
	reached chan struct{}
	stop    func() bool // of the timer for it
}

// newClock returns a clock that says start now; the zero time means the real one.
func newClock(real func() time.Time, after AfterFunc, start time.Time, frozen bool) (*clock, error) {
	c := &clock{real: real, after: after, alarms: map[*alarm]bool{}}
	c.state.Store(new(clockState))
	if !start.IsZero() && start.Sub(real()).Abs() > control.MaxClockOffset {
		return nil, control.TooFar("start", "start "+start.Format(time.RFC3339))
	}
	return c, c.change(control.ClockSpec{Set: start, Freeze: &frozen}, func(clockState) error { return nil })
}

func (c *clock) now() time.Time { return c.state.Load().now(c.real) }

func (s *clockState) now(real func() time.Time) time.Time {
	if s.frozen {
		return s.at
	}
	return real().Add(s.offset)
}

// frozen tells whether the clock stands still.
func (c *clock) frozen() bool { return c.state.Load().frozen }

// change sets the clock, moves it on, stops it or has it go on, as one change, after that was kept; or it changes
// nothing.
func (c *clock) change(spec control.ClockSpec, keep func(clockState) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	real := c.real()
	before := c.state.Load()
	now := before.now(func() time.Time { return real })
	if !spec.Set.IsZero() {
		now = spec.Set
		if now.Sub(real).Abs() > control.MaxClockOffset {
			return control.TooFar("set", "set to "+now.Format(time.RFC3339))
		}
	}
	d := time.Duration(spec.Advance)
	if d < 0 {
		return &control.Error{Status: http.StatusBadRequest, Member: "advance", Message: fmt.Sprintf("farm: advance by %s: a clock only goes forward; set it to go back", spec.Advance)}
	}
	if d > control.MaxClockOffset || now.Add(d).Sub(real) > control.MaxClockOffset {
		return control.TooFar("advance", "advance by "+spec.Advance.String())
	}
	now = now.Add(d)
	after := &clockState{frozen: before.frozen}
	if spec.Freeze != nil {
		after.frozen = *spec.Freeze
	}
	if after.frozen {
		after.at = now
	} else {
		after.offset = now.Sub(real)
	}
	if err := keep(*after); err != nil {
		return err
	}
	c.state.Store(after)
	for a := range c.alarms {
		c.set(a)
	}
	return nil
}

// alarm returns a channel that is closed when the clock says at or later, because time passes or because it is moved.
// While the clock stands still, time does not pass. Whoever waits no longer calls cancel.
func (c *clock) alarm(at time.Time) (reached <-chan struct{}, cancel func()) {
	a := &alarm{at: at, reached: make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alarms[a] = true
	c.set(a)
	return a.reached, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.forget(a)
	}
}

// set rings an alarm whose time has come, or sets the timer for it anew. The caller holds mu.
func (c *clock) set(a *alarm) {
	left := a.at.Sub(c.now())
	if left <= 0 {
		c.forget(a)
		close(a.reached)
		return
	}
	if a.stop != nil {
		a.stop()
	}
	if c.frozen() {
		return // whoever sets the clock free sets the alarm
	}
	a.stop = c.after(left, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.alarms[a] {
			c.set(a) // which may find that the timer was early
		}
	})
}

// forget takes an alarm away. The caller holds mu.
func (c *clock) forget(a *alarm) {
	if a.stop != nil {
		a.stop()
	}
	delete(c.alarms, a)
}
