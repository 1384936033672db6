package farm

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/state"
)

// journalDelay is how long after an entry the journal is written, unless somebody reads it before. So an entry that was
// read is there after any end of the process, and no other ever has its number.
const journalDelay = time.Second

// journalRecords are the entries of a world that are written.
type journalRecords struct {
	mu          sync.Mutex // held while they are being written
	first, last int        // the numbers of the oldest and the newest one; 0: there is none
	unmatched   int        // as it is written
}

// unwritten has the journal written before long. The caller holds mu.
func (j *journal) unwritten() {
	if j.soon != nil && !j.waiting {
		j.waiting = true
		j.soon()
	}
}

// unkept are the entries after the one with a number, as far as they are still there, and the count of the unmatched.
func (j *journal) unkept(after int) (entries []control.Entry, unmatched int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.waiting = false
	for n := max(after, j.last-len(j.entries)); n < j.last; n++ {
		entries = append(entries, j.entries[n%journalSize])
	}
	return entries, j.unmatched
}

// keepJournalSoon has the journal of the world written from time to time.
func (w *World) keepJournalSoon() {
	w.journal.soon = func() {
		w.server.opts.After(journalDelay, func() {
			w.server.mu.RLock()
			stopping := w.server.stopping
			w.server.mu.RUnlock()
			if !stopping { // then closeStore writes it
				_ = w.keepJournal() // it is logged, and tried again with the next entry
			}
		})
	}
}

// keepJournal writes what the journal has and is not written yet, and removes what it has no longer.
func (w *World) keepJournal() error {
	if w.shelf == nil {
		return nil
	}
	written := &w.journalRecords
	written.mu.Lock()
	defer written.mu.Unlock()
	entries, unmatched := w.journal.unkept(written.last)
	var changes []state.Change
	first, last := written.first, written.last
	for _, e := range entries {
		change, err := putJSON(w.entryKey(e.Seq), e)
		if err != nil {
			return err
		}
		changes = append(changes, change)
		if last = e.Seq; first == 0 {
			first = e.Seq
		}
	}
	for ; first > 0 && first <= last-journalSize; first++ {
		changes = append(changes, state.Remove(w.entryKey(first)))
	}
	if unmatched != written.unmatched {
		changes = append(changes, state.Put(w.shelf.key("unmatched"), []byte(strconv.Itoa(unmatched))))
	}
	if err := w.shelf.write(changes...); err != nil {
		return err
	}
	written.first, written.last, written.unmatched = first, last, unmatched
	return nil
}

func (w *World) entryKey(seq int) string { return w.shelf.key("journal", fmt.Sprintf("%012d", seq)) }

// restoreJournal takes up the journal that was kept. Its entries are the last ones without a gap.
func (w *World) restoreJournal() error {
	names, records := w.shelf.below("journal")
	if len(names) == journalSize {
		w.journal.entries = make([]control.Entry, journalSize) // a full ring, in which each number has its place
	}
	for _, name := range names {
		var e control.Entry
		if err := decodeRecord(w.shelf.key("journal", name), records[name], &e); err != nil {
			return err
		}
		w.journal.last = e.Seq
		w.journal.put(e)
		if w.journalRecords.last = e.Seq; w.journalRecords.first == 0 {
			w.journalRecords.first = e.Seq
		}
	}
	if record := w.shelf.store.Record(w.shelf.key("unmatched")); record != nil {
		n, err := strconv.Atoi(string(record))
		if err != nil {
			return fmt.Errorf("farm: the record %q is not readable by this version", w.shelf.key("unmatched"))
		}
		w.journal.unmatched, w.journalRecords.unmatched = n, n
	}
	return nil
}
