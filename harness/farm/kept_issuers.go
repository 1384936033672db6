package farm

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/state"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// keptIssuer is an issuer as it was asked for, or one at another URL of another, which platforms make.
type keptIssuer struct {
	Spec control.IssuerSpec `json:"spec"` // without its keys and faults
	Home string             `json:"home,omitempty"`
	Keys []keptGivenKey     `json:"keys,omitempty"`

	URL string `json:"url,omitempty"`
	Of  string `json:"of,omitempty"` // the URL of the issuer that it is the same as in everything else
}

// keptGivenKey is a key that an issuer was given.
type keptGivenKey struct {
	Private     json.RawMessage         `json:"private"` // of issuer.MarshalPrivateKey
	ID          string                  `json:"kid,omitempty"`
	Alg         jose.SignatureAlgorithm `json:"alg,omitempty"`
	Certificate []byte                  `json:"certificate,omitempty"` // DER
}

// keptFaults are the faults in force of an issuer, or of Entra.
type keptFaults struct {
	Issuer string          `json:"issuer"` // its URL
	Faults []control.Fault `json:"faults"`
}

// keepIssuer writes the record of an issuer that was asked for. The caller holds changing.
func (w *World) keepIssuer(spec control.IssuerSpec, home string, keys []issuer.SigningKey) error {
	if w.shelf == nil || w.restoring {
		return nil
	}
	spec.Keys, spec.Faults = nil, nil
	if d := w.server.definitions[spec.Platform]; d != nil { // the next start may be without the file
		spec.Define = json.RawMessage(d.text)
	}
	kept := keptIssuer{Spec: spec, Home: home}
	for _, key := range keys {
		private, err := issuer.MarshalPrivateKey(key.Key)
		if err != nil {
			return err
		}
		given := keptGivenKey{Private: private, ID: key.ID, Alg: key.Alg}
		if key.Certificate != nil {
			given.Certificate = key.Certificate.Raw
		}
		kept.Keys = append(kept.Keys, given)
	}
	return w.putIssuer(kept)
}

// keepAddress writes the record of an issuer that a platform has made of one that there is. The caller holds changing.
func (w *World) keepAddress(iss *issuer.Issuer) error {
	if w.shelf == nil || w.restoring {
		return nil
	}
	for _, u := range slices.Sorted(maps.Keys(w.issuers)) {
		if w.issuers[u].SameKeys(iss) {
			return w.putIssuer(keptIssuer{URL: iss.URL(), Of: u})
		}
	}
	return nil // it has keys of its own, and ends with the workload's platform
}

// putIssuer writes the next record of an issuer. The caller holds changing.
func (w *World) putIssuer(kept keptIssuer) error {
	if err := w.shelf.put(w.shelf.key("issuers", fmt.Sprintf("%06d", w.keptIssuers)), kept); err != nil {
		return err
	}
	w.keptIssuers++
	return nil
}

// restoreIssuers asks for the issuers that were kept, in their order, and puts their faults in force. What this start's
// flags leave no place for stays kept, and a warning says so.
func (w *World) restoreIssuers() error {
	if w.shelf == nil {
		return nil
	}
	w.setRestoring(true) // they have their records
	defer w.setRestoring(false)
	names, records := w.shelf.below("issuers")
	for i, name := range names {
		var kept keptIssuer
		if err := decodeRecord(w.shelf.key("issuers", name), records[name], &kept); err != nil {
			return err
		}
		if err := w.restoreIssuer(kept); err != nil {
			w.server.opts.Log.Warn("an issuer that was kept can't be served", "world", w.name, "issuer", kept.Spec.URL+kept.URL, "error", err)
		}
		if _, err := fmt.Sscanf(name, "%d", &i); err == nil {
			w.keptIssuers = i + 1
		}
	}
	names, records = w.shelf.below("faults")
	for _, name := range names {
		var kept keptFaults
		if err := decodeRecord(w.shelf.key("faults", name), records[name], &kept); err != nil {
			return err
		}
		if err := w.restoreFaults(kept); err != nil {
			w.server.opts.Log.Warn("faults that were kept can't be put in force", "world", w.name, "issuer", kept.Issuer, "error", err)
		}
	}
	return nil
}

// restoreFaults puts faults in force that were kept. They begin to count anew.
func (w *World) restoreFaults(kept keptFaults) error {
	if kept.Issuer == control.OfEntra {
		made, err := entraFaultsOf(kept.Faults)
		if err == nil {
			w.entraFaults.Replace(made...)
		}
		return err
	}
	tampers, err := tampersOf(kept.Faults)
	if err != nil {
		return err
	}
	iss := w.find(kept.Issuer)
	if iss == nil {
		return errors.New("there is no such issuer")
	}
	iss.SetTampers(tampers...)
	return nil
}

func (w *World) setRestoring(is bool) {
	w.changing.Lock()
	defer w.changing.Unlock()
	w.restoring = is
}

func (w *World) restoreIssuer(kept keptIssuer) error {
	if kept.Of != "" {
		of := w.find(kept.Of)
		if of == nil {
			return fmt.Errorf("farm: there is no issuer %q, which it is another address of", kept.Of)
		}
		iss, err := of.At(kept.URL)
		if err != nil {
			return err
		}
		return w.serve(iss)
	}
	var keys []issuer.SigningKey
	for _, k := range kept.Keys {
		private, err := issuer.ParsePrivateKey(k.Private)
		if err != nil {
			return err
		}
		key := issuer.SigningKey{Key: private, ID: k.ID, Alg: k.Alg}
		if k.Certificate != nil {
			if key.Certificate, err = x509.ParseCertificate(k.Certificate); err != nil {
				return err
			}
		}
		keys = append(keys, key)
	}
	_, err := w.addIssuer(kept.Spec, kept.Home, keys)
	return err
}

// keepFaults writes the faults of an issuer, or of Entra, that are to be in force. The caller holds changing.
func (w *World) keepFaults(of string, faults []control.Fault) error {
	if w.shelf == nil || w.restoring {
		return nil
	}
	key := w.shelf.key("faults", hashed(of))
	if len(faults) == 0 {
		return w.shelf.write(state.Remove(key))
	}
	return w.shelf.put(key, keptFaults{of, faults})
}
