package farm

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm/ca"
	"github.com/issuerd/issuerd/harness/state"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// keptWorld is what stays the same of a world.
type keptWorld struct {
	Name           string        `json:"name"`
	Skew           time.Duration `json:"skew"`
	IdentitySecret string        `json:"identitySecret"`
}

// keptEntraKey is what Entra signs access tokens with.
type keptEntraKey struct {
	Private json.RawMessage `json:"private"` // of issuer.MarshalPrivateKey
	Made    time.Time       `json:"made"`
}

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

// keptFaults are the faults in force of an issuer.
type keptFaults struct {
	Issuer string          `json:"issuer"` // its URL
	Faults []control.Fault `json:"faults"`
}

// startAuthority makes the certificate authority, or takes up the one that was kept. That one stays as long as it may
// sign for every host that this start wants, and has not come to its end; if not, a new one takes its place, for the
// hosts of both, and a warning says so: clients must get its root.
func (s *Server) startAuthority(hosts []string) error {
	var kept *ca.Authority
	if s.store != nil {
		if record := s.store.Record(authorityKey); record != nil {
			var k ca.Kept
			err := decodeRecord(authorityKey, record, &k)
			if err == nil {
				kept, err = ca.Restore(k, s.opts.Now)
			}
			if err != nil {
				return err
			}
		}
	}
	reason := ""
	if kept != nil {
		missing := slices.DeleteFunc(slices.Clone(hosts), kept.MaySign)
		switch {
		case !s.opts.Now().Before(kept.End()):
			reason = "the one that was kept ended at " + kept.End().UTC().Format(time.RFC3339)
		case len(missing) > 0:
			reason = "the one that was kept may not sign for " + strings.Join(missing, ", ")
		default:
			s.authority = kept
			return nil
		}
		for _, host := range kept.Hosts() {
			if !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
	}
	authority, err := ca.New(hosts, s.opts.Now)
	if err != nil {
		return err
	}
	if s.store != nil {
		k, err := authority.Keep()
		if err != nil {
			return err
		}
		change, err := putJSON(authorityKey, k)
		if err != nil {
			return err
		}
		if err := s.store.Write(change); err != nil {
			return err
		}
	}
	if reason != "" {
		s.opts.Log.Warn("made a new certificate authority: clients that trust the farm need its root certificate again", "reason", reason)
	}
	s.authority = authority
	return nil
}

// keptClock is how the clocks of a world are set.
type keptClock struct {
	Offset time.Duration `json:"offset"` // from the real time
	Frozen bool          `json:"frozen,omitempty"`
	At     time.Time     `json:"at,omitzero"` // what frozen ones say
}

func (s clockState) keep() keptClock { return keptClock{s.offset, s.frozen, s.at} }

func (c *clock) restore(k keptClock) { c.state.Store(&clockState{k.Offset, k.Frozen, k.At}) }

// keepClock writes how the clocks are to be set. The caller holds changing.
func (w *World) keepClock(state clockState) error {
	if w.shelf == nil {
		return nil
	}
	return w.shelf.put(w.shelf.key("clock"), state.keep())
}

// keepWorld writes the records of a world that has just been made.
func (w *World) keepWorld(also ...state.Change) error {
	if w.shelf == nil {
		return nil
	}
	parts, err := w.dir.Parts()
	if err != nil {
		return err
	}
	world, err := putJSON(w.shelf.key("world"), keptWorld{w.name, w.skew, w.identitySecret})
	if err != nil {
		return err
	}
	clock, err := putJSON(w.shelf.key("clock"), w.clock.state.Load().keep())
	if err != nil {
		return err
	}
	return w.shelf.keepDirectory(true, parts, append(also, world, clock)...)
}

// restoreDefaultWorld makes the default world that was kept, without its issuers, or returns nil when there is none. The
// directory of the options takes the place of the one that was kept when its file has changed since.
func (s *Server) restoreDefaultWorld() (*World, error) {
	if s.store == nil {
		return nil, nil
	}
	w, err := s.restoreWorld(control.DefaultWorld)
	if w == nil || err != nil {
		return nil, err
	}
	if version := s.opts.DirectoryVersion; s.opts.Directory != nil && version != "" && version != string(s.store.Record(directoryVersionKey)) {
		if err := w.replaceDirectory(s.opts.Directory, state.Put(directoryVersionKey, []byte(version))); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// restoreWorlds makes the worlds that were kept, but for the default one. Records of a world that was not whole, since
// its making was not answered, or that has ended, go.
func (s *Server) restoreWorlds() error {
	if s.store == nil {
		return nil
	}
	for _, id := range s.store.Folders(worldsPrefix) {
		if id == control.DefaultWorld {
			continue
		}
		w, err := s.restoreWorld(id)
		if err != nil {
			return err
		}
		if w == nil {
			if err := s.store.Write(state.Remove(worldsPrefix + id + "/")); err != nil {
				return err
			}
			continue
		}
		if err := w.restoreIssuers(); err != nil {
			return err
		}
		s.worlds[id] = w
	}
	return nil
}

// restoreWorld makes a world that was kept, without its issuers, or returns nil when there is none.
func (s *Server) restoreWorld(id string) (*World, error) {
	shelf := s.newShelf(id)
	var kept keptWorld
	if found, err := shelf.read(shelf.key("world"), &kept); !found || err != nil {
		return nil, err
	}
	clock, err := newClock(s.opts.Now, s.opts.After, time.Time{}, false)
	if err != nil {
		return nil, err
	}
	var set keptClock
	if _, err := shelf.read(shelf.key("clock"), &set); err != nil {
		return nil, err
	}
	clock.restore(set)
	names, records := shelf.below("directory")
	parts := make([]directory.Part, len(names))
	for i, name := range names {
		parts[i] = directory.Part{Name: name, Data: records[name]}
	}
	dir, err := directory.Restore(parts)
	if err != nil {
		return nil, fmt.Errorf("farm: world %q: %w", kept.Name, err)
	}
	w := s.assemble(&World{
		id: id, name: kept.Name, skew: kept.Skew, clock: clock, dir: dir, identitySecret: kept.IdentitySecret, shelf: shelf,
	})
	return w, w.restoreJournal()
}

// entraKey is what Entra signs access tokens with: the key that was kept, or a new one.
func (w *World) entraKey() (entra.SigningKey, error) {
	const name = "entra-key"
	var kept keptEntraKey
	if w.shelf != nil {
		found, err := w.shelf.read(w.shelf.key(name), &kept)
		if err != nil {
			return entra.SigningKey{}, err
		}
		if found {
			key, err := issuer.ParsePrivateKey(kept.Private)
			return entra.SigningKey{Key: key, Made: kept.Made}, err
		}
	}
	made := entra.SigningKey{Made: w.clock.now()}
	var err error
	if made.Key, err = w.keys(jose.RS256); err != nil || w.shelf == nil {
		return made, err
	}
	if kept.Private, err = issuer.MarshalPrivateKey(made.Key); err != nil {
		return entra.SigningKey{}, err
	}
	kept.Made = made.Made
	return made, w.shelf.put(w.shelf.key(name), kept)
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
		iss := w.find(kept.Issuer)
		tampers, err := tampersOf(kept.Faults)
		if iss == nil && err == nil {
			err = errors.New("there is no such issuer")
		}
		if err != nil {
			w.server.opts.Log.Warn("faults that were kept can't be put in force", "world", w.name, "issuer", kept.Issuer, "error", err)
			continue
		}
		iss.SetTampers(tampers...)
	}
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

// keepFaults writes the faults of an issuer that are to be in force. The caller holds changing.
func (w *World) keepFaults(iss *issuer.Issuer, faults []control.Fault) error {
	if w.shelf == nil || w.restoring {
		return nil
	}
	key := w.shelf.key("faults", hashed(iss.URL()))
	if len(faults) == 0 {
		return w.shelf.write(state.Remove(key))
	}
	return w.shelf.put(key, keptFaults{iss.URL(), faults})
}

// ReplaceDirectory puts another directory in the place of the default world's, as [directory.Directory.Replace] does,
// and keeps the version of the file that it was read from; see [Options].DirectoryVersion.
func (s *Server) ReplaceDirectory(with *directory.Directory, version string) error {
	return s.DefaultWorld().replaceDirectory(with, state.Put(directoryVersionKey, []byte(version)))
}

// replaceDirectory puts another directory in the place of the world's. What else changes with it is kept with it.
func (w *World) replaceDirectory(with *directory.Directory, also ...state.Change) error {
	w.replacing.Lock()
	defer w.replacing.Unlock()
	w.also = also
	defer func() { w.also = nil }()
	return w.dir.Replace(with)
}

// keepDirectory is the Keep of the world's directory.
func (w *World) keepDirectory(all bool, parts []directory.Part) error {
	if all { // of replaceDirectory, whose caller alone sets it
		return w.shelf.keepDirectory(true, parts, w.also...)
	}
	return w.shelf.keepDirectory(false, parts)
}
