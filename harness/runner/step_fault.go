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

// changeFault puts faults of the issuer, or of Entra, in force or ends one, which need not be in force. The result is how
// often the one that ends has hit.
func (p *play) changeFault(ctx context.Context, _ *scenario.Step, a *scenario.Action) (map[string]any, error) {
	of, validate := p.issuer.URL, validateFault
	if a.Fault.Of == control.OfEntra {
		of, validate = control.OfEntra, validateEntraFault
	}
	if err := validateFaults(a.Fault.Set, validate); err != nil {
		err.Key = "set." + err.Key
		return nil, err
	}
	for _, f := range slices.Backward(faultList(a.Fault.Set)) { // each goes before those there are
		if _, err := p.client.SetFault(ctx, p.world.ID, control.FaultSpec{Issuer: of, Name: f.Name, Parameters: f.Parameters}); err != nil {
			return nil, err
		}
	}
	if a.Fault.Clear == "" {
		return map[string]any{"hits": 0}, nil
	}
	inForce, err := p.client.Faults(ctx, p.world.ID, of)
	if err != nil {
		return nil, err
	}
	hits := 0
	for _, f := range inForce {
		if f.Name == a.Fault.Clear {
			hits += f.Hits
		}
	}
	err = p.client.ClearFault(ctx, p.world.ID, of, a.Fault.Clear)
	var refused *control.Error
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		err = nil
	}
	return map[string]any{"hits": hits}, err
}

// validateFaults tells what is wrong with the first of a set of faults that has something wrong.
func validateFaults(set map[string]any, validate func(name string, parameters map[string]any) error) *scenario.KeyError {
	for _, f := range faultList(set) {
		err := validate(f.Name, f.Parameters)
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
