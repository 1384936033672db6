package farm

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// AfterFunc calls f in a goroutine of its own when d of the real time has passed, unless stop is called before; see
// time.AfterFunc.
type AfterFunc func(d time.Duration, f func()) (stop func() bool)

// clock is the real time moved by an offset, so that virtual time flows. It is safe for concurrent use.
type clock struct {
	real   func() time.Time
	after  AfterFunc
	offset atomic.Int64

	mu     sync.Mutex
	alarms map[*alarm]bool
}

// alarm is a time that somebody waits for.
type alarm struct {
	at      time.Time
	reached chan struct{}
	stop    func() bool // of the timer for it
}

// maxOffset is how far a clock may be from the real one, in either direction: a hundred years of 365 days.
const maxOffset = 100 * 365 * 24 * time.Hour

// newClock returns a clock that says start now; the zero time means the real one.
func newClock(real func() time.Time, after AfterFunc, start time.Time) (*clock, error) {
	c := &clock{real: real, after: after, alarms: map[*alarm]bool{}}
	if !start.IsZero() {
		offset := start.Sub(real()) // as far as a Duration goes when start is farther off
		if offset.Abs() > maxOffset {
			return nil, fmt.Errorf("farm: start %s: a clock can't be more than 100 years off", start.Format(time.RFC3339))
		}
		c.offset.Store(int64(offset))
	}
	return c, nil
}

func (c *clock) now() time.Time { return c.real().Add(time.Duration(c.offset.Load())) }

// advance moves the clock on.
func (c *clock) advance(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("farm: advance by %s: a clock only goes forward", d)
	}
	for {
		before := c.offset.Load()
		if d > maxOffset || before+int64(d) > int64(maxOffset) {
			return fmt.Errorf("farm: advance by %s: a clock can't be more than 100 years off", d)
		}
		if c.offset.CompareAndSwap(before, before+int64(d)) {
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for a := range c.alarms {
		c.set(a)
	}
	return nil
}

// alarm returns a channel that is closed when the clock says at or later, because time passes or because it is moved.
// Whoever waits no longer calls cancel.
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
