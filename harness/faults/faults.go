package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/wording"
)

// Fault is one entry of the list: a name and its parameters' type.
type Fault struct {
	Name  string
	About string
	new   func() Parameters
}

// Parameters are those of one fault: one of the structs of this package, or a pointer to one. Their JSON members are
// what scenarios give it; the tag about says what each is.
type Parameters interface {
	Name() string                   // the fault's
	tamper() (issuer.Tamper, error) // what it changes; the error says which parameter is wrong
}

// All are the faults, in alphabetical order.
var All = []Fault{
	entry("members of the discovery document replaced, or removed with null", func() Parameters { return new(Discovery) }),
	entry("members of the JOSE header replaced, or removed with null, before the token is signed", func() Parameters { return new(Header) }),
	entry("another body in place of the JWKS", func() Parameters { return new(JWKS) }),
	entry("an HTTP status in place of an answer of the platform's token API", func() Parameters { return new(NativeStatus) }),
	entry("an HTTP status in place of a document", func() Parameters { return new(Status) }),
	entry("members of the JOSE header replaced after the token was signed", func() Parameters { return new(Tampered) }),
	entry("the connection for a document is closed without an answer", func() Parameters { return new(Unreachable) }),
}

// Parameter is one that a fault takes: a member of its parameters.
type Parameter struct {
	Name  string
	Type  string // of JSON: string, integer or object
	About string
}

// Parameters are those that the fault takes.
func (f Fault) Parameters() []Parameter {
	t := reflect.TypeOf(f.new()).Elem()
	parameters := make([]Parameter, t.NumField())
	for i := range parameters {
		field := t.Field(i)
		kind := map[reflect.Kind]string{reflect.String: "string", reflect.Int: "integer", reflect.Map: "object"}[field.Type.Kind()]
		parameters[i] = Parameter{field.Tag.Get("json"), kind, field.Tag.Get("about")}
	}
	return parameters
}

func entry(about string, parameters func() Parameters) Fault {
	return Fault{parameters().Name(), about, parameters}
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
				return issuer.Tamper{}, fmt.Errorf("faults: %s: parameter %q: want %s, got %s", name, wrong.Field, wants[wrong.Type.Kind()], wrong.Value)
			}
			if err != nil {
				return issuer.Tamper{}, fmt.Errorf("faults: %s: parameters %s: %w", name, raw, err)
			}
		}
		tamper, err := p.tamper()
		if err != nil {
			return issuer.Tamper{}, fmt.Errorf("faults: %s: %w", name, err)
		}
		tamper.Name, tamper.Parameters = name, given
		return tamper, nil
	}
	return issuer.Tamper{}, wording.Unknown(name, Names(), "faults: no fault %q", name)
}

// wants are the kinds of values that parameters have, in words.
var wants = map[reflect.Kind]string{reflect.String: "a string", reflect.Int: "an integer", reflect.Map: "an object"}

// validateNames refuses parameters that the fault does not take.
func (f Fault) validateNames(given map[string]any) error {
	var known []string
	for _, parameter := range f.Parameters() {
		known = append(known, parameter.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, name) {
			return wording.Unknown(name, known, "faults: %s: no parameter %q", f.Name, name)
		}
	}
	return nil
}

// document checks a parameter that names a document and returns whether it covers a document; empty covers both.
func document(name string) (covers func(string) bool, err error) {
	switch name {
	case "":
		return func(string) bool { return true }, nil
	case "discovery", "jwks":
		return func(document string) bool { return document == name }, nil
	}
	return nil, fmt.Errorf("document %q: want discovery or jwks, or leave it out for both", name)
}
