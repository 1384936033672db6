package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/wording"
)

// Fault is one entry of the list: a name and its parameters' type.
type Fault struct {
	Name  string
	About string
	Place Place
	new   func() Parameters
}

// Parameters are those of one fault: one of the structs of this package, or a pointer to one. Their JSON members are
// what scenarios give it; the tag about says what each is.
type Parameters interface {
	Name() string                   // the fault's
	when() When                     // which requests and tokens it meets
	tamper() (issuer.Tamper, error) // what it changes; the error says which parameter is wrong
}

// All are the faults, in alphabetical order.
var All = []Fault{
	entry(AtDocuments, "members of the discovery document replaced, or removed with null", func() Parameters { return new(Discovery) }),
	entry(AtTokens, "members of the JOSE header replaced, or removed with null, before the token is signed", func() Parameters { return new(Header) }),
	entry(AtDocuments, "another body in place of the JWKS", func() Parameters { return new(JWKS) }),
	entry(AtNative, "an HTTP status in place of an answer of the platform's token API", func() Parameters { return new(NativeStatus) }),
	entry(AtDocuments, "an HTTP status in place of a document", func() Parameters { return new(Status) }),
	entry(AtTokens, "members of the JOSE header replaced after the token was signed", func() Parameters { return new(Tampered) }),
	entry(AtDocuments, "the connection for a document is closed without an answer", func() Parameters { return new(Unreachable) }),
}

// Parameter is one that a fault takes: a member of its parameters.
type Parameter struct {
	Name   string
	Type   string // of JSON: string, integer, number or object
	About  string
	Common bool // of When: every fault of the place takes it
}

// Parameters are those that the fault takes: its own, and then those of When.
func (f Fault) Parameters() []Parameter {
	var own, common []Parameter
	for _, field := range reflect.VisibleFields(reflect.TypeOf(f.new()).Elem()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		p := Parameter{Name: name, Type: kinds[field.Type.Kind()].name, About: field.Tag.Get("about"), Common: len(field.Index) > 1}
		switch {
		case field.Anonymous:
		case !p.Common:
			own = append(own, p)
		case slices.Contains(conditions[f.Place], name):
			common = append(common, p)
		}
	}
	return append(own, common...)
}

// kinds are the kinds of values that parameters have: their names in JSON, and in errors.
var kinds = map[reflect.Kind]struct{ name, want string }{
	reflect.String:  {"string", "a string"},
	reflect.Int:     {"integer", "an integer"},
	reflect.Float64: {"number", "a number"},
	reflect.Map:     {"object", "an object"},
}

func entry(at Place, about string, parameters func() Parameters) Fault {
	return Fault{parameters().Name(), about, at, parameters}
}

// Names returns the names of All.
func Names() []string {
	names := make([]string, len(All))
	for i, f := range All {
		names[i] = f.Name
	}
	return names
}

// New makes the named fault with its parameters, a JSON-like object; nil means none. The error lists the known names,
// or says which parameter is wrong.
func New(name string, parameters any) (issuer.Tamper, error) {
	for _, f := range All {
		if f.Name != name {
			continue
		}
		p := f.new()
		var given map[string]any
		if parameters != nil {
			raw, err := json.Marshal(parameters)
			if err != nil {
				return issuer.Tamper{}, fmt.Errorf("faults: %s: %w", name, err)
			}
			if err := json.Unmarshal(raw, &given); err != nil { // a copy of the caller's
				return issuer.Tamper{}, fmt.Errorf("faults: %s: parameters %s: %w", name, raw, err)
			}
			if err := f.validateNames(given); err != nil {
				return issuer.Tamper{}, err
			}
			err = json.Unmarshal(raw, p)
			if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
				return issuer.Tamper{}, fmt.Errorf("faults: %s: parameter %q: want %s, got %s", name, strings.TrimPrefix(wrong.Field, "When."), kinds[wrong.Type.Kind()].want, wrong.Value)
			}
			if err != nil {
				return issuer.Tamper{}, fmt.Errorf("faults: %s: parameters %s: %w", name, raw, err)
			}
		}
		tamper, err := p.tamper()
		if err != nil {
			return issuer.Tamper{}, fmt.Errorf("faults: %s: %w", name, err)
		}
		if err := p.when().validate(given); err != nil {
			return issuer.Tamper{}, fmt.Errorf("faults: %s: %w", name, err)
		}
		tamper.Name, tamper.Parameters = name, given
		tamper.Meets = (&gate{when: p.when(), place: f.Place}).meets
		return tamper, nil
	}
	return issuer.Tamper{}, wording.Unknown(name, Names(), "faults: no fault %q", name)
}

// validateNames refuses parameters that the fault does not take.
func (f Fault) validateNames(given map[string]any) error {
	var known []string
	for _, parameter := range f.Parameters() {
		known = append(known, parameter.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if why := unseen[f.Place][name]; why != "" {
			return fmt.Errorf("faults: %s: no parameter %q: %s", f.Name, name, why)
		}
		if !slices.Contains(known, name) {
			return wording.Unknown(name, known, "faults: %s: no parameter %q", f.Name, name)
		}
	}
	return nil
}

// Validate says what is wrong with the name of a fault or with its parameters, as New does.
func Validate(name string, parameters any) error {
	_, err := New(name, parameters)
	return err
}

// What faults cover of the documents.
func ofDiscovery(document string) bool { return document == "discovery" }
func ofJWKS(document string) bool      { return document == "jwks" }

// document checks a parameter that names a document and returns issuer.Tamper.Covers; empty covers both.
func document(name string) (covers func(string) bool, err error) {
	switch name {
	case "":
		return nil, nil
	case "discovery":
		return ofDiscovery, nil
	case "jwks":
		return ofJWKS, nil
	}
	return nil, fmt.Errorf("document %q: want discovery or jwks, or leave it out for both", name)
}
