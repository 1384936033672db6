package faults

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// EntraParameters are those of one fault of Entra's own: one of the Entra structs of this package, or a pointer to one.
// Their JSON members are as those of Parameters.
type EntraParameters interface {
	Name() string // the fault's
	when() When   // which requests it meets
	inject() (inject, error)
}

// inject is what a fault of Entra's own does with a request that it meets: it may hold it back, and says what is put in
// the place of the answer.
type inject func(w http.ResponseWriter, r *http.Request) entra.Injection

// EntraFault is a fault of Entra's own, ready to be put in force.
type EntraFault struct {
	Name       string
	Parameters map[string]any // that it was made with; nobody changes them

	gate   *gate
	inject inject
	hits   atomic.Int64
}

// NewEntra makes the named fault of Entra's own with its parameters, as New does.
func NewEntra(name string, parameters any) (*EntraFault, error) {
	f, err := find(OfEntra, name)
	if err != nil {
		return nil, err
	}
	p := f.new().(EntraParameters)
	given, err := f.read(parameters, p)
	if err != nil {
		return nil, err
	}
	made := &EntraFault{Name: name, Parameters: given, gate: &gate{when: p.when(), place: f.Place}}
	if made.inject, err = p.inject(); err != nil {
		return nil, f.wrong(err)
	}
	return made, nil
}

// meets tells whether the fault meets a request. Without a path it is about requests for tokens.
func (f *EntraFault) meets(asked entra.Asked) bool {
	when := f.gate.when
	if !asked.Token && when.Path == "" ||
		when.Tenant != "" && !strings.EqualFold(when.Tenant, asked.Tenant) && !strings.EqualFold(when.Tenant, asked.TenantID) {
		return false
	}
	return f.gate.meets(issuer.Asked{Request: asked.Request, ClientID: asked.ClientID})
}

// EntraFaults are the faults of Entra's own that are in force in a world. The zero value is none; it is safe for
// concurrent use.
type EntraFaults struct {
	mu   sync.Mutex // held by those who change the list
	list atomic.Pointer[[]*EntraFault]
}

func (e *EntraFaults) all() []*EntraFault {
	if list := e.list.Load(); list != nil {
		return *list
	}
	return nil
}

// Replace puts faults in force in the place of all there are. They apply in order.
func (e *EntraFaults) Replace(list ...*EntraFault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	after := slices.Clone(list)
	e.list.Store(&after)
}

// Set puts a fault in force in place of those of its name, before the others, which count on.
func (e *EntraFaults) Set(f *EntraFault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	after := append([]*EntraFault{f}, withoutName(e.all(), f.Name)...)
	e.list.Store(&after)
}

// Clear ends the faults of a name, and tells whether there were any.
func (e *EntraFaults) Clear(name string) (found bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.all()
	after := withoutName(before, name)
	e.list.Store(&after)
	return len(after) < len(before)
}

func withoutName(list []*EntraFault, name string) []*EntraFault {
	return slices.DeleteFunc(slices.Clone(list), func(f *EntraFault) bool { return f.Name == name })
}

// InForce lists them in the order in which they apply.
func (e *EntraFaults) InForce() []issuer.InForce {
	all := e.all()
	out := make([]issuer.InForce, len(all))
	for i, f := range all {
		out[i] = issuer.InForce{Name: f.Name, Parameters: f.Parameters, Hits: int(f.hits.Load())}
	}
	return out
}

// Inject is entra.Config.Inject: the first that answers in Entra's place is the last that is asked.
func (e *EntraFaults) Inject(w http.ResponseWriter, asked entra.Asked) entra.Injection {
	var in entra.Injection
	for _, f := range e.all() {
		if !f.meets(asked) {
			continue
		}
		f.hits.Add(1)
		issuer.Inject(asked.Request, f.Name)
		names := append(in.Faults, f.Name)
		in = f.inject(w, asked.Request)
		in.Faults = names
		if in.Drop || in.Code != 0 || in.Status != 0 {
			break
		}
	}
	return in
}
