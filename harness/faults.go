package harness

import (
	"encoding/json"
	"fmt"

	"github.com/issuerd/issuerd/harness/control"
)

// named are faults as the farm is asked for them.
func named(faults []Fault) ([]control.Fault, error) {
	list := make([]control.Fault, len(faults))
	for i, fault := range faults {
		if fault == nil {
			return nil, fmt.Errorf("fault %d is nil", i+1)
		}
		raw, err := json.Marshal(fault)
		if err == nil {
			list[i].Name = fault.Name()
			err = json.Unmarshal(raw, &list[i].Parameters)
		}
		if err != nil {
			return nil, fmt.Errorf("fault %T: %w", fault, err)
		}
	}
	return list, nil
}

// SetFaults puts faults of the issuer in force; those not among them end.
func (i *Issuer) SetFaults(faults ...Fault) error {
	_, err := change(i.farm, func() (any, error) {
		list, err := named(faults)
		if err != nil {
			return nil, err
		}
		return nil, i.farm.world.SetFaults(control.FaultsSpec{Issuer: i.URL, Faults: list})
	})
	return err
}

// SetFault puts a fault of the issuer in force, in place of the one of its kind. The others stay.
func (i *Issuer) SetFault(fault Fault) error {
	_, err := change(i.farm, func() (any, error) {
		list, err := named([]Fault{fault})
		if err != nil {
			return nil, err
		}
		return i.farm.world.SetFault(control.FaultSpec{Issuer: i.URL, Name: list[0].Name, Parameters: list[0].Parameters})
	})
	return err
}

// ClearFault ends the fault of the issuer that has a name, such as that of HeaderFault{}.Name(). The others stay. It is
// an error when it is not in force.
func (i *Issuer) ClearFault(name string) error {
	_, err := change(i.farm, func() (any, error) { return nil, i.farm.world.ClearFault(i.URL, name) })
	return err
}

// Faults are those of the issuer that are in force, with how many answers and tokens each has changed.
func (i *Issuer) Faults() ([]FaultInForce, error) { return ask(i, i.farm.world.Faults) }

// ask is for what an issuer can say at any time.
func ask[T any](i *Issuer, of func(issuer string) (T, error)) (T, error) {
	out, err := of(i.URL)
	if err != nil {
		err = fmt.Errorf("harness: %w", err)
	}
	return out, err
}
