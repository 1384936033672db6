package farm_test

import (
	"bytes"
	"errors"
	"math"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

func setClock(t *testing.T, w *farm.World, spec control.ClockSpec) control.World {
	t.Helper()
	world, err := w.SetClock(spec)
	if err != nil {
		t.Fatal(err)
	}
	return world
}

// TestSetClock sets, moves, stops and frees the clock of a world while the real time passes.
func TestSetClock(t *testing.T) {
	t.Parallel()
	real := &timers{now: fixed}
	s := start(t, farm.Options{Now: real.time, After: real.after})
	w, other := newWorld(t, s, control.WorldSpec{Skew: control.Duration(time.Minute)}), newWorld(t, s, control.WorldSpec{Frozen: true})
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	begin := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	hour := control.Duration(time.Hour)
	for n, step := range []struct {
		spec   control.ClockSpec
		pass   time.Duration // of the real time, afterwards
		now    time.Time     // then
		frozen bool
	}{
		{control.ClockSpec{}, time.Second, fixed.Add(time.Second), false},
		{control.ClockSpec{Set: begin}, time.Second, begin.Add(time.Second), false},
		{control.ClockSpec{Freeze: new(true)}, time.Hour, begin.Add(time.Second), true},
		{control.ClockSpec{Advance: hour}, time.Hour, begin.Add(time.Hour + time.Second), true},
		{control.ClockSpec{Set: begin}, time.Hour, begin, true},
		{control.ClockSpec{Freeze: new(false)}, time.Hour, begin.Add(time.Hour), false},
		{control.ClockSpec{Set: fixed, Advance: hour, Freeze: new(true)}, time.Minute, fixed.Add(time.Hour), true},
		{control.ClockSpec{Set: begin, Freeze: new(false)}, time.Minute, begin.Add(time.Minute), false},
		{control.ClockSpec{Set: fixed.AddDate(-90, 0, 0)}, 0, fixed.AddDate(-90, 0, 0), false},
	} {
		setClock(t, w, step.spec)
		real.pass(step.pass)
		if got := w.Describe(); !got.Now.Equal(step.now) || got.Frozen != step.frozen {
			t.Errorf("step %d: now %s, frozen %t, want %s, %t", n, got.Now, got.Frozen, step.now, step.frozen)
		}
		if got, want := mint(t, w, githubURL, subject).Claims["iat"], step.now.Add(time.Minute).Unix(); got != want {
			t.Errorf("step %d: iat %v, want %d", n, got, want)
		}
	}
	if got := other.Describe(); !got.Now.Equal(fixed) || !got.Frozen {
		t.Errorf("the other world: %s, frozen %t, want it as at its start", got.Now, got.Frozen)
	}

	before := w.Describe().Now
	for name, spec := range map[string]control.ClockSpec{
		"too late":              {Set: fixed.AddDate(101, 0, 0), Freeze: new(true)},
		"too early":             {Set: time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)},
		"moved back":            {Set: begin, Advance: -1},
		"moved too far":         {Set: fixed.AddDate(99, 0, 0), Advance: control.Duration(2 * 365 * 24 * time.Hour)},
		"moved by all there is": {Advance: math.MaxInt64},
	} {
		_, err := w.SetClock(spec)
		var refused *control.Error
		if !errors.As(err, &refused) || refused.Status != http.StatusBadRequest || refused.Member == "" {
			t.Errorf("%s: error %v, want one about a member", name, err)
		}
		if got := w.Describe(); !got.Now.Equal(before) || got.Frozen {
			t.Errorf("%s: now %s, frozen %t, want no change", name, got.Now, got.Frozen)
		}
	}
}

// TestClockAtOnce has callers change one clock at the same time: each change is whole.
func TestClockAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Now: func() time.Time { return fixed }})
	w := newWorld(t, s, control.WorldSpec{Frozen: true})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if _, err := w.SetClock(control.ClockSpec{Advance: control.Duration(time.Second)}); err != nil {
					t.Error(err)
				}
				_ = w.Describe()
			}
		})
	}
	wg.Wait()
	if got, want := w.Describe().Now, fixed.Add(400*time.Second); !got.Equal(want) {
		t.Errorf("now %s, want %s", got, want)
	}
	for range 8 {
		wg.Go(func() {
			for n := range 50 {
				setClock(t, w, control.ClockSpec{Set: fixed.Add(time.Duration(n) * time.Hour), Advance: control.Duration(time.Minute), Freeze: new(true)})
				if now := w.Describe().Now; now.Minute() != 1 {
					t.Errorf("now %s, want a minute past the hour", now)
				}
			}
		})
	}
	wg.Wait()
}

