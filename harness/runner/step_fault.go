package runner

import (
	"context"
	"maps"
	"slices"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/scenario"
)

// changeFault puts faults of the issuer in force or ends one.
func (p *play) changeFault(ctx context.Context, _ *scenario.Step, a *scenario.Action) (map[string]any, error) {
	changed := faultList(a.Fault.Set)
	for _, f := range p.faults {
		replaced := slices.ContainsFunc(changed, func(c control.Fault) bool { return c.Name == f.Name })
		if !replaced && f.Name != a.Fault.Clear {
			changed = append(changed, f)
		}
	}
	p.faults = changed
	return nil, p.client.SetFaults(ctx, p.world.ID, control.FaultsSpec{Issuer: p.issuer.URL, Faults: changed})
}

// faultList is a set of faults by name, as a file has it, in the order of their names.
func faultList(set map[string]any) []control.Fault {
	var list []control.Fault
	for _, name := range slices.Sorted(maps.Keys(set)) {
		parameters, _ := set[name].(map[string]any)
		list = append(list, control.Fault{Name: name, Parameters: parameters})
	}
	return list
}
