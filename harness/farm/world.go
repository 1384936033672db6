package farm

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/arm"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/entra/graph"
	"github.com/issuerd/issuerd/harness/entra/msi"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/harness/state"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// World is what one test sees, with everything of its own: issuers with their keys, a directory, a clock and a journal.
// It implements control.LiveWorld and is safe for concurrent use.
type World struct {
	id          string
	name        string
	server      *Server
	clock       *clock
	skew        time.Duration     // of the issuers' clock against Entra's
	keys        issuer.NewKeyFunc // of the issuers and of the tenants
	loan        *issuer.Loan      // what the keys are, if not the standard library's
	dir         *directory.Directory
	entra       *entra.Server
	entraFaults faults.EntraFaults
	graph       http.Handler // Microsoft Graph
	arm         http.Handler // Azure Resource Manager
	journal     journal
	ending      chan struct{} // closed when the world ends, or the server, so that no answer is held back any longer
	release     func()        // closes ending; it may be called again
	waiting     waitingSignIns
	usage       usage

	identities     *msi.Endpoint // where workloads get tokens of managed identities
	identitySecret string        // of that endpoint

	shelf          *shelf         // where it is kept beyond the process; nil: nowhere
	journalRecords journalRecords // on the shelf
	replacing      sync.Mutex     // guards also
	also           []state.Change // what is kept with the directory that takes the place of another

	// held for a whole change of the issuers, their faults or the clock, before mu, so that nobody who only reads waits
	// for the disk
	changing    sync.Mutex
	keptIssuers int  // records of issuers; guarded by changing
	restoring   bool // what is asked for is kept already, or follows from the flags; guarded by changing

	defining   sync.Mutex // held while an issuer with a definition is added
	mu         sync.RWMutex
	defined    map[string]*definition      // by platform: those of the world's own
	issuers    map[string]*issuer.Issuer   // by URL
	references map[string][]*issuer.Issuer // by URL: those with other presets and claims that have joined the issuer
	documents  map[string]*issuer.Issuer   // by host and path of the discovery document and the JWKS
	hosts      map[string][]*issuer.Issuer // by host, without a port, of the same

	workloads []string // ids; guarded by server.mu
	ended     bool     // deleted, so that no workload may be added; guarded by server.mu
}

var _ control.LiveWorld = (*World)(nil)

// newWorld makes a world. Without a directory it gets the one of the specification.
func (s *Server) newWorld(id string, spec control.WorldSpec, dir *directory.Directory) (*World, error) {
	if dir == nil {
		var err error
		if dir, err = directoryOf(spec); err != nil {
			return nil, err
		}
	}
	if dir.FirstTenant() == "" {
		return nil, errors.New("farm: the directory has no tenant")
	}
	clock, err := newClock(s.opts.Now, s.opts.After, spec.Start, spec.Frozen)
	if err != nil {
		return nil, err
	}
	skew := time.Duration(spec.Skew)
	if skew.Abs() > control.MaxClockOffset {
		return nil, control.TooFar("skew", "skew "+spec.Skew.String())
	}
	return s.assemble(&World{
		id: id, name: spec.Name, clock: clock, skew: skew, dir: dir, identitySecret: s.newID(), shelf: s.newShelf(id),
	}), nil
}

// assemble gives a world what follows from the rest of it.
func (s *Server) assemble(w *World) *World {
	w.server, w.loan, w.ending = s, s.lender.Borrow(), make(chan struct{})
	w.release = sync.OnceFunc(func() { close(w.ending) })
	w.defined = map[string]*definition{}
	w.issuers, w.references, w.documents = map[string]*issuer.Issuer{}, map[string][]*issuer.Issuer{}, map[string]*issuer.Issuer{}
	w.hosts = map[string][]*issuer.Issuer{}
	w.usage.last = s.opts.Now()
	// No key is in two worlds. The default world of a farm whose issuers may be trusted from outside the machine, or
	// may be at a later start, has keys of the standard library's; all others have test keys. Who does not send the
	// header that picks a world, as no relying party does, reaches the default one.
	w.keys = w.loan.Key
	if w.id == control.DefaultWorld && (s.public() || w.shelf != nil) {
		w.keys = issuer.GenerateKey
	}
	if w.shelf != nil {
		w.dir.Keep = w.keepDirectory
		w.keepJournalSoon()
	}
	w.entra = entra.New(entra.Config{
		Directory: w.dir,
		Client:    &http.Client{Transport: fetchTransport{w, s.Transport(w.id)}},
		Now:       w.clock.now,
		Rand:      s.opts.Rand,
		NewKey:    w.entraKey,
		Record:    w.signedIn,
		Log:       s.opts.Log,
		Inject:    w.entraFaults.Inject,
	})
	s.secrets.add(w.identitySecret)
	w.identities = msi.New(msi.Config{Server: w.entra, Secret: w.identitySecret, Rand: s.opts.Rand})
	w.arm = arm.New(arm.Config{Server: w.entra, Now: w.clock.now, Rand: s.opts.Rand, Log: s.opts.Log})
	w.graph = graph.New(graph.Config{Server: w.entra, SignIns: w.signIns, Now: w.clock.now, Rand: s.opts.Rand, Log: s.opts.Log})
	return w
}

// issuerNow is the issuers' clock.
func (w *World) issuerNow() time.Time { return w.clock.now().Add(w.skew) }

// issuerAlarm waits by the issuers' clock; see issuer.Workload.Alarm.
func (w *World) issuerAlarm(at time.Time) (reached <-chan struct{}, cancel func()) {
	return w.clock.alarm(at.Add(-w.skew))
}

// Describe says what the world is.
func (w *World) Describe() control.World {
	return control.World{
		ID: w.id, Name: w.name, Tenant: w.tenant(), Now: w.clock.now(), Frozen: w.clock.frozen(), Skew: control.Duration(w.skew),
		IdentityEndpoint: w.server.identityURL(), IdentityHeader: w.identitySecret,
	}
}

// SetClock changes the clocks of the world, the issuers' and Entra's alike, as one change. What platforms do for the
// world's workloads in the time that passes is done when it returns.
//
// A clock that is set back takes nothing back that was done. Keys, their retirement, tokens, workloads, the directory
// and the journal stay, with the times that they have: a token is then not valid yet, and an entry of the journal may be
// later than the next one, whose number is higher. Entra forgets the keys that it fetched at a time which is yet to
// come, and a change of the directory made then has spread. What waits for a time, such as an answer that a platform
// holds back, or the next renewal of a file, waits until the clock is there again; the connection of an answer that is
// held back is kept for as long as it would have been by the real time.
//
// A clock that stands still is moved by Set and Advance alone, and goes on from there when it is set free. Certificates
// of TLS, timeouts and idle worlds go by the real time.
func (w *World) SetClock(spec control.ClockSpec) (control.World, error) {
	if err := w.changeClock(spec); err != nil {
		return control.World{}, err
	}
	w.renewWorkloads()
	return w.Describe(), nil
}

func (w *World) changeClock(spec control.ClockSpec) error {
	w.changing.Lock()
	defer w.changing.Unlock()
	return w.clock.change(spec, w.keepClock)
}
