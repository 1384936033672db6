package issuers

import (
	"fmt"
	"slices"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/wording"
)

// Set is the platforms that come with issuerd, and further ones such as those of a user's issuer files. The zero value
// has only the former. It does not change.
type Set struct{ more []*issuer.Platform }

// With returns the set that has further platforms too. The error says which of them has the name of another.
func (s Set) With(more ...*issuer.Platform) (Set, error) {
	out := Set{slices.Clone(s.more)}
	for _, p := range more {
		if slices.Contains(Names(), p.Name) {
			return Set{}, fmt.Errorf("issuers: the platform %q comes with issuerd: give yours another name", p.Name)
		}
		if slices.Contains(out.Names(), p.Name) {
			return Set{}, fmt.Errorf("issuers: there are two platforms %q", p.Name)
		}
		out.more = append(out.more, p)
	}
	return out, nil
}

// More are the further platforms.
func (s Set) More() []*issuer.Platform { return slices.Clone(s.more) }

// All returns the platforms, those that come with issuerd first. The slice is the caller's.
func (s Set) All() []*issuer.Platform { return append(All(), s.more...) }

// Names returns the names of the platforms in the order of All. It reads no file.
func (s Set) Names() []string {
	names := Names()
	for _, p := range s.more {
		names = append(names, p.Name)
	}
	return names
}

// ByName returns the platform with that name; the error lists those there are, or that are near.
func (s Set) ByName(name string) (*issuer.Platform, error) {
	for _, p := range s.more {
		if p.Name == name {
			return p, nil
		}
	}
	for _, e := range list {
		if e.name == name {
			return e.load(), nil
		}
	}
	return nil, wording.Unknown(name, s.Names(), "issuers: no platform %q", name)
}

// Find returns a platform and one of its presets, by the names of any time; the empty preset is the platform's first.
// The error lists those there are; the platform is nil if that is what is not known.
func (s Set) Find(platform, preset string) (*issuer.Platform, *issuer.Preset, error) {
	platform, preset, _ = Renamed(platform, preset)
	p, err := s.ByName(platform)
	if err != nil {
		return nil, nil, err
	}
	found, err := p.Preset(preset)
	return p, found, err
}
