package farm_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// startWait waits for an entry of a world's journal over the control plane, and returns when the farm waits. On a busy
// machine the farm may end the request before it has read it, as it gives one little time: then it is sent again.
func startWait(t *testing.T, s *farm.Server, world string, asked <-chan time.Duration) (answered chan error) {
	t.Helper()
	client := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	answered = make(chan error, 1)
	ask := func() {
		_, err := client.Journal(t.Context(), world, control.JournalQuery{Wait: time.Minute})
		answered <- err
	}
	go ask()
	for {
		select {
		case d := <-asked:
			if d == time.Minute {
				return answered
			}
		case err := <-answered:
			if err == nil || t.Context().Err() != nil {
				t.Fatalf("answered with error %v before the farm waited", err)
			}
			go ask()
		}
	}
}

// waitingFarm is a farm that gives a request little time, and tells what it sets timers for, none of which rings.
func waitingFarm(t *testing.T) (*farm.Server, <-chan time.Duration) {
	t.Helper()
	asked := make(chan time.Duration, 100)
	return start(t, farm.Options{
		Timeout: shortTime, Addr: map[plane.Plane]string{plane.Control: free},
		After: func(d time.Duration, _ func()) func() bool {
			asked <- d
			return func() bool { return true }
		},
	}), asked
}

// TestJournalWait waits for an entry for longer than the server gives a request.
func TestJournalWait(t *testing.T) {
	t.Parallel()
	s, asked := waitingFarm(t)
	w := newWorld(t, s, control.WorldSpec{})
	iss := addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	answered := startWait(t, s, w.Describe().ID, asked)
	outlast(t, s.Addr(plane.Control))
	select {
	case err := <-answered:
		t.Fatalf("answered with error %v, although nothing has happened", err)
	default:
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, iss.JWKS, nil)
	req.Header.Set(plane.WorldHeader, w.Describe().ID)
	s.Handler(plane.Issuer).ServeHTTP(httptest.NewRecorder(), req)
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

// TestJournalWaitEnds waits for an entry in a world that ends, and in one of a farm that stops.
func TestJournalWaitEnds(t *testing.T) {
	t.Parallel()
	s, asked := waitingFarm(t)
	w := newWorld(t, s, control.WorldSpec{})
	answered := startWait(t, s, w.Describe().ID, asked)
	client := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	if err := client.DeleteWorld(t.Context(), w.Describe().ID); err != nil {
		t.Fatal(err)
	}
	var refusal *control.Error
	if err := <-answered; !errors.As(err, &refusal) || refusal.Status != http.StatusNotFound {
		t.Errorf("when the world has ended: %v, want a 404", err)
	}
	answered = startWait(t, s, control.DefaultWorld, asked)
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-answered; err != nil {
		t.Errorf("when the farm stops: %v, want an answer", err)
	}
}
