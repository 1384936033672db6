package generic

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

// The bounds on what a file says. Each is many times what an issuer needs.
const (
	maxKeys     = 8
	maxServices = 20
	maxPresets  = 100
	maxMembers  = 200 // of claims, documents and orders
	maxForms    = 100 // of derived, and of exceptions
	maxNotes    = 50  // of sources and limits
	maxName     = 60  // characters
	maxText     = 2000
	maxLifetime = 10 * 365 * 24 * time.Hour
	maxNotYet   = 24 * time.Hour
)

var (
	wordPattern     = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	variablePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	headerPattern   = regexp.MustCompile(`^[ -~]*$`)
	indentPattern   = regexp.MustCompile(`^[ \t]{0,8}$`)
)

// reserved are words that stand where platforms do and are none.
var reserved = []string{"entra"}

// Validate calls broken for each rule that something in the file breaks, with the path of what does, what to do about
// it, which may be empty, and what is wrong.
func (f *File) Validate(broken func(path []any, hint, message string)) {
	v := &validator{file: f, broken: broken}
	v.word([]any{"platform"}, "platform", f.Platform)
	if slices.Contains(reserved, f.Platform) {
		v.add([]any{"platform"}, "give it another name", "the platform %q is no issuer's", f.Platform)
	}
	v.text([]any{"title"}, f.Title)
	v.text([]any{"about"}, f.About)
	for key, notes := range map[string][]string{"sources": f.Sources, "limits": f.Limits, "assumed": f.Assumed} {
		v.atMost([]any{key}, len(notes), maxNotes)
		for i, note := range notes {
			v.text([]any{key, i}, note)
		}
	}
	v.services()
	v.context(nil, &f.Context)
	v.presets()
}

type validator struct {
	file   *File
	broken func(path []any, hint, message string)
}

func (v *validator) add(path []any, hint, format string, args ...any) {
	v.broken(path, hint, fmt.Sprintf(format, args...))
}

func (v *validator) atMost(path []any, got, limit int) {
	if got > limit {
		v.add(path, "", "want at most %d, got %d", limit, got)
	}
}

// word checks a name that stands in commands and paths. One that is missing has its problem from the decoder.
func (v *validator) word(path []any, what, word string) {
	switch {
	case word == "" || wordPattern.MatchString(word) && len(word) <= maxName:
	case len(word) > maxName:
		v.add(path, "", "the %s has %d characters, want at most %d", what, len(word), maxName)
	default:
		v.add(path, "write it with lower-case letters and digits, and dashes between them", "%q is no name for a %s", word, what)
	}
}

func (v *validator) text(path []any, text string) {
	if n := utf8.RuneCountInString(text); n > maxText {
		v.add(path, "", "want at most %d characters, got %d", maxText, n)
	}
	if strings.Contains(text, "\n") {
		v.add(path, "", "want one line")
	}
}

func (v *validator) services() {
	f := v.file
	v.atMost([]any{"services"}, len(f.Services), maxServices)
	names, urls := map[string]int{}, map[string]string{}
	for n, s := range f.services() {
		path := []any{}
		if n > 0 {
			path = []any{"services", n - 1}
			v.word(at(path, "name"), "service", s.Name)
			if first, dup := names[s.Name]; dup && s.Name != "" {
				v.add(at(path, "name"), "", "service %q is already services[%d]", s.Name, first)
			}
			names[s.Name] = n - 1
		}
		own := &f.Service
		if n > 0 {
			own = &f.Services[n-1].Service
		}
		v.service(path, own)
		v.keys(path, s.keys(), own.Keys != nil)
		if other, dup := urls[own.URL]; dup && own.URL != "" {
			v.add(at(path, "url"), "each service has a URL of its own", "%s is the URL of %s too", own.URL, other)
		}
		urls[own.URL] = "the first level"
		if n > 0 {
			urls[own.URL] = fmt.Sprintf("service %q", s.Name)
		}
		if !slices.ContainsFunc(f.Presets, func(p Preset) bool { return p.Service == s.Name }) && len(f.Presets) > 0 {
			v.add(path, "give a preset the service, or leave the service out", "no preset mints at %s", urls[own.URL])
		}
	}
}

