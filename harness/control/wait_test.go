package control_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
)

// journalWorld is a world with nothing but a journal, and the control plane that it is on. Its clock is the test's.
type journalWorld struct {
	control.LiveWorld

	mu      sync.Mutex
	entries []control.Entry
	dropped int
	changed chan struct{}
	ended   bool

	looked  chan struct{}      // somebody has looked at the journal
	asked   chan time.Duration // somebody waits for so long
	timeout func()             // of the last who waits
	stopped chan struct{}      // somebody waits no longer
}

func newJournalWorld() *journalWorld {
	return &journalWorld{changed: make(chan struct{}), looked: make(chan struct{}, 100), asked: make(chan time.Duration, 100), stopped: make(chan struct{}, 100)}
}

func (w *journalWorld) Journal(q control.JournalQuery) control.Journal {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() { w.looked <- struct{}{} }()
	found := control.Journal{Entries: []control.Entry{}, Last: len(w.entries), Dropped: w.dropped}
	w.dropped = 0
	for _, e := range w.entries[min(q.After, len(w.entries)):] {
		if q.Route == "" || q.Route == e.Route {
			found.Entries = append(found.Entries, e)
		}
	}
	return found
}

func (w *journalWorld) JournalChanged() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed
}

// add adds an entry for a route.
func (w *journalWorld) add(route string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.entries = append(w.entries, control.Entry{Seq: len(w.entries) + 1, Route: route})
	close(w.changed)
	w.changed = make(chan struct{})
}

// end ends the world.
func (w *journalWorld) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	close(w.changed)
}

func (w *journalWorld) serve(t *testing.T) (client *control.Client, stop func()) {
	t.Helper()
	stopping := make(chan struct{})
	api := &control.Server{
		Token: token, Stopping: stopping,
		World: func(string) (control.LiveWorld, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.ended {
				return nil, &control.Error{Status: http.StatusNotFound, Message: "no such world"}
			}
			return w, nil
		},
		After: func(d time.Duration, f func()) func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.timeout = f
			w.asked <- d
			return func() bool {
				w.stopped <- struct{}{}
				return true
			}
		},
	}
	server := httptest.NewServer(api.Handler())
	t.Cleanup(server.Close)
	return &control.Client{URL: server.URL, Token: token}, func() { close(stopping) }
}

// answer is what came of a request that waits.
type answer struct {
	journal control.Journal
	err     error
}

// wait begins to wait for the next entry for a route, and returns when the journal has been looked at.
func (w *journalWorld) wait(ctx context.Context, client *control.Client, q control.JournalQuery) <-chan answer {
	answered := make(chan answer, 1)
	go func() {
		journal, err := client.Journal(ctx, "x", q)
		answered <- answer{journal, err}
	}()
	<-w.looked
	return answered
}

// TestWaitForEntry waits for an entry that matches, beside one that does not.
func TestWaitForEntry(t *testing.T) {
	t.Parallel()
	w := newJournalWorld()
	client, _ := w.serve(t)
	w.add("jwks")
	q := control.JournalQuery{Route: "jwks", After: 1, Wait: 20 * time.Second}
	first, second := w.wait(t.Context(), client, q), w.wait(t.Context(), client, q)
	if asked := <-w.asked; asked != q.Wait {
		t.Errorf("it waits for %s, want %s", asked, q.Wait)
	}
	w.add("discovery")
	<-w.looked
	<-w.looked
	select {
	case got := <-first:
		t.Fatalf("an answer before there is an entry that matches: %+v, %v", got.journal, got.err)
	default:
	}
	w.add("jwks")
	for _, answered := range []<-chan answer{first, second} {
		got := <-answered
		want := control.Journal{Entries: []control.Entry{{Seq: 3, Route: "jwks"}}, Last: 3}
		if diff := cmp.Diff(want, got.journal); diff != "" || got.err != nil {
			t.Errorf("error %v, journal (-want +got):\n%s", got.err, diff)
		}
	}
}

// TestWaitInVain waits for entries that do not come, and says how far it has looked and what it has missed.
func TestWaitInVain(t *testing.T) {
	t.Parallel()
	q := control.JournalQuery{Route: "jwks", Wait: time.Second}
	t.Run("until the time is over", func(t *testing.T) {
		t.Parallel()
		w := newJournalWorld()
		client, _ := w.serve(t)
		w.dropped = 2
		answered := w.wait(t.Context(), client, q)
		w.mu.Lock()
		w.dropped = 3
		w.mu.Unlock()
		w.add("discovery")
		<-w.looked
		w.timeout()
		got := <-answered
		if diff := cmp.Diff(control.Journal{Entries: []control.Entry{}, Last: 1, Dropped: 5}, got.journal); diff != "" || got.err != nil {
			t.Errorf("error %v, journal (-want +got):\n%s", got.err, diff)
		}
	})
	t.Run("until the process stops", func(t *testing.T) {
		t.Parallel()
		w := newJournalWorld()
		client, stop := w.serve(t)
		answered := w.wait(t.Context(), client, q)
		stop()
		if got := <-answered; got.err != nil || len(got.journal.Entries) != 0 {
			t.Errorf("%+v, %v; want an empty answer", got.journal, got.err)
		}
	})
	t.Run("until the world ends", func(t *testing.T) {
		t.Parallel()
		w := newJournalWorld()
		client, _ := w.serve(t)
		answered := w.wait(t.Context(), client, q)
		w.end()
		if got := <-answered; status(got.err) != http.StatusNotFound {
			t.Errorf("%+v, %v; want a 404", got.journal, got.err)
		}
	})
	t.Run("until the client goes", func(t *testing.T) {
		t.Parallel()
		w := newJournalWorld()
		client, _ := w.serve(t)
		ctx, cancel := context.WithCancel(t.Context())
		answered := w.wait(ctx, client, q)
		cancel()
		if got := <-answered; !errors.Is(got.err, context.Canceled) {
			t.Errorf("%+v, %v; want %v", got.journal, got.err, context.Canceled)
		}
	})
}

// TestFollow follows a journal, and is told what it missed.
func TestFollow(t *testing.T) {
	t.Parallel()
	w := newJournalWorld()
	client, _ := w.serve(t)
	w.add("jwks")
	w.add("discovery")
	enough := errors.New("enough")
	var got []control.Journal
	err := client.Follow(t.Context(), "x", control.JournalQuery{Route: "jwks"}, func(part control.Journal) error {
		got = append(got, part)
		if len(got) == 2 {
			return enough
		}
		w.mu.Lock()
		w.dropped = 7
		w.mu.Unlock()
		w.add("jwks")
		return nil
	})
	want := []control.Journal{
		{Entries: []control.Entry{{Seq: 1, Route: "jwks"}}, Last: 2},
		{Entries: []control.Entry{{Seq: 3, Route: "jwks"}}, Last: 3, Dropped: 7},
	}
	if diff := cmp.Diff(want, got); diff != "" || !errors.Is(err, enough) {
		t.Errorf("error %v, parts (-want +got):\n%s", err, diff)
	}
	w.end()
	if err := client.Follow(t.Context(), "x", control.JournalQuery{}, nil); status(err) != http.StatusNotFound {
		t.Errorf("when the world has ended: %v, want a 404", err)
	}
}
