package farm

import (
	"sync/atomic"
	"time"
)

// clock is the real time moved by an offset, so that virtual time flows. It is safe for concurrent use.
type clock struct {
	real   func() time.Time
	offset atomic.Int64
}

// newClock returns a clock that says start now; the zero time means the real one.
func newClock(real func() time.Time, start time.Time) *clock {
	c := &clock{real: real}
	if !start.IsZero() {
		c.offset.Store(int64(start.Sub(real())))
	}
	return c
}

func (c *clock) now() time.Time { return c.real().Add(time.Duration(c.offset.Load())) }

func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }
