package farm

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/arm"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/entra/graph"
	"github.com/issuerd/issuerd/harness/entra/msi"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/harness/state"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// World is what one test sees, with everything of its own: issuers with their keys, a directory, a clock and a journal.
// It implements control.LiveWorld and is safe for concurrent use.
type World struct {
	id      string
	name    string
	tenant  string // the id of its first tenant
	server  *Server
	clock   *clock
	skew    time.Duration     // of the issuers' clock against Entra's
	keys    issuer.NewKeyFunc // of the issuers and of the tenants
	loan    *issuer.Loan      // what the keys are, if not the standard library's
	dir     *directory.Directory
	entra   *entra.Server
	graph   http.Handler // Microsoft Graph
	arm     http.Handler // Azure Resource Manager
	journal journal
	usage   usage

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

	workloads []string // ids; guarded by server.mu
	ended     bool     // deleted, so that no workload may be added; guarded by server.mu
}

var _ control.LiveWorld = (*World)(nil)

// directoryOf makes the directory that a world begins with.
func directoryOf(spec control.WorldSpec) (*directory.Directory, error) {
	dir := directory.New()
	if spec.Options != nil {
		if err := dir.SetOptions(*spec.Options); err != nil {
			return nil, err
		}
	}
	tenants := spec.Tenants
	if len(tenants) == 0 {
		tenants = []directory.Tenant{{DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"}}}
	}
	for _, t := range tenants {
		if t.Cloud == "" {
			t.Cloud = spec.Cloud
		}
		if _, err := dir.AddTenant(t); err != nil {
			return nil, err
		}
	}
	return dir, nil
}

// newWorld makes a world. Without a directory it gets the one of the specification.
func (s *Server) newWorld(id string, spec control.WorldSpec, dir *directory.Directory) (*World, error) {
	if dir == nil {
		var err error
		if dir, err = directoryOf(spec); err != nil {
			return nil, err
		}
	}
	tenants := dir.Tenants()
	if len(tenants) == 0 {
		return nil, fmt.Errorf("farm: the directory has no tenant")
	}
	clock, err := newClock(s.opts.Now, s.opts.After, spec.Start)
	if err != nil {
		return nil, err
	}
	skew := time.Duration(spec.Skew)
	if skew.Abs() > maxOffset {
		return nil, fmt.Errorf("farm: skew %s: a clock can't be more than 100 years off", spec.Skew)
	}
	return s.assemble(&World{
		id: id, tenant: tenants[0].ID, name: spec.Name, clock: clock, skew: skew, dir: dir, identitySecret: s.newID(), shelf: s.newShelf(id),
	}), nil
}

// assemble gives a world what follows from the rest of it.
func (s *Server) assemble(w *World) *World {
	w.server, w.loan = s, s.lender.Borrow()
	w.defined = map[string]*definition{}
	w.issuers, w.references, w.documents = map[string]*issuer.Issuer{}, map[string][]*issuer.Issuer{}, map[string]*issuer.Issuer{}
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
		Client:    &http.Client{Transport: fetchTransport{w, s.resolver.Transport(w.id)}},
		Now:       w.clock.now,
		Rand:      s.opts.Rand,
		NewKey:    w.entraKey,
		Record:    w.signedIn,
		Log:       s.opts.Log,
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
		ID: w.id, Name: w.name, Tenant: w.tenant, Now: w.clock.now(), Skew: control.Duration(w.skew), IdentityEndpoint: w.server.identityURL(), IdentityHeader: w.identitySecret,
	}
}

// SetClock changes the clocks of the world. What platforms do for the world's workloads in the time that passes is done
// when it returns.
func (w *World) SetClock(spec control.ClockSpec) (control.World, error) {
	if !spec.Set.IsZero() || spec.Freeze != nil {
		return control.World{}, errNotBuilt
	}
	if err := w.moveClock(spec); err != nil {
		return control.World{}, err
	}
	w.renewWorkloads()
	return w.Describe(), nil
}

func (w *World) moveClock(spec control.ClockSpec) error {
	w.changing.Lock()
	defer w.changing.Unlock()
	if err := w.clock.advance(time.Duration(spec.Advance)); err != nil {
		return err
	}
	return w.keepClock()
}

// AddApplication makes an application in the world's first tenant.
func (w *World) AddApplication(spec control.ApplicationSpec) (control.Application, error) {
	app, err := w.dir.AddApplication(w.tenant, directory.Application{
		Name: spec.Name, NoServicePrincipal: spec.NoServicePrincipal, Credentials: spec.Credentials,
	})
	if err != nil {
		return control.Application{}, err
	}
	return w.describeApplication(app), nil
}

// AddCredential gives an application of the world's first tenant a federated identity credential.
func (w *World) AddCredential(clientID string, c directory.Credential) (directory.Credential, error) {
	return w.dir.AddCredential(w.tenant, clientID, c)
}

// UpdateCredential changes a federated identity credential in place.
func (w *World) UpdateCredential(clientID, name string, c directory.Credential) (directory.Credential, error) {
	return w.dir.UpdateCredential(w.tenant, clientID, name, c)
}

// RemoveCredential takes a federated identity credential away.
func (w *World) RemoveCredential(clientID, name string) error {
	return w.dir.RemoveCredential(w.tenant, clientID, name)
}

// Journal returns the entries that are asked for. It does not wait. In a farm with a state directory, they are there
// before they are returned.
func (w *World) Journal(q control.JournalQuery) control.Journal {
	found := w.journal.find(q)
	_ = w.keepJournal() // it is logged; what the disk has no place for can be read all the same
	return found
}

// JournalChanged returns a channel that the next entry of the journal closes, or the world's end. Whoever waits for an entry asks for it
// before looking at the journal, so that none is missed.
func (w *World) JournalChanged() <-chan struct{} { return w.journal.next() }

// Directory returns Entra's directory as it is now.
func (w *World) Directory() directory.File { return w.dir.File() }

// signIns are the last token requests for a tenant, oldest first.
func (w *World) signIns(tenantID string) []entra.SignIn {
	found := w.journal.signInsOf(tenantID)
	_ = w.keepJournal() // as in Journal
	return found
}

// signedIn takes the emulator's record of a token request into the journal.
func (w *World) signedIn(in entra.SignIn) {
	in = w.server.clipSignIn(in)
	e := control.Entry{Time: in.Time, Plane: plane.Entra, Status: in.Status, SignIn: &in}
	w.mu.RLock()
	if iss := w.issuers[in.Issuer]; iss != nil {
		e.Platform = iss.Platform().Name
	}
	w.mu.RUnlock()
	w.journal.add(e)
}
