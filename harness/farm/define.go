package farm

import (
	"fmt"
	"net/http"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// maxDefinitions bounds the platforms that are defined in one world.
const maxDefinitions = 100

// definition is a platform of an issuer file. The same text is the same platform, so that its issuers are found again.
type definition struct {
	platform *issuer.Platform
	text     string // JSON
}

func newDefinition(file *generic.File) (*definition, error) {
	text, err := file.Definition()
	if err != nil {
		return nil, fmt.Errorf("farm: the definition of %q: %w", file.Platform, err)
	}
	return &definition{file.Build(), string(text)}, nil
}

// define takes the platforms of issuer files into the farm.
func (s *Server) define(files []*generic.File) error {
	s.definitions = map[string]*definition{}
	for _, file := range files {
		d, err := newDefinition(file)
		if err != nil {
			return err
		}
		if s.platforms, err = s.platforms.With(d.platform); err != nil {
			return err
		}
		s.definitions[file.Platform] = d
	}
	return nil
}

// platforms are those that the world's issuers may be of: the farm's, and those defined in the world.
func (w *World) platforms() issuers.Set {
	w.mu.RLock()
	defer w.mu.RUnlock()
	set := w.server.platforms
	for _, d := range w.defined {
		set, _ = set.With(d.platform) // none has the name of another
	}
	return set
}

// defines tells whether an issuer is asked for whose platform is given.
func defines(spec control.IssuerSpec) bool {
	return len(spec.Define) > 0 && string(spec.Define) != "null"
}

// platformOf is the platform and the preset of an issuer that is asked for. A definition that the world has not yet
// is returned with it: it becomes one of the world's when there is such an issuer. The caller of one that defines holds
// defining.
func (w *World) platformOf(spec control.IssuerSpec) (*issuer.Platform, *issuer.Preset, *definition, error) {
	if !defines(spec) {
		if spec.Platform == "" {
			return nil, nil, nil, &control.Error{
				Status: http.StatusBadRequest, Member: "platform", Message: "farm: want the name of a platform, such as github, or a definition in define",
			}
		}
		p, preset, err := w.platforms().Find(spec.Platform, spec.Preset)
		return p, preset, nil, err
	}
	file, err := generic.Decode(spec.Define, issuers.Names()...)
	if err != nil {
		return nil, nil, nil, &control.Error{Status: http.StatusBadRequest, Member: "define", Message: "farm: " + err.Error()}
	}
	if spec.Platform != "" && spec.Platform != file.Platform {
		return nil, nil, nil, &control.Error{
			Status: http.StatusBadRequest, Member: "platform",
			Message: fmt.Sprintf("farm: the platform %q is asked for, and %q defined: leave the first out", spec.Platform, file.Platform),
		}
	}
	asked, err := newDefinition(file)
	if err != nil {
		return nil, nil, nil, err
	}
	d, err := w.definition(asked)
	if err != nil {
		return nil, nil, nil, err
	}
	preset, err := d.platform.Preset(spec.Preset)
	return d.platform, preset, d, err
}

// definition is the one of the farm or the world that says the same, or else the one that is asked for.
func (w *World) definition(asked *definition) (*definition, error) {
	name := asked.platform.Name
	known := w.server.definitions[name]
	if known == nil {
		w.mu.RLock()
		known = w.defined[name]
		count := len(w.defined)
		w.mu.RUnlock()
		if known == nil && count >= maxDefinitions {
			return nil, &control.Error{Status: http.StatusTooManyRequests, Member: "define", Message: fmt.Sprintf("farm: %d platforms are defined in this world already", count)}
		}
	}
	if known == nil {
		return asked, nil
	}
	if known.text != asked.text {
		return nil, &control.Error{
			Status: http.StatusConflict, Member: "define",
			Message: fmt.Sprintf("farm: the platform %q is there already, and defined otherwise: give this one another name", name),
		}
	}
	return known, nil
}
