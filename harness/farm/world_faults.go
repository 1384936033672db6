package farm

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/wording"
)

// Faults lists the faults in force of an issuer, or of all, by URL, in the order in which they apply.
func (w *World) Faults(ref string) ([]control.FaultInForce, error) {
	all, err := w.issuersOf(ref)
	if err != nil {
		return nil, err
	}
	list := []control.FaultInForce{}
	for _, iss := range all {
		for _, f := range iss.Tampers() {
			list = append(list, control.FaultInForce{Issuer: iss.URL(), Name: f.Name, Parameters: f.Parameters, Hits: f.Hits})
		}
	}
	return list, nil
}

// SetFaults replaces the faults of an issuer. Each begins to count anew.
func (w *World) SetFaults(spec control.FaultsSpec) error {
	iss, err := w.issuer(spec.Issuer)
	if err != nil {
		return err
	}
	tampers, err := tampersOf(spec.Faults)
	if err != nil {
		return err
	}
	w.changing.Lock()
	defer w.changing.Unlock()
	if err := w.keepFaults(iss, spec.Faults); err != nil {
		return err
	}
	iss.SetTampers(tampers...)
	return nil
}

// SetFault puts one fault of an issuer in force, before the others, in place of those of its name. The others stay and
// count on, also those that somebody else sets at the same time.
func (w *World) SetFault(spec control.FaultSpec) (control.FaultInForce, error) {
	iss, err := w.issuer(spec.Issuer)
	if err != nil {
		return control.FaultInForce{}, err
	}
	tamper, err := tamperOf("", control.Fault{Name: spec.Name, Parameters: spec.Parameters})
	if err != nil {
		return control.FaultInForce{}, err
	}
	w.changing.Lock()
	defer w.changing.Unlock()
	inForce := append([]control.Fault{{Name: spec.Name, Parameters: spec.Parameters}}, othersInForce(iss, spec.Name)...)
	if err := w.keepFaults(iss, inForce); err != nil {
		return control.FaultInForce{}, err
	}
	iss.SetTamper(tamper)
	return control.FaultInForce{Issuer: iss.URL(), Name: tamper.Name, Parameters: tamper.Parameters}, nil
}

// ClearFault ends the faults of a name of an issuer. None in force is not found.
func (w *World) ClearFault(ref, name string) error {
	iss, err := w.issuer(ref)
	if err != nil {
		return err
	}
	w.changing.Lock()
	defer w.changing.Unlock()
	if others := othersInForce(iss, name); len(others) < len(iss.Tampers()) {
		if err := w.keepFaults(iss, others); err != nil {
			return err
		}
		iss.ClearTamper(name)
		return nil
	}
	if !slices.Contains(faults.Names(), name) {
		return notFound("name", wording.Unknown(name, faults.Names(), "farm: no fault is called %q", name))
	}
	return &control.Error{Status: http.StatusNotFound, Member: "name", Message: fmt.Sprintf("farm: the fault %s is not in force at issuer %q", name, iss.URL())}
}

// othersInForce are the faults in force of an issuer that do not have a name.
func othersInForce(iss *issuer.Issuer, name string) []control.Fault {
	var others []control.Fault
	for _, f := range iss.Tampers() {
		if f.Name != name {
			others = append(others, control.Fault{Name: f.Name, Parameters: f.Parameters})
		}
	}
	return others
}

func tampersOf(list []control.Fault) ([]issuer.Tamper, error) {
	tampers := make([]issuer.Tamper, len(list))
	for i, f := range list {
		var err error
		if tampers[i], err = tamperOf(fmt.Sprintf("faults[%d].", i), f); err != nil {
			return nil, err
		}
	}
	return tampers, nil
}

// tamperOf makes a fault; the error says which member, below a path, is wrong.
func tamperOf(path string, f control.Fault) (issuer.Tamper, error) {
	member := "parameters"
	if !slices.Contains(faults.Names(), f.Name) {
		member = "name"
	}
	tamper, err := faults.New(f.Name, f.Parameters)
	return tamper, about(path+member, err)
}
