package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/wording"
)

// Fault is one entry of a list: a name and its parameters' type.
type Fault struct {
	Name  string
	About string
	Place Place
	new   func() named
}

// named is what the parameters of all faults have.
type named interface {
	Name() string // the fault's
	when() When   // which requests and tokens it meets
}

// Parameters are those of one fault: one of the structs of this package, or a pointer to one. Their JSON members are
// what scenarios give it; the tag about says what each is.
type Parameters interface {
	named
	tamper() (issuer.Tamper, error) // what it changes; the error says which parameter is wrong
}

// All are the faults of issuers, in alphabetical order.
var All = []Fault{
	entry(AtTokens, "a token signed with an algorithm that nobody may take: none, HS256 with the public key as the secret, ES256", func() named { return new(Algorithm) }),
	entry(AtTokens, "claims replaced, or removed with null, before the token is signed: another iss, no iat", func() named { return new(Claims) }),
	entry(AtDocuments, "another Content-Type of a document", func() named { return new(ContentType) }),
	entry(AtTokens, "a bit of the token's signature changed", func() named { return new(CorruptedSignature) }),
	entry(AtDocuments, "the answer to a request for a document held back for a while", func() named { return new(Delay) }),
	entry(AtDocuments, "members of the discovery document replaced, or removed with null: a wrong issuer, no jwks_uri", func() named { return new(Discovery) }),
	entry(AtDocuments, "another key with the same kid before each key of the JWKS", func() named { return new(DuplicateKID) }),
	entry(AtTokens, "a member twice in the header or the payload of the token, which is signed so", func() named { return new(DuplicateMembers) }),
	entry(AtTokens, "a token that has expired", func() named { return new(ExpiredToken) }),
	entry(AtDocuments, "keys of nobody's before the issuer's in the JWKS, so that those are beyond the first 100", func() named { return new(ExtraKeys) }),
	entry(AtTokens, "a fourth part of the token", func() named { return new(ExtraSegment) }),
	entry(AtTokens, "the token signed with a key of another issuer's", func() named { return new(ForeignSignature) }),
	entry(AtTokens, "a token that is issued in the future", func() named { return new(FutureToken) }),
	entry(AtTokens, "members of the JOSE header replaced, or removed with null, before the token is signed: kid, typ, crit", func() named { return new(Header) }),
	entry(AtDocuments, "a web page in place of a document", func() named { return new(HTML) }),
	entry(AtDocuments, "a document of some megabytes", func() named { return new(Huge) }),
	entry(AtDocuments, "another body in place of the JWKS, or members of its keys replaced, or removed with null: kid, use, alg", func() named { return new(JWKS) }),
	entry(AtNative, "the answers of the platform's token API held back for a while", func() named { return new(NativeDelay) }),
	entry(AtNative, "members of the answers of the platform's token API replaced, or removed with null", func() named { return new(NativeReply) }),
	entry(AtNative, "no answer of the platform's token API, on an open connection", func() named { return new(NativeStall) }),
	entry(AtNative, "an HTTP status in place of an answer of the platform's token API", func() named { return new(NativeStatus) }),
	entry(AtDocuments, "a key with its private members in the JWKS", func() named { return new(PrivateKey) }),
	entry(AtDocuments, "a redirect in place of a document", func() named { return new(Redirect) }),
	entry(AtTokens, "the token with which GitHub's jobs ask for ID tokens in place of one", func() named { return new(RequestToken) }),
	entry(AtDocuments, "the JWKS of before the last rotation", func() named { return new(StaleJWKS) }),
	entry(AtDocuments, "no answer to a request for a document, or one that does not end, on an open connection", func() named { return new(Stall) }),
	entry(AtDocuments, "an HTTP status in place of a document", func() named { return new(Status) }),
	entry(AtTokens, "members of the JOSE header and claims replaced after the token was signed", func() named { return new(Tampered) }),
	entry(AtHandshakes, "an expired certificate, one of another name or an unknown authority, or an old version of TLS, at the hosts of the documents", func() named { return new(TLS) }),
	entry(AtDocuments, "half of a document", func() named { return new(Truncated) }),
	entry(AtTokens, "a text that is no token in place of one", func() named { return new(UnparseableToken) }),
	entry(AtDocuments, "the connection for a document is closed without an answer", func() named { return new(Unreachable) }),
	entry(AtDocuments, "a key is out of the JWKS as soon as another has taken its place", func() named { return new(WithdrawnKeys) }),
}

// OfEntra are the faults of Entra's own, in alphabetical order.
var OfEntra = []Fault{
	entry(AtEntra, "the answer held back for a while", func() named { return new(EntraDelay) }),
	entry(AtEntra, "a refusal with an AADSTS code", func() named { return new(EntraError) }),
	entry(AtEntra, "no answer, on an open connection", func() named { return new(EntraStall) }),
	entry(AtEntra, "an HTTP status in place of what Entra answers", func() named { return new(EntraStatus) }),
	entry(AtEntra, "HTTP status 429 with Retry-After", func() named { return new(EntraThrottled) }),
	entry(AtEntra, "the connection is closed without an answer", func() named { return new(EntraUnreachable) }),
}

// Parameter is one that a fault takes: a member of its parameters.
type Parameter struct {
	Name   string
	Type   string // of JSON: string, integer, number, boolean or object
	About  string
	Values []string // that a string may have; empty: any
	Common bool     // of When: every fault of the place takes it
}

