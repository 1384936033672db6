package farm

import (
	"slices"
	"sync"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
)

// journalSize is how many entries a world keeps. It bounds the memory of a farm that runs for days.
const journalSize = 1000

// maxSignIns is how many sign-ins a world keeps for all its tenants together.
const maxSignIns = 20 * journalSize

// journal keeps the last entries of a world, and the last sign-ins of each tenant in a ring of their own: no flood of
// other requests, and none of another tenant's sign-ins, takes them out of Entra's sign-in log.
type journal struct {
	mu        sync.Mutex
	entries   []control.Entry // a ring once it is full
	last      int             // the number of the newest entry
	unmatched int             // requests for nothing that is here, which are counted and not kept
	changed   chan struct{}   // closed by the next entry; nil: nobody has asked
	ended     bool            // nobody waits for an entry any longer
	soon      func()          // has it written to the disk before long; nil: it is not kept
	waiting   bool            // soon was called, and unkept not yet

	signIns map[string]*signInRing // by tenant
	kept    int                    // sign-ins in all rings
}

// signInRing holds a tenant's last sign-ins, oldest first from next on.
type signInRing struct {
	kept []*entra.SignIn
	next int // the oldest; 0 until the ring is full
}

// drop takes the oldest sign-in out.
func (r *signInRing) drop() {
	ordered := slices.Concat(r.kept[r.next:], r.kept[:r.next])
	r.kept, r.next = ordered[1:], 0
}

func (j *journal) add(e control.Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	e.Seq = j.last
	j.tell()
	j.put(e)
	j.unwritten()
}

// put puts an entry that has its number into the ring. The caller holds mu.
func (j *journal) put(e control.Entry) {
	if e.SignIn != nil && e.SignIn.TenantID != "" {
		j.addSignIn(e.SignIn)
	}
	if len(j.entries) < journalSize {
		j.entries = append(j.entries, e)
		return
	}
	j.entries[(e.Seq-1)%journalSize] = e
}

func (j *journal) addSignIn(in *entra.SignIn) {
	if j.signIns == nil {
		j.signIns = map[string]*signInRing{}
	}
	ring := j.signIns[in.TenantID]
	if ring == nil {
		ring = new(signInRing)
		j.signIns[in.TenantID] = ring
	}
	if len(ring.kept) >= journalSize {
		ring.kept[ring.next] = in
		ring.next = (ring.next + 1) % journalSize
		return
	}
	ring.kept = append(ring.kept, in)
	if j.kept++; j.kept > maxSignIns {
		j.dropSignIn()
	}
}

// dropSignIn makes room: the tenant with the most sign-ins loses its oldest one, so that few tenants can't take the
// place of all.
func (j *journal) dropSignIn() {
	var most string
	for tenant, ring := range j.signIns {
		if have := j.signIns[most]; have == nil || len(ring.kept) > len(have.kept) {
			most = tenant
		}
	}
	j.signIns[most].drop()
	if j.kept--; len(j.signIns[most].kept) == 0 {
		delete(j.signIns, most)
	}
}

// signInsOf are the sign-ins of a tenant that are kept, oldest first.
func (j *journal) signInsOf(tenantID string) []entra.SignIn {
	j.mu.Lock()
	defer j.mu.Unlock()
	ring := j.signIns[tenantID]
	if ring == nil {
		return nil
	}
	all := make([]entra.SignIn, 0, len(ring.kept))
	for n := range ring.kept {
		all = append(all, *ring.kept[(ring.next+n)%len(ring.kept)])
	}
	return all
}

// tell closes the channel of those who wait. The caller holds mu.
func (j *journal) tell() {
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}

// next returns a channel that the next entry closes, or the end.
func (j *journal) next() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.changed == nil {
		j.changed = make(chan struct{})
	}
	changed := j.changed
	if j.ended {
		j.tell()
	}
	return changed
}

// end lets nobody wait any longer.
func (j *journal) end() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended = true
	j.tell()
}

// missed counts a request for nothing that is here.
func (j *journal) missed() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.unmatched++
	j.unwritten()
}

// find returns the entries that are asked for, oldest first, and how many are no longer kept of those numbered as asked.
func (j *journal) find(q control.JournalQuery) control.Journal {
	limit := q.Limit
	if limit <= 0 {
		limit = journalSize
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	seq := max(q.After, 0)
	gone := j.last - len(j.entries) // the number of the newest entry that is no longer kept
	out := control.Journal{Entries: []control.Entry{}, Last: j.last, Dropped: max(gone-seq, 0), Unmatched: j.unmatched}
	for n := max(seq, gone); n < j.last; n++ {
		e := j.entries[n%journalSize]
		if !q.Matches(e) {
			continue
		}
		out.Entries = append(out.Entries, e)
		if len(out.Entries) == limit {
			out.Last = e.Seq
			break
		}
	}
	return out
}
