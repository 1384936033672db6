package issuer

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/wording"
)

// Issuer is a live token issuer: a service of a platform at a URL, with its keys. It serves its discovery document and
// JWKS as an http.Handler. It is safe for concurrent use. Keys are made when they are first needed.
type Issuer struct {
	platform *Platform
	service  Service // a copy: options may have changed its URL and algorithm
	preset   *Preset
	claims   Claims // of WithClaims; over the preset's
	chosen   *int   // of WithAlg: the index of the key that signs, whatever the preset says
	url      string
	home     string // the URL under which the real world knows it; url unless WithHome says otherwise
	now      func() time.Time
	randMu   *sync.Mutex
	rand     io.Reader
	newKey   NewKeyFunc
	keeper   Keeper // of WithKeeper; nil: the keys end with the process
	// of WithSigningKeys, by key of the service; nil entries, and beyond the end: made by newKey
	given    []*SigningKey
	cors     bool                   // of WithCORS
	document func() ([]byte, error) // the discovery document, rendered once; it does not depend on the keys
	keys     *keyring
	tampers  *tampers
}

// Option changes what New makes.
type Option func(*Issuer) error

// WithURL moves the issuer: iss, the discovery document and everything below it use this URL, byte for byte.
func WithURL(issuerURL string) Option {
	return func(i *Issuer) error {
		u, err := url.Parse(issuerURL)
		if err == nil && u.User != nil { // a secret, perhaps: the error does not repeat it
			return fmt.Errorf("issuer: url at host %q: want https://host/path without a user and a password", u.Host)
		}
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" || !utf8.ValidString(issuerURL) {
			return fmt.Errorf("issuer: url %q: want https://host/path without query and fragment", issuerURL)
		}
		if want := AsWritten(u, issuerURL); want != "" {
			return fmt.Errorf("issuer: url %q: want %s", issuerURL, want)
		}
		i.url = issuerURL
		return nil
	}
}

// AsWritten says what a URL must be so that every client asks for it as it is written; empty: it is that. Clients take
// the parts . and .. out of a path before they ask, as RFC 3986, section 5.2.4 has it, and escape a space or refuse it.
func AsWritten(u *url.URL, written string) (want string) {
	port, err := strconv.ParseUint(cmp.Or(u.Port(), "443"), 10, 16)
	switch {
	case slices.ContainsFunc(strings.Split(u.Path, "/"), func(part string) bool { return part == "." || part == ".." }):
		return "a path without . and .. in it, which clients resolve before they ask"
	case strings.ContainsFunc(written, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return "no space or control character in it, which clients escape before they ask"
	case err != nil || port == 0:
		return "a port of 1 to 65535"
	}
	return ""
}

// WithHome says that the issuer's URL is another address of the issuer that the real world knows under home; see
// ShareKeys.
func WithHome(home string) Option {
	return func(i *Issuer) error { i.home = home; return nil }
}

// WithPreset chooses the preset, and with it the service, that mints; the default is the platform's first.
func WithPreset(name string) Option {
	return func(i *Issuer) error {
		preset, err := i.platform.Preset(name)
		if err != nil {
			return err
		}
		service, err := i.platform.Service(preset.Service)
		if err != nil {
			return err
		}
		i.preset, i.service = preset, *service
		return nil
	}
}

// WithClaims lays claims over the preset's for every token; a nil value removes a claim. Numbers may be json.Number.
func WithClaims(claims Claims) Option {
	return func(i *Issuer) (err error) {
		if i.claims, err = ExactMembers(claims); err != nil {
			return fmt.Errorf("issuer: claims: %w", err)
		}
		return nil
	}
}

// WithAlg makes the issuer sign with another algorithm: with its signing key if that is the key's algorithm, with its
// first key for that algorithm if it has one, else with its signing key remade to fit. It comes after WithPreset.
func WithAlg(alg string) Option {
	return func(i *Issuer) error {
		want := jose.SignatureAlgorithm(alg)
		if n := i.spot(i.preset); n < len(i.service.Keys) && i.service.Keys[n].Alg == want {
			i.chosen = &n
			return nil
		}
		if n := slices.IndexFunc(i.service.Keys, func(k KeySpec) bool { return k.Alg == want }); n >= 0 {
			i.chosen = &n
			return nil
		}
		if !slices.Contains(Algorithms, want) {
			return wording.Unknown(alg, names(Algorithms, func(a jose.SignatureAlgorithm) string { return string(a) }), "issuer: unknown key algorithm %q", alg)
		}
		n := i.spot(i.preset)
		i.service.Keys = slices.Clone(i.service.Keys)
		i.service.Keys[n].Alg = want
		i.chosen = &n
		return nil
	}
}

// WithNow sets the clock; the default is time.Now.
func WithNow(now func() time.Time) Option {
	return func(i *Issuer) error { i.now = now; return nil }
}

// WithRand sets the source of token ids; the default is crypto/rand. Keys do not come from it.
func WithRand(r io.Reader) Option {
	return func(i *Issuer) error { i.rand = r; return nil }
}

// WithKeys sets the source of private keys; the default is GenerateKey.
func WithKeys(source NewKeyFunc) Option {
	return func(i *Issuer) error { i.newKey = source; return nil }
}

// Algorithms are the signature algorithms an issuer can be told to use.
var Algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512,
}