// service checks what a service says itself.
func (v *validator) service(path []any, s *Service) {
	if s.URL != "" {
		v.address(at(path, "url"), s.URL)
	}
	for key, address := range map[string]string{"discovery": s.Discovery, "jwks": s.JWKS} {
		switch {
		case address == "":
		case strings.HasPrefix(address, "/"):
			if u, err := url.Parse(address); err != nil || u.Host != "" || u.RawQuery != "" || u.Fragment != "" || u.Path == "/" {
				v.add(at(path, key), "", "%q is no path: want /path without query and fragment", address)
			} else if want := issuer.AsWritten(u, address); want != "" {
				v.add(at(path, key), "", "%q: want %s", address, want)
			}
		case key == "jwks" && strings.Contains(address, ":"):
			v.address(at(path, key), address)
		default:
			v.add(at(path, key), "", "%q is no path: want it to begin with /", address)
		}
	}
	if s.JWKS != "" && s.JWKS == s.Discovery {
		v.add(at(path, "jwks"), "", "the discovery document is at %q", s.JWKS)
	}
	v.atMost(at(path, "document"), len(s.Document), maxMembers)
	for _, member := range []string{"issuer", "jwks_uri"} {
		if _, has := s.Document[member]; has {
			v.add(at(path, "document", member), "leave it out", "%s follows from url and jwks", member)
		}
	}
	if !indentPattern.MatchString(s.Indent) {
		v.add(at(path, "indent"), "", "want up to 8 spaces or tabs")
	}
	for key, value := range map[string]string{
		"discoveryType": s.HTTP.DiscoveryType, "jwksType": s.HTTP.JWKSType, "cacheControl": s.HTTP.CacheControl, "jwksCacheControl": s.HTTP.JWKSCacheControl,
	} {
		if !headerPattern.MatchString(value) || len(value) > maxText {
			v.add(at(path, "http", key), "", "want up to %d printable ASCII characters", maxText)
		}
	}
	v.word(at(path, "keySet"), "key set", s.KeySet)
	if s.Typ != nil {
		v.text(at(path, "typ"), *s.Typ)
	}
	for key, names := range map[string][]string{"document": s.Order.Document, "jwk": s.Order.JWK, "header": s.Order.Header, "payload": s.Order.Payload} {
		v.atMost(at(path, "order", key), len(names), maxMembers)
		for i, name := range names {
			if slices.Index(names, name) < i {
				v.add(at(path, "order", key, i), "", "%q is there already", name)
			}
		}
	}
	v.duration(at(path, "overlap"), s.Overlap, 0, maxLifetime)
	v.duration(at(path, "lifetime"), s.Lifetime, 0, maxLifetime)
	v.notBefore(at(path, "notBefore"), s.NotBefore)
}

func (v *validator) address(path []any, address string) {
	u, err := url.Parse(address)
	switch {
	case err == nil && u.User != nil: // a secret, perhaps: the message does not repeat it
		v.add(path, "", "want https://host/path without a user and a password")
	case err != nil || u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" || len(address) > maxText:
		v.add(path, "", "%q is no address of an issuer: want https://host/path without query and fragment", address)
	default:
		if want := issuer.AsWritten(u, address); want != "" {
			v.add(path, "", "%q: want %s", address, want)
		}
	}
}

func (v *validator) keys(path []any, keys []Key, own bool) {
	if !own {
		return
	}
	v.atMost(at(path, "keys"), len(keys), maxKeys)
	signers := 0
	for n, key := range keys {
		place := at(path, "keys", n)
		if key.Signs {
			if signers++; signers == 2 {
				v.add(at(place, "signs"), "", "another key signs already")
			}
		}
		if names := kidNames(key.KID); key.KID != "" {
			v.text(at(place, "kid"), key.KID)
			first := slices.IndexFunc(keys, func(k Key) bool { return k.KID == key.KID })
			if alike := !slices.ContainsFunc(names, func(name string) bool { return name != "number" }); alike && first < n {
				v.add(at(place, "kid"), "", "keys[%d] has the same form, and so the same id", first)
			}
			if len(names) == 0 {
				v.add(at(place, "kid"), "put one of "+kidStyleNames()+" into it", "the form %q names every key alike", key.KID)
			}
			for _, name := range names {
				switch {
				case kidStyles[name] == nil:
					v.add(at(place, "kid"), document.DidYouMean(name, slices.Collect(maps.Keys(kidStyles))), "unknown placeholder {%s}", name)
				case name == certificateKID && key.Certificate == nil:
					v.add(at(place, "kid"), "give the key a certificate", "{certificate} is made from a certificate, and the key has none")
				}
			}
		}
		if key.Certificate != nil {
			v.text(at(place, "certificate", "commonName"), key.Certificate.CommonName)
			v.duration(at(place, "certificate", "age"), key.Certificate.Age, 0, maxLifetime)
			v.duration(at(place, "certificate", "life"), key.Certificate.Life, 0, maxLifetime)
		}
	}
}

