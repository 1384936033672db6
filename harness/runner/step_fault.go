package runner

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/scenario"
)

// changeFault puts faults of the issuer in force or ends one, which need not be in force.
func (p *play) changeFault(ctx context.Context, _ *scenario.Step, a *scenario.Action) (map[string]any, error) {
	if err := validateFaults(a.Fault.Set); err != nil {
		err.Key = "set." + err.Key
		return nil, err
	}
	for _, f := range slices.Backward(faultList(a.Fault.Set)) { // each goes before those there are
		if _, err := p.client.SetFault(ctx, p.world.ID, control.FaultSpec{Issuer: p.issuer.URL, Name: f.Name, Parameters: f.Parameters}); err != nil {
			return nil, err
		}
	}
	if a.Fault.Clear == "" {
		return nil, nil
	}
	err := p.client.ClearFault(ctx, p.world.ID, p.issuer.URL, a.Fault.Clear)
	var refused *control.Error
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		err = nil
	}
	return nil, err
}

// validateFaults tells what is wrong with the first of a set of faults that has something wrong.
func validateFaults(set map[string]any) *scenario.KeyError {
	for _, f := range faultList(set) {
		err := validateFault(f.Name, f.Parameters)
		if err == nil {
			continue
		}
		about := &scenario.KeyError{}
		if !errors.As(err, &about) {
			return &scenario.KeyError{Key: f.Name, Err: err}
		}
		return &scenario.KeyError{Key: strings.Trim(f.Name+"."+about.Key, "."), Unknown: about.Unknown, Err: err}
	}
	return nil
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
