package harness

import (
	"encoding/json"
	"fmt"

	"github.com/issuerd/issuerd/harness/control"
)

// named are faults as the farm is asked for them.
func named[F interface{ Name() string }](faults ...F) ([]control.Fault, error) {
	list := make([]control.Fault, len(faults))
	for i, fault := range faults {
		if any(fault) == nil {
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

// setFaults puts faults of an issuer, or of Entra, in force; those not among them end.
func setFaults[F interface{ Name() string }](f *Farm, of string, faults []F) error {
	_, err := change(f, func() (any, error) {
		list, err := named(faults...)
		if err != nil {
			return nil, err
		}
		return nil, f.world.SetFaults(control.FaultsSpec{Issuer: of, Faults: list})
	})
	return err
}

// setFault puts a fault of an issuer, or of Entra, in force.
func setFault[F interface{ Name() string }](f *Farm, of string, fault F) error {
	_, err := change(f, func() (any, error) {
		list, err := named(fault)
		if err != nil {
			return nil, err
		}
		return f.world.SetFault(control.FaultSpec{Issuer: of, Name: list[0].Name, Parameters: list[0].Parameters})
	})
	return err
}

// SetFaults puts faults of the issuer in force; those not among them end.
func (i *Issuer) SetFaults(faults ...Fault) error { return setFaults(i.farm, i.URL, faults) }

// SetFault puts a fault of the issuer in force, in place of the one of its kind. The others stay.
func (i *Issuer) SetFault(fault Fault) error { return setFault(i.farm, i.URL, fault) }

// SetFaults puts faults of Entra's own in force; those not among them end.
func (f *Farm) SetFaults(faults ...EntraFault) error { return setFaults(f, control.OfEntra, faults) }

// SetFault puts a fault of Entra's own in force, in place of the one of its kind. The others stay.
func (f *Farm) SetFault(fault EntraFault) error { return setFault(f, control.OfEntra, fault) }

// ClearFault ends the fault of Entra's own that has a name, such as that of EntraErrorFault{}.Name(). The others stay.
// It is an error when it is not in force.
func (f *Farm) ClearFault(name string) error {
	_, err := change(f, func() (any, error) { return nil, f.world.ClearFault(control.OfEntra, name) })
	return err
}

// Faults are those of Entra's own that are in force, with how many answers each has changed.
func (f *Farm) Faults() ([]FaultInForce, error) {
	list, err := f.world.Faults(control.OfEntra)
	if err != nil {
		err = fmt.Errorf("harness: %w", err)
	}
	return list, err
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
