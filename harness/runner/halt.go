package runner

import (
	"context"
	"errors"
	"sync"
)

// halt is why a run starts no further case. The zero value lets it go on. It is safe for concurrent use.
type halt struct {
	mu     sync.Mutex
	reason string
}

// because halts the run and returns whether it was not halted for the same reason before. The first reason stays.
func (h *halt) because(reason string) (first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	first = h.reason != reason
	if h.reason == "" {
		h.reason = reason
	}
	return first
}

// skip is the error of a case that is not to begin, or nil.
func (h *halt) skip() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reason == "" {
		return nil
	}
	return &skipped{h.reason}
}

// stopping halts the run if a case ended with what ends every other one too: its context did, or the target is gone.
// The first such case keeps its error, so that the report says it once; the others are skipped.
func stopping(ctx context.Context, stop *halt, err error) error {
	var skip *skipped
	var failed *failure
	if err == nil || errors.As(err, &skip) || errors.As(err, &failed) {
		return err
	}
	reason := ""
	if context.Cause(ctx) != nil {
		reason = "interrupted"
	} else if gone := (unreachable{}); errors.As(err, &gone) {
		reason = "the target could not be reached"
	}
	if reason == "" || stop.because(reason) {
		return err
	}
	return &skipped{reason}
}

// unreachable is the error of a case for which the target's control plane made no world, nor a refusal.
type unreachable struct{ error }
