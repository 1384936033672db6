package farm

import (
	"encoding/json"
	"fmt"
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