// New makes an issuer of a platform. Options apply in their order.
func New(p *Platform, opts ...Option) (*Issuer, error) {
	if len(p.Services) == 0 || len(p.Presets) == 0 {
		return nil, fmt.Errorf("issuer: platform %q has no service or no preset", p.Name)
	}
	if p.Claims == nil {
		return nil, fmt.Errorf("issuer: platform %q has no claims", p.Name)
	}
	i := &Issuer{platform: p, now: time.Now, randMu: new(sync.Mutex), rand: rand.Reader, newKey: GenerateKey, tampers: new(tampers)}
	for _, opt := range append([]Option{WithPreset("")}, opts...) {
		if err := opt(i); err != nil {
			return nil, err
		}
	}
	if i.url == "" {
		i.url = i.service.Issuer
	}
	i.home = cmp.Or(i.home, i.url)
	for n := range p.Presets { // Mint may use each one of this service
		preset := &p.Presets[n]
		if preset.Service != i.preset.Service {
			continue
		}
		if spot := i.spot(preset); spot >= len(i.service.Keys) {
			return nil, fmt.Errorf("issuer: %s: preset %q signs with key %d of %d", p.Name, preset.Name, spot, len(i.service.Keys))
		}
	}
	i.keys = &keyring{issuer: i}
	i.document = sync.OnceValues(i.renderDiscovery)
	return i, nil
}

// At returns an issuer at another URL that is the same in everything else and has the same keys, for a service whose
// tokens may name either URL. Its faults are its own; it starts without any.
func (i *Issuer) At(issuerURL string) (*Issuer, error) {
	out := *i
	if err := WithURL(issuerURL)(&out); err != nil {
		return nil, err
	}
	out.home, out.tampers = out.url, new(tampers)
	out.document = sync.OnceValues(out.renderDiscovery)
	return &out, nil
}

// ShareKeys has the issuer use the keys of another one instead of its own, if both are one issuer at two addresses
// (WithHome), or if their platform has one key set for both (Service.KeySet), and tells whether it has. The error says
// that it was given keys which the other one does not have. It is called before the issuer is used.
func (i *Issuer) ShareKeys(other *Issuer) (bool, error) {
	one := i.service.Name == other.service.Name && i.home == other.home
	family := i.service.KeySet != "" && i.service.KeySet == other.service.KeySet && hostOf(i.home) == hostOf(other.home)
	if i.platform != other.platform || !one && !family || !i.sameAlgorithms(other) {
		return false, nil
	}
	if i.otherKeys(other) {
		return false, fmt.Errorf("issuer: %q has the keys of %q, which is there already with others than those given: give them when you ask for that one", i.url, other.url)
	}
	i.keys = other.keys
	return true, nil
}

// SameKeys tells whether two issuers share their keys, as after ShareKeys, At and Join.
func (i *Issuer) SameKeys(other *Issuer) bool { return i.keys == other.keys }

// Join makes the issuer one with another that has its URL: it has the keys and the faults of that one from now on, and
// differs in what it mints by itself. The error says in what else they differ. It is called before the issuer is used.
func (i *Issuer) Join(other *Issuer) error {
	if i.url != other.url || i.platform != other.platform || i.service.Name != other.service.Name || !i.sameAlgorithms(other) {
		return fmt.Errorf("issuer: %q is %s; asked for %s: give the new issuer another URL, or ask for the one that is there", other.url, other.kind(), i.kind())
	}
	if i.otherKeys(other) {
		return fmt.Errorf("issuer: %q is there already, with other keys than those given: give the new issuer another URL, or the keys to the first", other.url)
	}
	i.keys, i.tampers = other.keys, other.tampers
	return nil
}

// Same tells whether two issuers that share their keys mint the same.
func (i *Issuer) Same(other *Issuer) bool {
	return i.keys == other.keys && i.url == other.url && i.preset == other.preset && i.spot(i.preset) == other.spot(other.preset) &&
		reflect.DeepEqual(i.claims, other.claims)
}

// kind says which issuer it is, for errors.
func (i *Issuer) kind() string {
	kind := "one of platform " + i.platform.Name
	if i.service.Name != "" {
		kind += " (" + i.service.Name + ")"
	}
	return kind + " with keys for " + i.keyAlgorithms()
}

// sameAlgorithms tells whether the keys are for the same algorithms, which WithAlg changes.
func (i *Issuer) sameAlgorithms(other *Issuer) bool {
	return slices.EqualFunc(i.service.Keys, other.service.Keys, func(a, b KeySpec) bool { return a.Alg == b.Alg })
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil { // WithURL has parsed it
		return ""
	}
	return u.Host
}

// spot is the index of the key that signs a preset's tokens.
func (i *Issuer) spot(preset *Preset) int {
	switch {
	case i.chosen != nil:
		return *i.chosen
	case preset.Signer != nil:
		return *preset.Signer
	}
	return i.service.Signer
}

// Fetchable tells whether Entra can fetch the issuer's documents: it does so over https only.
func (i *Issuer) Fetchable() error {
	if !strings.HasPrefix(i.url, "https://") {
		return fmt.Errorf("issuer %q: want https://; Entra fetches an issuer's documents over https only", i.url)
	}
	return nil
}

// URL is the issuer's identifier, as in iss.
func (i *Issuer) URL() string { return i.url }

// Platform is the platform that the issuer belongs to.
func (i *Issuer) Platform() *Platform { return i.platform }

// JWKSURL is the address of the key set. A service that keeps its keys on another host does so only at its canonical
// URL; anywhere else the keys move below the issuer.
func (i *Issuer) JWKSURL() string {
	path := i.service.JWKS
	if !strings.HasPrefix(path, "/") {
		if i.url == i.service.Issuer {
			return path
		}
		u, err := url.Parse(path)
		if err != nil {
			return path
		}
		path = u.Path
	}
	return strings.TrimSuffix(i.url, "/") + path
}

// DiscoveryURL is the address of the discovery document.
func (i *Issuer) DiscoveryURL() string {
	return strings.TrimSuffix(i.url, "/") + cmp.Or(i.service.Discovery, "/.well-known/openid-configuration")
}
