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

// Faults lists the faults in force of an issuer or of Entra, or of all, Entra's first and then by URL, in the order
// in which they apply.
func (w *World) Faults(ref string) ([]control.FaultInForce, error) {
	list := []control.FaultInForce{}
	add := func(of string, all []issuer.InForce) {
		for _, f := range all {
			list = append(list, control.FaultInForce{Issuer: of, Name: f.Name, Parameters: f.Parameters, Hits: f.Hits})
		}
	}
	if ref == control.OfEntra || ref == "" {
		add(control.OfEntra, w.entraFaults.InForce())
	}
	if ref == control.OfEntra {
		return list, nil
	}
	all, err := w.issuersOf(ref)
	if err != nil {
		return nil, err
	}
	for _, iss := range all {
		add(iss.URL(), iss.Tampers())
	}
	return list, nil
}

// SetFaults replaces the faults of an issuer, or of Entra. Each begins to count anew.
func (w *World) SetFaults(spec control.FaultsSpec) error {
	if spec.Issuer == control.OfEntra {
		return w.setEntraFaults(spec.Faults)
	}
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
	if err := w.keepFaults(iss.URL(), spec.Faults); err != nil {
		return err
	}
	iss.SetTampers(tampers...)
	return nil
}

// SetFault puts one fault of an issuer, or of Entra, in force, before the others, in place of those of its name. The others stay and
// count on, also those that somebody else sets at the same time.
func (w *World) SetFault(spec control.FaultSpec) (control.FaultInForce, error) {
	if spec.Issuer == control.OfEntra {
		return w.setEntraFault(control.Fault{Name: spec.Name, Parameters: spec.Parameters})
	}
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
	inForce := append([]control.Fault{{Name: spec.Name, Parameters: spec.Parameters}}, others(iss.Tampers(), spec.Name)...)
	if err := w.keepFaults(iss.URL(), inForce); err != nil {
		return control.FaultInForce{}, err
	}
	iss.SetTamper(tamper)
	return control.FaultInForce{Issuer: iss.URL(), Name: tamper.Name, Parameters: tamper.Parameters}, nil
}

// ClearFault ends the faults of a name of an issuer, or of Entra. None in force is not found.
func (w *World) ClearFault(ref, name string) error {
	if ref == control.OfEntra {
		return w.clearEntraFault(name)
	}
	iss, err := w.issuer(ref)
	if err != nil {
		return err
	}
	w.changing.Lock()
	defer w.changing.Unlock()
	if left := others(iss.Tampers(), name); len(left) < len(iss.Tampers()) {
		if err := w.keepFaults(iss.URL(), left); err != nil {
			return err
		}
		iss.ClearTamper(name)
		return nil
	}
	return notInForce(name, faults.Names(), fmt.Sprintf("issuer %q", iss.URL()))
}

// notInForce is the error about a fault that is not in force somewhere, of those that can be.
func notInForce(name string, names []string, at string) error {
	if !slices.Contains(names, name) {
		return notFound("name", wording.Unknown(name, names, "farm: no fault is called %q", name))
	}
	return &control.Error{Status: http.StatusNotFound, Member: "name", Message: fmt.Sprintf("farm: the fault %s is not in force at %s", name, at)}
}

// others are the faults in force that do not have a name.
func others(inForce []issuer.InForce, name string) []control.Fault {
	var others []control.Fault
	for _, f := range inForce {
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

// setEntraFaults is SetFaults of Entra.
func (w *World) setEntraFaults(list []control.Fault) error {
	made, err := entraFaultsOf(list)
	if err != nil {
		return err
	}
	w.changing.Lock()
	defer w.changing.Unlock()
	if err := w.keepFaults(control.OfEntra, list); err != nil {
		return err
	}
	w.entraFaults.Replace(made...)
	return nil
}

// setEntraFault is SetFault of Entra.
func (w *World) setEntraFault(f control.Fault) (control.FaultInForce, error) {
	made, err := entraFaultOf("", f)
	if err != nil {
		return control.FaultInForce{}, err
	}
	w.changing.Lock()
	defer w.changing.Unlock()
	if err := w.keepFaults(control.OfEntra, append([]control.Fault{f}, others(w.entraFaults.InForce(), f.Name)...)); err != nil {
		return control.FaultInForce{}, err
	}
	w.entraFaults.Set(made)
	return control.FaultInForce{Issuer: control.OfEntra, Name: made.Name, Parameters: made.Parameters}, nil
}

// clearEntraFault is ClearFault of Entra.
func (w *World) clearEntraFault(name string) error {
	w.changing.Lock()
	defer w.changing.Unlock()
	inForce := w.entraFaults.InForce()
	left := others(inForce, name)
	if len(left) == len(inForce) {
		return notInForce(name, faults.EntraNames(), "Entra")
	}
	if err := w.keepFaults(control.OfEntra, left); err != nil {
		return err
	}
	w.entraFaults.Clear(name)
	return nil
}

func entraFaultsOf(list []control.Fault) ([]*faults.EntraFault, error) {
	made := make([]*faults.EntraFault, len(list))
	for i, f := range list {
		var err error
		if made[i], err = entraFaultOf(fmt.Sprintf("faults[%d].", i), f); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// entraFaultOf is tamperOf for Entra.
func entraFaultOf(path string, f control.Fault) (*faults.EntraFault, error) {
	member := "parameters"
	if !slices.Contains(faults.EntraNames(), f.Name) {
		member = "name"
	}
	made, err := faults.NewEntra(f.Name, f.Parameters)
	return made, about(path+member, err)
}
