package farm

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/arm"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/entra/graph"
	"github.com/issuerd/issuerd/harness/entra/msi"
	"github.com/issuerd/issuerd/harness/plane"
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

	mu         sync.RWMutex
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
	w := &World{
		id: id, tenant: tenants[0].ID, name: spec.Name, server: s, clock: clock, skew: skew, loan: s.lender.Borrow(), dir: dir,
		issuers: map[string]*issuer.Issuer{}, references: map[string][]*issuer.Issuer{}, documents: map[string]*issuer.Issuer{},
	}
	w.usage.last = s.opts.Now()
	// No key is in two worlds. The default world of a farm whose issuers may be trusted from outside the machine has
	// keys of the standard library's; all others have test keys. Who does not send the header that picks a world, as no
	// relying party does, reaches the default one.
	w.keys = w.loan.Key
	if id == control.DefaultWorld && s.public() {
		w.keys = issuer.GenerateKey
	}
	w.entra = entra.New(entra.Config{
		Directory: dir,
		Client:    &http.Client{Transport: fetchTransport{w, s.resolver.Transport(id)}},
		Now:       w.clock.now,
		Rand:      s.opts.Rand,
		NewKey:    w.entraKey,
		Record:    w.signedIn,
		Log:       s.opts.Log,
	})
	w.identitySecret = s.newID()
	s.secrets.add(w.identitySecret)
	w.identities = msi.New(msi.Config{Server: w.entra, Secret: w.identitySecret, Rand: s.opts.Rand})
	w.arm = arm.New(arm.Config{Server: w.entra, Now: w.clock.now, Rand: s.opts.Rand, Log: s.opts.Log})
	w.graph = graph.New(graph.Config{Server: w.entra, SignIns: w.signIns, Now: w.clock.now, Rand: s.opts.Rand, Log: s.opts.Log})
	return w, nil
}

// entraKey is what Entra signs access tokens with.
func (w *World) entraKey() (entra.SigningKey, error) {
	key, err := w.keys(jose.RS256)
	return entra.SigningKey{Key: key, Made: w.clock.now()}, err
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
	if err := w.clock.advance(time.Duration(spec.Advance)); err != nil {
		return control.World{}, err
	}
	w.renewWorkloads()
	return w.Describe(), nil
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

// Journal returns the entries that are asked for. It does not wait.
func (w *World) Journal(q control.JournalQuery) control.Journal { return w.journal.find(q) }

// JournalChanged returns a channel that the next entry of the journal closes, or the world's end. Whoever waits for an entry asks for it
// before looking at the journal, so that none is missed.
func (w *World) JournalChanged() <-chan struct{} { return w.journal.next() }

// Directory returns Entra's directory as it is now.
func (w *World) Directory() directory.File { return w.dir.File() }

// signIns are the last token requests for a tenant, oldest first.
func (w *World) signIns(tenantID string) []entra.SignIn {
	return w.journal.signInsOf(tenantID)
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
