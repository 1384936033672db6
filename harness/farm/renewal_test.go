package farm_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// timers is a real time that a test moves, with the timers set on it.
type timers struct {
	mu  sync.Mutex
	now time.Time
	all []*timer
}

type timer struct {
	at time.Time
	f  func() // nil: it was stopped, or it has fired
}

func (s *timers) time() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *timers) after(d time.Duration, f func()) func() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	set := &timer{at: s.now.Add(d), f: f}
	s.all = append(s.all, set)
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		running := set.f != nil
		set.f = nil
		return running
	}
}

// pass lets time pass: what is due fires, in this goroutine.
func (s *timers) pass(d time.Duration) {
	s.mu.Lock()
	s.now = s.now.Add(d)
	var due []func()
	for _, set := range s.all {
		if set.f != nil && !set.at.After(s.now) {
			due = append(due, set.f)
			set.f = nil
		}
	}
	s.mu.Unlock()
	for _, f := range due {
		f()
	}
}

// left are the times until the timers that are set.
func (s *timers) left() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []time.Duration
	for _, set := range s.all {
		if set.f != nil {
			left = append(left, set.at.Sub(s.now))
		}
	}
	return left
}

// projected is a farm with a pod whose token lives for an hour, and the path of the file that it is in.
func projected(t *testing.T, log *bytes.Buffer) (s *farm.Server, w *farm.World, clock *timers, path string) {
	t.Helper()
	clock = &timers{now: fixed}
	s = start(t, farm.Options{
		Now: clock.time, After: clock.after, Log: slog.New(slog.NewTextHandler(log, nil)), Addr: map[plane.Plane]string{plane.Workload: free},
	})
	w = newWorld(t, s, control.WorldSpec{Skew: control.Duration(-time.Minute)})
	addIssuer(t, w, control.IssuerSpec{Platform: "kubernetes"})
	started, err := w.StartWorkload(control.WorkloadSpec{Issuer: "https://contosok8s.blob.core.windows.net/oidc/"})
	if err != nil {
		t.Fatal(err)
	}
	return s, w, clock, started.Env["AZURE_FEDERATED_TOKEN_FILE"]
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// due is when a token of an hour is replaced: just after 80 % of its life.
const due = 48*time.Minute + 1

// TestRenewal follows a projected token while time passes and while it is moved.
func TestRenewal(t *testing.T) {
	t.Parallel()
	s, w, clock, path := projected(t, new(bytes.Buffer))
	pass := func(d time.Duration) { clock.pass(d) }
	advance := func(d time.Duration) {
		if _, err := w.SetClock(control.ClockSpec{Advance: control.Duration(d)}); err != nil {
			t.Fatal(err)
		}
	}
	for n, tt := range []struct {
		move func(time.Duration)
		by   time.Duration
		anew bool
		left time.Duration // until the next one
	}{
		{pass, 0, false, due},
		{pass, due - 1, false, 1},
		{pass, 1, true, due},
		{advance, time.Minute, false, due - time.Minute},
		{pass, time.Minute, false, due - 2*time.Minute},
		{advance, due - 2*time.Minute, true, due},
		{advance, 24 * time.Hour, true, due},
		{pass, due, true, due},
	} {
		before := readFile(t, path)
		tt.move(tt.by)
		if anew := readFile(t, path) != before; anew != tt.anew {
			t.Errorf("step %d: the file has a new token: %v, want %v", n, anew, tt.anew)
		}
		if left := clock.left(); len(left) != 1 || left[0] != tt.left {
			t.Errorf("step %d: timers in %v, want one in %v", n, left, tt.left)
		}
	}

	client := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	if err := client.DeleteWorld(t.Context(), w.Describe().ID); err != nil {
		t.Fatal(err)
	}
	if left := clock.left(); len(left) != 0 {
		t.Errorf("after the end of the world timers in %v, want none", left)
	}
}

// TestRenewalFails tries again in a minute, and tells the log without telling it a token.
func TestRenewalFails(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	_, _, clock, path := projected(t, &log)
	token, volume := readFile(t, path), filepath.Dir(path)
	if err := os.Rename(volume, volume+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(volume, nil, 0o600); err != nil { // in the place of the folder
		t.Fatal(err)
	}
	clock.pass(due)
	if left := clock.left(); len(left) != 1 || left[0] != time.Minute {
		t.Errorf("after a failure timers in %v, want one in a minute", left)
	}
	if said := log.String(); !strings.Contains(said, "a workload was not renewed") || strings.Contains(said, strings.Split(token, ".")[1]) {
		t.Errorf("the log says %q, want the failure and no token", said)
	}
	if err := os.Remove(volume); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(volume+".away", volume); err != nil {
		t.Fatal(err)
	}
	clock.pass(time.Minute)
	if readFile(t, path) == token {
		t.Error("a minute later the file has the old token, want a new one")
	}
	if left := clock.left(); len(left) != 1 || left[0] != due {
		t.Errorf("timers in %v, want one in %v", left, due)
	}
}

// TestRoot: the API server of a cluster has no path in its address, and certificates like the rest of the farm.
func TestRoot(t *testing.T) {
	t.Parallel()
	s, w := workloadFarm(t)
	addIssuer(t, w, control.IssuerSpec{Platform: "kubernetes"})
	started, err := w.StartWorkload(control.WorkloadSpec{Issuer: "https://contosok8s.blob.core.windows.net/oidc/", Base: "https://farm.example:1234"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(started.Base, "https://127.0.0.1:") || strings.Count(started.Base, "/") != 2 {
		t.Errorf("base %q, want an address of this machine without a path", started.Base)
	}
	document(t, canonical(s, w.Describe().ID), started.Base+"/version")
	client := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	if err := client.DeleteWorld(t.Context(), w.Describe().ID); err != nil {
		t.Fatal(err)
	}
	if response, err := canonical(s, "default").Get(started.Base + "/version"); err == nil {
		_ = response.Body.Close()
		t.Error("the API server still answers after the end of its world")
	}
}
