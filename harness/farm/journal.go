package farm

import (
	"sync"

	"github.com/issuerd/issuerd/harness/control"
)

// journalSize is how many entries a world keeps. It bounds the memory of a farm that runs for days.
const journalSize = 1000

// journal keeps the last entries of a world.
type journal struct {
	mu      sync.Mutex
	entries []control.Entry // a ring once it is full
	last    int             // the number of the newest entry
}

func (j *journal) add(e control.Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	e.Seq = j.last
	if len(j.entries) < journalSize {
		j.entries = append(j.entries, e)
		return
	}
	j.entries[(j.last-1)%journalSize] = e
}

// after returns the entries numbered above seq, oldest first, and how many of those are no longer kept.
func (j *journal) after(seq int) control.Journal {
	j.mu.Lock()
	defer j.mu.Unlock()
	first := max(seq, 0) + 1
	oldest := j.last - len(j.entries) + 1
	out := control.Journal{Entries: []control.Entry{}}
	if first < oldest {
		out.Dropped, first = oldest-first, oldest
	}
	for n := first; n <= j.last; n++ {
		out.Entries = append(out.Entries, j.entries[(n-1)%journalSize])
	}
	return out
}