// Parameters are those that the fault takes: its own, and then those of When.
func (f Fault) Parameters() []Parameter {
	var own, common []Parameter
	for _, field := range reflect.VisibleFields(reflect.TypeOf(f.new()).Elem()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		p := Parameter{Name: name, Type: kinds[field.Type.Kind()].name, About: field.Tag.Get("about"), Values: strings.Fields(field.Tag.Get("values")), Common: len(field.Index) > 1}
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
	reflect.Bool:    {"boolean", "true or false"},
}

func entry(at Place, about string, parameters func() named) Fault {
	return Fault{parameters().Name(), about, at, parameters}
}

// Names returns the names of All.
func Names() []string { return namesOf(All) }

// EntraNames returns the names of OfEntra.
func EntraNames() []string { return namesOf(OfEntra) }

func namesOf(list []Fault) []string {
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = f.Name
	}
	return names
}

// New makes the named fault of an issuer with its parameters, a JSON-like object; nil means none. The error lists the
// known names, or says which parameter is wrong.
func New(name string, parameters any) (issuer.Tamper, error) {
	f, err := find(All, name)
	if err != nil {
		return issuer.Tamper{}, err
	}
	p := f.new().(Parameters)
	given, err := f.read(parameters, p)
	if err != nil {
		return issuer.Tamper{}, err
	}
	tamper, err := p.tamper()
	if err != nil {
		return issuer.Tamper{}, f.wrong(err)
	}
	tamper.Name, tamper.Parameters = name, given
	tamper.Meets = (&gate{when: p.when(), place: f.Place}).meets
	return tamper, nil
}

// find returns the fault of a list that has a name.
func find(list []Fault, name string) (Fault, error) {
	for _, f := range list {
		if f.Name == name {
			return f, nil
		}
	}
	names := namesOf(list)
	of, hint := "", ""
	if list[0].Place == AtEntra {
		of = " of Entra's"
	} else if slices.Contains(EntraNames(), name) {
		hint = ", which is one of Entra's"
	}
	return Fault{}, wording.Unknown(name, names, "faults: no fault%s %q%s", of, name, hint)
}

// wrong is the error about the fault's parameters.
func (f Fault) wrong(err error) error { return fmt.Errorf("faults: %s: %w", f.Name, err) }

// read reads the parameters that were given into those of the fault, and returns a copy of them.
func (f Fault) read(parameters any, into named) (given map[string]any, err error) {
	if parameters == nil {
		return nil, nil
	}
	raw, err := json.Marshal(parameters)
	if err != nil {
		return nil, f.wrong(err)
	}
	if err := json.Unmarshal(raw, &given); err != nil {
		return nil, f.wrong(fmt.Errorf("parameters %s: %w", raw, err))
	}
	if err := f.validateNames(given); err != nil {
		return nil, err
	}
	err = json.Unmarshal(raw, into)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		name, got := strings.TrimPrefix(wrong.Field, "When."), wrong.Value
		if text, _ := given[name].(string); beyondIntegers.MatchString(text) {
			got = "one of more than 64 bits"
		}
		return nil, f.wrong(fmt.Errorf("parameter %q: want %s, got %s", name, kinds[wrong.Type.Kind()].want, got))
	}
	if err != nil {
		return nil, f.wrong(fmt.Errorf("parameters %s: %w", raw, err))
	}
	if err := f.validateValues(into); err != nil {
		return nil, err
	}
	if err := into.when().validate(given); err != nil {
		return nil, f.wrong(err)
	}
	return given, nil
}

// beyondIntegers matches an integer that YAML has as text because it is too large.
var beyondIntegers = regexp.MustCompile(`^[+-]?[0-9]{19,}$`)

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

// validateValues refuses a word that the parameter does not have.
func (f Fault) validateValues(p named) error {
	for _, parameter := range f.Parameters() {
		if len(parameter.Values) == 0 {
			continue
		}
		field, _ := reflect.TypeOf(p).Elem().FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, parameter.Name) })
		if given := reflect.ValueOf(p).Elem().FieldByIndex(field.Index).String(); given != "" && !slices.Contains(parameter.Values, given) {
			return wording.Unknown(given, parameter.Values, "faults: %s: parameter %q: no value %q", f.Name, parameter.Name, given)
		}
	}
	return nil
}

// Validate says what is wrong with the name of an issuer's fault or with its parameters, as New does.
func Validate(name string, parameters any) error {
	_, err := New(name, parameters)
	return err
}

// ValidateEntra is Validate for a fault of Entra's own.
func ValidateEntra(name string, parameters any) error {
	_, err := NewEntra(name, parameters)
	return err
}

// What faults cover of the documents.
func ofDiscovery(document string) bool { return document == "discovery" }
func ofJWKS(document string) bool      { return document == "jwks" }

// covering is issuer.Tamper.Covers for a parameter that names a document, whose values are validated; empty covers both.
func covering(document string) func(string) bool {
	return map[string]func(string) bool{"discovery": ofDiscovery, "jwks": ofJWKS}[document]
}

// duration reads a parameter that is a duration; empty means something else.
func duration(name, text string, empty time.Duration) (time.Duration, error) {
	if text == "" {
		return empty, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > maxDuration {
		return 0, fmt.Errorf("%s %q: want a duration of up to a year, such as 45s, 10m or 1h30m", name, text)
	}
	return d, nil
}

// maxDuration bounds durations, so that no sum of times overflows.
const maxDuration = 365 * 24 * time.Hour
