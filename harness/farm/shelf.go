package farm

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/state"
)

// The records of a farm, below worlds/ID/ those of a world:
//
//	authority                  ca.Kept
//	directory                  the version of the directory file that was last put in force
//	worlds/ID/world            keptWorld
//	worlds/ID/clock            keptClock
//	worlds/ID/entra-key        keptEntraKey
//	worlds/ID/directory/NAME   a part of the directory
//	worlds/ID/issuers/NUMBER   keptIssuer, in the order in which they were asked for
//	worlds/ID/faults/HASH      keptFaults, by a hash of the issuer's URL
//	worlds/ID/keys/HASH/NAME   a record of the keys of an issuer, by a hash of its URL
//	worlds/ID/journal/NUMBER   control.Entry
//	worlds/ID/unmatched        the number of requests for what is not there
const (
	authorityKey        = "authority"
	directoryVersionKey = "directory"
	worldsPrefix        = "worlds/"
)

// shelf is where a world has its records. A change is in them before it is answered. The nil shelf, of a farm without a
// state directory, keeps nothing.
type shelf struct {
	store *state.Store
	world string // id
	log   *slog.Logger

	mu    sync.RWMutex // held for reading by every write
	ended bool
}

// newShelf returns the shelf of a world.
func (s *Server) newShelf(world string) *shelf {
	if s.store == nil {
		return nil
	}
	return &shelf{store: s.store, world: world, log: s.opts.Log}
}

// key is the key of a record of the world.
func (s *shelf) key(parts ...string) string {
	return worldsPrefix + s.world + "/" + strings.Join(parts, "/")
}

// hashed is a URL as a part of a key: it may be long, and have slashes.
func hashed(url string) string {
	sum := sha256.Sum256([]byte(url))
	return hex.EncodeToString(sum[:16])
}

// write makes changes of records. After the end of the world it refuses, so that none of its records stays.
func (s *shelf) write(changes ...state.Change) error {
	if s == nil || len(changes) == 0 {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.ended {
		return errEnded
	}
	return s.checked(s.store.Write(changes...))
}

// checked logs an error of the store, and makes it one for the caller of the management API.
func (s *shelf) checked(err error) error {
	if err == nil {
		return nil
	}
	s.log.Error("not kept", "world", s.world, "error", err)
	return &control.Error{Status: http.StatusInsufficientStorage, Message: "farm: not kept, and so not done: " + err.Error()}
}

// put writes a record as JSON.
func (s *shelf) put(key string, value any) error {
	if s == nil {
		return nil
	}
	change, err := putJSON(key, value)
	if err != nil {
		return err
	}
	return s.write(change)
}

// remove removes every record of the world, and lets nobody write more. It may be called again.
func (s *shelf) remove() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil
	}
	err := s.checked(s.store.Write(state.Remove(s.key(""))))
	s.ended = err == nil
	return err
}

// removed tells whether no record of the world is left.
func (s *shelf) removed() bool {
	if s == nil {
		return true
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.ended
}

// below returns the records whose keys begin with the key of the parts and a slash, by what follows.
func (s *shelf) below(parts ...string) (names []string, records map[string][]byte) {
	records = map[string][]byte{}
	prefix := s.key(append(parts, "")...)
	for _, r := range s.store.Records(prefix) {
		name := strings.TrimPrefix(r.Key, prefix)
		names, records[name] = append(names, name), r.Value
	}
	return names, records
}

// read decodes a record. Without one, it returns false.
func (s *shelf) read(key string, into any) (found bool, err error) {
	if s == nil {
		return false, nil
	}
	record := s.store.Record(key)
	if record == nil {
		return false, nil
	}
	return true, decodeRecord(key, record, into)
}

func putJSON(key string, value any) (state.Change, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return state.Change{}, fmt.Errorf("farm: keep %s: %w", key, err)
	}
	return state.Put(key, text), nil
}

// decodeRecord reads a record with numbers as they were written: issuers take claims with such numbers, and faults
// parameters. The error has no text of the record, which may be secret.
func decodeRecord(key string, record []byte, into any) error {
	dec := json.NewDecoder(strings.NewReader(string(record)))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("farm: the record %q is not readable by this version", key)
	}
	return nil
}

// Kept returns the records of an issuer's keys; with Keep it implements issuer.Keeper.
func (s *shelf) Kept(issuerURL string) (map[string][]byte, error) {
	_, records := s.below("keys", hashed(issuerURL))
	return records, nil
}

// Keep writes records of an issuer's keys.
func (s *shelf) Keep(issuerURL string, records map[string][]byte) error {
	var changes []state.Change
	for name, record := range records {
		changes = append(changes, state.Put(s.key("keys", hashed(issuerURL), name), record))
	}
	return s.write(changes...)
}

// directoryPart is the key of a part of the directory.
func (s *shelf) directoryPart(name string) string { return s.key("directory", name) }

// keepDirectory writes parts of the directory, and what else belongs to the same change.
func (s *shelf) keepDirectory(all bool, parts []directory.Part, also ...state.Change) error {
	var changes []state.Change
	if all {
		changes = append(changes, state.Remove(s.directoryPart("")))
	}
	for _, part := range parts {
		changes = append(changes, state.Put(s.directoryPart(part.Name), part.Data))
	}
	return s.write(append(changes, also...)...)
}

// openStore opens the state directory, if there is to be one.
func (s *Server) openStore() (err error) {
	if s.opts.State != "" {
		s.store, err = state.Open(s.opts.State, state.Options{Version: s.opts.Version, Now: s.opts.Now})
	}
	return err
}

// closeStore lets others have the state directory. What the journals have and is not written yet, is.
func (s *Server) closeStore() error {
	if s.store == nil {
		return nil
	}
	s.mu.RLock()
	worlds := make([]*World, 0, len(s.worlds))
	for _, w := range s.worlds {
		worlds = append(worlds, w)
	}
	s.mu.RUnlock()
	var errs []error
	for _, w := range worlds {
		errs = append(errs, w.keepJournal())
	}
	return errors.Join(append(errs, s.store.Close())...)
}
