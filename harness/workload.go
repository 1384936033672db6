package harness

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/control"
)

// WorkloadSpec asks for a workload: somebody who asks a platform's own API for tokens. The zero value is one in the
// issuer's own context.
type WorkloadSpec struct {
	Preset   string         // the context it runs in; empty: the issuer's
	Claims   map[string]any // what is particular to it, over the preset's; nil removes one
	Audience string         // of tokens that the platform delivers without being asked; empty: its usual one
	// what its user sets: it is in its environment over what the platform puts there, and HCP Terraform reads it
	Env map[string]string
}

// Workload is a workload of a farm. It prints without its environment's values, which hold the platform's credential.
type Workload struct {
	ID   string            // for When.Workload
	Base string            // the URL of its token API
	Env  map[string]string // what the platform puts into its environment, for Environ
	Now  time.Time         // what the issuers' clock said at its start

	farm *Farm
}

// StartWorkload starts a workload that the issuer vouches for. Its environment leads the platform's own clients to the
// platform's token API, whose TLS certificates are the farm's (see Farm.Env). It ends with the farm, or by End.
func (i *Issuer) StartWorkload(spec WorkloadSpec) (*Workload, error) {
	return change(i.farm, func() (*Workload, error) {
		started, err := i.farm.world.StartWorkload(control.WorkloadSpec{
			Issuer: i.ref, Preset: spec.Preset, Claims: spec.Claims, Audience: spec.Audience, Env: spec.Env,
		})
		if err != nil {
			return nil, err
		}
		return &Workload{ID: started.ID, Base: started.Base, Env: started.Env, Now: started.Now, farm: i.farm}, nil
	})
}

// Workloads are those of the farm that have not ended, the oldest first.
func (f *Farm) Workloads() []*Workload {
	var all []*Workload
	for _, one := range f.world.Workloads() {
		if found, err := f.world.Workload(one.ID); err == nil { // else it has just ended
			all = append(all, &Workload{ID: found.ID, Base: found.Base, Env: found.Env, Now: found.Now, farm: f})
		}
	}
	return all
}

// End ends the workload: its token API, its files and its sockets are gone. It can be ended once.
func (w *Workload) End() error {
	_, err := change(w.farm, func() (any, error) { return nil, w.farm.world.EndWorkload(w.ID) })
	return err
}

// String names the variables of the workload, not their values.
func (w Workload) String() string {
	return fmt.Sprintf("workload %s with %s", w.Base, strings.Join(slices.Sorted(maps.Keys(w.Env)), " "))
}

// Format keeps the credential out of every verb of fmt.
func (w Workload) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, w.String()) }

// LogValue keeps the credential out of logs.
func (w Workload) LogValue() slog.Value { return slog.StringValue(w.String()) }
