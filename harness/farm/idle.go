package farm

import (
	"errors"
	"sync"
	"time"

	"github.com/issuerd/issuerd/harness/control"
)

// usage is when a world was last used. It is safe for concurrent use.
type usage struct {
	mu    sync.Mutex
	open  int // requests that are being answered
	last  time.Time
	ended bool   // no request may begin
	after func() // called when the last request is answered, once ended is set; nil: nothing is to be done
}

// begin tells that a request is being answered until end is called.
func (u *usage) begin(now func() time.Time) (end func()) {
	u.count(1, now())
	return func() { u.count(-1, now()) }
}

func (u *usage) count(n int, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.open += n
	u.last = now
	u.finish()
}

// end lets no more requests begin, and calls a function when the last one is answered, which may be now.
func (u *usage) end(after func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ended, u.after = true, after
	u.finish()
}

// finish calls what is to be done at the end, once. The caller holds mu.
func (u *usage) finish() {
	if u.ended && u.open == 0 && u.after != nil {
		u.after()
		u.after = nil
	}
}

// over tells whether the world has ended. Whoever asks has begun: if it has not, the end waits for that request.
func (u *usage) over() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.ended
}

// idle is how long nothing has been asked of the world.
func (u *usage) idle(now time.Time) time.Duration {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.open > 0 {
		return 0
	}
	return now.Sub(u.last)
}

// endIdleWorlds ends those of clients that have gone without deleting them, and comes again when the next may have been
// idle for long enough.
func (s *Server) endIdleWorlds() {
	limit := s.opts.IdleWorlds
	if limit <= 0 {
		return
	}
	now, next := s.opts.Now(), limit
	ended := map[*World][]*workload{}
	s.mu.Lock()
	if s.stopping {
		s.mu.Unlock()
		return
	}
	for id, w := range s.worlds {
		if id == control.DefaultWorld {
			continue
		}
		if left := limit - w.usage.idle(now); left > 0 {
			next = min(next, left)
		} else {
			ended[w] = s.removeWorld(w)
		}
	}
	s.stopIdle = s.opts.After(next, s.endIdleWorlds)
	s.mu.Unlock()
	for w, workloads := range ended {
		if err := errors.Join(w.shelf.remove(), w.end(workloads)); err != nil {
			s.opts.Log.Warn("an idle world did not end cleanly", "error", err)
		}
	}
	if len(ended) > 0 {
		s.opts.Log.Info("ended idle worlds", "worlds", len(ended), "after", limit)
	}
}

// removeWorld takes a world from the list, and its workloads, which are to be ended with it; the caller holds mu.
func (s *Server) removeWorld(w *World) []*workload {
	delete(s.worlds, w.id)
	s.secrets.remove(w.identitySecret)
	return s.takeWorkloads(w)
}

// end ends a world that was removed. Its keys go back when the requests that are under way have been answered; those of
// one whose records are still there do not: it comes back, and nobody else may get them.
func (w *World) end(workloads []*workload) error {
	w.journal.end()
	w.release()
	var after func()
	if w.shelf.removed() {
		after = w.loan.End
	}
	defer w.usage.end(after)
	return endAll(workloads)
}
