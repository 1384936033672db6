package farm

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/state"
)

// startDefaultWorld makes the world that is there from the start, with every issuer of every platform in it unless told
// otherwise: canonically, and by path below each name of the issuer plane's listener.
func (s *Server) startDefaultWorld() error {
	spec := s.opts.World
	spec.Name = cmp.Or(spec.Name, control.DefaultWorld)
	w, err := s.restoreDefaultWorld()
	if err == nil && w == nil {
		if w, err = s.newWorld(control.DefaultWorld, spec, s.opts.Directory); err == nil {
			err = w.keepWorld(state.Put(directoryVersionKey, []byte(s.opts.DirectoryVersion)))
		}
	}
	if err != nil {
		return err
	}
	w.setRestoring(true) // these follow from the flags
	defer w.setRestoring(false)
	if !s.opts.NoIssuers {
		for _, base := range s.bases() {
			if err := w.addPlatforms(base, s.opts.Keys); err != nil {
				return err
			}
		}
	}
	s.worlds[control.DefaultWorld] = w
	return w.restoreIssuers()
}

// DefaultWorld is the world that requests without a header reach.
func (s *Server) DefaultWorld() *World { return s.world(control.DefaultWorld) }

// Worlds describes the worlds, the default one first.
func (s *Server) Worlds() []control.World {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]control.World, 0, len(s.worlds))
	for _, w := range s.worlds {
		all = append(all, w.Describe())
	}
	slices.SortFunc(all, func(a, b control.World) int {
		if (a.ID == control.DefaultWorld) != (b.ID == control.DefaultWorld) {
			if a.ID == control.DefaultWorld {
				return -1
			}
			return 1
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all
}

// NewWorld makes a world beside the others.
func (s *Server) NewWorld(spec control.WorldSpec) (*World, error) {
	w, err := s.newWorld(s.newID(), spec, nil)
	if err != nil {
		return nil, err
	}
	if err := w.keepWorld(); err != nil {
		s.secrets.remove(w.identitySecret)
		return nil, err
	}
	if !s.register(w) {
		s.secrets.remove(w.identitySecret)
		return nil, errors.Join(w.shelf.remove(), &control.Error{Status: http.StatusTooManyRequests, Message: fmt.Sprintf("farm: %d worlds are open already; delete some", maxWorlds)})
	}
	return w, nil
}

// register lets a world be found, unless there are too many.
func (s *Server) register(w *World) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.worlds) >= maxWorlds {
		return false
	}
	s.worlds[w.id] = w
	return true
}

// maxWorlds bounds what a client that deletes nothing can make a farm hold.
const maxWorlds = 10000

func (s *Server) world(id string) *World {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.worlds[id]
}

func (s *Server) deleteWorld(id string) error {
	if id == control.DefaultWorld {
		return &control.Error{Status: http.StatusConflict, Message: "farm: the default world ends with the process"}
	}
	gone := &control.Error{Status: http.StatusNotFound, Message: "farm: no such world"}
	w := s.world(id)
	if w == nil {
		return gone
	}
	if err := w.shelf.remove(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.worlds[id] == nil { // another request was faster
		s.mu.Unlock()
		return gone
	}
	workloads := s.removeWorld(w)
	s.mu.Unlock()
	return w.end(workloads)
}

// errEnded is for what is asked of a world that has been deleted.
var errEnded = &control.Error{Status: http.StatusNotFound, Message: "farm: this world has been deleted"}

// hasEnded tells whether the world was deleted.
func (w *World) hasEnded() bool {
	w.server.mu.RLock()
	defer w.server.mu.RUnlock()
	return w.ended
}

// orEnded is an error of what was asked of the world, or if it was deleted meanwhile, with its keys, that.
func (w *World) orEnded(err error) error {
	if err != nil && w.hasEnded() {
		return errEnded
	}
	return err
}