// TestFrozenRenewal follows a projected token while the world's clock stands still: no real time renews it.
func TestFrozenRenewal(t *testing.T) {
	t.Parallel()
	_, w, clock, path := projected(t, new(bytes.Buffer))
	for n, step := range []struct {
		spec control.ClockSpec
		pass time.Duration
		anew bool
		left []time.Duration // until the next renewal
	}{
		{control.ClockSpec{Freeze: new(true)}, 24 * time.Hour, false, nil},
		{control.ClockSpec{Advance: control.Duration(due - 1)}, time.Hour, false, nil},
		{control.ClockSpec{Advance: 1}, 0, true, nil},
		{control.ClockSpec{Freeze: new(false)}, 0, false, []time.Duration{due}},
		{control.ClockSpec{}, due, true, []time.Duration{due}},
		{control.ClockSpec{Set: fixed.Add(-time.Hour)}, 0, false, []time.Duration{due + time.Hour + 2*due}},
	} {
		before := readFile(t, path)
		setClock(t, w, step.spec)
		clock.pass(step.pass)
		if anew := readFile(t, path) != before; anew != step.anew {
			t.Errorf("step %d: the file has a new token: %v, want %v", n, anew, step.anew)
		}
		left := clock.left()
		if len(left) != len(step.left) || len(left) > 0 && left[0] != step.left[0] {
			t.Errorf("step %d: timers in %v, want %v", n, left, step.left)
		}
	}
}

// TestFrozenPoll lets no real time end an answer that is held back while the clock stands still.
func TestFrozenPoll(t *testing.T) {
	t.Parallel()
	begin := time.Now() // which the client goes by
	real := &timers{now: begin}
	s := start(t, farm.Options{Now: real.time, After: real.after, Addr: map[plane.Plane]string{plane.Workload: free}})
	w := newWorld(t, s, control.WorldSpec{Frozen: true})
	addIssuer(t, w, control.IssuerSpec{Platform: "gcp"})
	started, err := w.StartWorkload(control.WorkloadSpec{Issuer: "gcp"})
	if err != nil {
		t.Fatal(err)
	}
	answered := startPoll(t, w, trusting(s), started.Base)
	real.pass(48 * time.Hour) // twice what the poll waits for
	setClock(t, w, control.ClockSpec{Set: begin.Add(-time.Hour), Freeze: new(false)})
	real.pass(24 * time.Hour)
	if farm.Waiting(w) != 1 {
		t.Fatal("the poll does not wait any more")
	}
	real.pass(time.Hour)
	if got := <-answered; got != "200 contoso-prod HTTP/1.1" {
		t.Errorf("%s, want the value", got)
	}
}

// TestClockBackAtEntra sets the clock back over what Entra has cached: it does not go by keys of a time to come.
func TestClockBackAtEntra(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Now: func() time.Time { return fixed }})
	w := newWorld(t, s, control.WorldSpec{})
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	app := addApp(t, w, githubURL, subject)
	code := func() int {
		t.Helper()
		token := mint(t, w, githubURL, subject).Token
		return exchange(t.Context(), t, canonical(s, w.Describe().ID), app.Tenant, app.ClientID, token).code()
	}
	setClock(t, w, control.ClockSpec{Set: fixed.AddDate(4, 0, 0)})
	early := mint(t, w, githubURL, subject)
	if got := code(); got != 0 {
		t.Fatalf("at first: AADSTS%d", got)
	}
	entries := len(w.Journal(control.JournalQuery{}).Entries)
	setClock(t, w, control.ClockSpec{Set: fixed})
	if _, err := w.Rotate(control.RotateSpec{Issuer: "github"}); err != nil {
		t.Fatal(err)
	}
	if got := code(); got != 0 {
		t.Errorf("set back, and a new key: AADSTS%d, want a token", got)
	}
	if got := exchange(t.Context(), t, canonical(s, w.Describe().ID), app.Tenant, app.ClientID, early.Token).code(); got != 700024 {
		t.Errorf("a token of a time to come: AADSTS%d, want 700024", got)
	}
	journal := w.Journal(control.JournalQuery{SignIns: true}).Entries
	if len(journal) != 3 || journal[0].Seq > entries || !journal[0].Time.After(journal[1].Time) {
		t.Errorf("%d sign-ins, want the first to stay with its time", len(journal))
	}
}
