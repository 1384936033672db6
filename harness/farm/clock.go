package farm

import (
	"fmt"
	"sync/atomic"
	"time"
)

// clock is the real time moved by an offset, so that virtual time flows. It is safe for concurrent use.
type clock struct {
	real   func() time.Time
	offset atomic.Int64
}

// maxOffset is how far a clock may be from the real one, in either direction: a hundred years of 365 days.
const maxOffset = 100 * 365 * 24 * time.Hour

// newClock returns a clock that says start now; the zero time means the real one.
func newClock(real func() time.Time, start time.Time) (*clock, error) {
	c := &clock{real: real}
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
			return nil
		}
	}
}
