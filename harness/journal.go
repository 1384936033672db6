package harness

import (
	"context"
	"fmt"

	"github.com/issuerd/issuerd/harness/control"
)

// Journal is what was asked of the farm, oldest first: the last thousand requests and sign-ins. A request whose answer
// has just been read may be missing still: Await waits for it.
func (f *Farm) Journal() []Entry { return f.world.Journal(control.JournalQuery{}).Entries }

// SignIns are the token requests that Entra has answered, oldest first, with the checks that it made.
func (f *Farm) SignIns() []SignIn {
	var all []SignIn
	for _, entry := range f.Journal() {
		if entry.SignIn != nil {
			all = append(all, *entry.SignIn)
		}
	}
	return all
}

// FindEntries are the entries of the journal that are asked for, oldest first.
func (f *Farm) FindEntries(q JournalQuery) []Entry { return f.world.Journal(q).Entries }

// Await waits until n entries of the journal match since the farm's start, and returns those, oldest first; or until
// the context ends, which is an error that says how many there were. Entries that the journal no longer holds do not
// count; see Journal. JournalQuery.Matches is such a function.
func (f *Farm) Await(ctx context.Context, n int, match func(Entry) bool) ([]Entry, error) {
	return f.await(ctx, n, "entries", match)
}

// AwaitSignIns waits until Entra has answered n token requests since the farm's start, and returns those, oldest first;
// or until the context ends, which is an error that says how many there were.
func (f *Farm) AwaitSignIns(ctx context.Context, n int) ([]SignIn, error) {
	entries, err := f.await(ctx, n, "sign-ins", func(e Entry) bool { return e.SignIn != nil })
	all := make([]SignIn, len(entries))
	for i, e := range entries {
		all[i] = *e.SignIn
	}
	return all, err
}

// await is Await with a word for what it waits for.
func (f *Farm) await(ctx context.Context, n int, what string, match func(Entry) bool) (found []Entry, err error) {
	for seen := 0; len(found) < n; {
		changed := f.world.JournalChanged()
		for _, e := range f.world.Journal(control.JournalQuery{After: seen}).Entries {
			seen = e.Seq
			if len(found) < n && match(e) {
				found = append(found, e)
			}
		}
		if len(found) >= n {
			break
		}
		select {
		case <-changed:
		case <-f.done:
			return found, fmt.Errorf("%w: waited for %d %s, there were %d", errClosed, n, what, len(found))
		case <-ctx.Done():
			return found, fmt.Errorf("harness: waited for %d %s, there were %d: %w", n, what, len(found), ctx.Err())
		}
	}
	return found, nil
}