func (v *validator) duration(path []any, d, least, most time.Duration) {
	switch {
	case d%time.Second != 0:
		v.add(path, "", "want whole seconds, got %s", d)
	case d < least || d > most:
		v.add(path, "", "want %s to %s, got %s", least, most, d)
	}
}

func (v *validator) notBefore(path []any, d *time.Duration) {
	if d != nil {
		v.duration(path, *d, -maxNotYet, maxNotYet)
	}
}

// context checks what a context says itself; its forms are checked with those that they stand beside.
func (v *validator) context(path []any, c *Context) {
	v.atMost(at(path, "claims"), len(c.Claims), maxMembers)
	v.atMost(at(path, "derived"), len(c.Derived), maxForms)
	v.atMost(at(path, "exceptions"), len(c.Exceptions), maxForms)
	if c.Variable != "" && (!variablePattern.MatchString(c.Variable) || len(c.Variable) > maxName) {
		v.add(at(path, "variable"), "write it with letters, digits and _, as a shell has them", "%q is no name of a variable", c.Variable)
	}
}

func (v *validator) presets() {
	f := v.file
	v.atMost([]any{"presets"}, len(f.Presets), maxPresets)
	services, names := f.services(), map[string]int{}
	seen := map[string]bool{} // a form of the first level is wrong once, however many presets have it
	for n := range f.Presets {
		p, path := &f.Presets[n], []any{"presets", n}
		v.word(at(path, "name"), "preset", p.Name)
		if first, dup := names[p.Name]; dup && p.Name != "" {
			v.add(at(path, "name"), "", "preset %q is already presets[%d]", p.Name, first)
		}
		names[p.Name] = n
		v.text(at(path, "about"), p.About)
		i := slices.IndexFunc(services, func(s NamedService) bool { return s.Name == p.Service })
		if i < 0 {
			var known []string
			for _, s := range services[1:] {
				known = append(known, s.Name)
			}
			v.add(at(path, "service"), document.DidYouMean(p.Service, known), "unknown service %q", p.Service)
		} else if keys := len(services[i].keys()); p.Key > keys && keys > 0 && p.Key <= maxKeys {
			v.add(at(path, "key"), "", "key %d of %d", p.Key, keys)
		}
		v.duration(at(path, "lifetime"), p.Lifetime, 0, maxLifetime)
		v.notBefore(at(path, "notBefore"), p.NotBefore)
		v.context(path, &p.Context)
		v.forms(n, seen)
	}
}

// forms checks the forms of a preset.
func (v *validator) forms(preset int, seen map[string]bool) {
	f, p := v.file, &v.file.Presets[preset]
	once := func(path []any, hint, format string, args ...any) {
		if key := fmt.Sprint(path); !seen[key] {
			seen[key] = true
			v.add(path, hint, format, args...)
		}
	}
	forms := f.forms(preset)
	known := claimNames(forms, f.Claims, p.Claims)
	audience := form{claim: "aud", text: f.audience(preset).Default, path: []any{"audience", "default"}}
	if p.Audience.Default != "" {
		audience.path = at([]any{"presets", preset}, "audience", "default")
	}
	for _, form := range append(forms, audience) {
		v.text(form.path, form.text)
		names, err := ci.ClaimsOf(form.text)
		if err != nil {
			once(form.path, "", "%s", err)
		}
		if form.where != "" {
			names = append(names, form.where)
		}
		for _, name := range names {
			if !slices.Contains(known, name) {
				once(form.path, document.DidYouMean(name, known), "the form of %s is made from the claim %q, which preset %q has not", form.claim, name, p.Name)
			}
		}
	}
	if _, circle := inOrder(forms); circle != nil {
		once(circle.path, "", "the claim %q is made from itself", circle.claim)
	}
}
