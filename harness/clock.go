package harness

import (
	"time"

	"github.com/issuerd/issuerd/harness/control"
)

// Now is what Entra's clock says: for a verifier that is to share it.
func (f *Farm) Now() time.Time { return f.world.Describe().Now }

// Advance moves the farm's clocks on. What platforms do for their workloads in that time is done when it returns.
func (f *Farm) Advance(d time.Duration) error {
	return f.setClock(control.ClockSpec{Advance: control.Duration(d)})
}

// SetNow sets Entra's clock, and the issuers' with it, also to a time before. That takes back nothing that was done:
// tokens, the directory and the journal keep their times. Entra forgets keys that it fetched at a time to come.
func (f *Farm) SetNow(now time.Time) error { return f.setClock(control.ClockSpec{Set: now}) }

// Freeze has the farm's clocks stand still. What waits for a time then waits until they are moved there, or are set free
// and get there.
func (f *Farm) Freeze() error { return f.setClock(control.ClockSpec{Freeze: new(true)}) }

// Unfreeze has the farm's clocks go on from where they are, as the real one does.
func (f *Farm) Unfreeze() error { return f.setClock(control.ClockSpec{Freeze: new(false)}) }

func (f *Farm) setClock(spec control.ClockSpec) error {
	_, err := change(f, func() (control.World, error) { return f.world.SetClock(spec) })
	return err
}
