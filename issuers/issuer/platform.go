package issuer

import (
	"net/url"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/wording"
)

// Platform describes how one token service behaves. It is data: it holds no state and may be shared by any number of
// issuers.
type Platform struct {
	Name     string    // folder but for its dashes, word in scenarios, path segment
	Title    string    // what people call it
	Services []Service // the issuers it runs; the first is the default
	Presets  []Preset  // the contexts it mints in; the first is the default

	// Claims returns the platform's own claims for a request, derived from req.Claims. Mint has already filled in iss,
	// iat, exp and, where the service has them, nbf and jti, and puts req.Claims on top of the result afterwards; so
	// Claims only computes what the given claims do not say. It must not keep or change req.Claims.
	Claims func(req Request) (Claims, error)

	// Native is the platform's own token API; nil: it is not impersonated.
	Native *Native
}

// Service is one issuer that a platform runs: where it is, what it publishes and how it signs.
type Service struct {
	Name   string // path segment in by-path addressing; empty for the platform's main one
	Issuer string // canonical issuer URL, byte for byte as in iss
	// the path of the discovery document below the issuer URL; empty: /.well-known/openid-configuration
	Discovery string
	JWKS      string        // the key set: a path below the issuer URL, or the URL of another host
	Document  Document      // the discovery document
	Headers   DocumentTypes // HTTP headers of both documents
	CORS      CORS          // what both say to browsers; zero: not known
	Keys      []KeySpec     // the keys of the JWKS, in its order
	Signer    int           // the index in Keys of the one that signs
	// issuers of services with the same name for it have the same keys, if they are at one host; empty: each has its
	// own
	KeySet   string
	JWK      []string      // member order of a JWK
	Typ      string        // JOSE typ; empty: the header has none
	Header   []string      // member order of the JOSE header
	Order    []string      // member order of the payload, at every depth; names not listed follow alphabetically
	Lifetime time.Duration // exp - iat
	NotYet   *int          // nbf - iat in seconds; nil: tokens have no nbf
	ID       bool          // tokens have a jti, a random UUID
	Overlap  time.Duration // how long the JWKS lists a key after its rotation; zero: until the process ends
}

// Document is a discovery document. The text {issuer} in a member's text stands for the issuer's URL, without a slash
// at its end.
type Document struct {
	oidc.DiscoveryConfiguration
	Extra  map[string]any // members the OpenID type lacks, and those that must appear although empty
	Order  []string       // member order; names not listed follow alphabetically
	Indent string         // indentation per level; empty: one compact line
	// id_token_signing_alg_values_supported lists the algorithms of the keys, as kube-apiserver does
	Algs bool
}

// DocumentTypes are the HTTP headers of the discovery document and the JWKS. Zero values mean application/json and no
// Cache-Control.
type DocumentTypes struct {
	Discovery, JWKS string // Content-Type
	Cache           string // Cache-Control of both
	JWKSCache       string // Cache-Control of the JWKS, when it differs
}

// Preset is a named context of a platform: a branch push, a pod, a pull request.
type Preset struct {
	Name     string
	About    string         // one line for help and documentation
	Service  string         // the service that mints; empty: the platform's main one
	Signer   *int           // the index of the key that signs; nil: the service's
	Lifetime time.Duration  // exp - iat; zero: the service's
	NotYet   *int           // nbf - iat in seconds; nil: the service's
	Claims   Claims         // the context's values; nil values remove a claim
	Settings map[string]any // what is not claims, such as a subject template

	// Direct says that a minimal client of the platform's own token API is not given this token: scenarios mint it
	// directly.
	Direct bool
}

// Claims are the payload of a token. Types matter: they differ by platform and are part of what is impersonated.
type Claims = map[string]any

// Seconds is for Service.NotYet and Preset.NotYet.
func Seconds(n int) *int { return &n }

// Service returns the named service, or the main one for the empty name.
func (p *Platform) Service(name string) (*Service, error) {
	for i := range p.Services {
		if p.Services[i].Name == name || name == "" && i == 0 {
			return &p.Services[i], nil
		}
	}
	return nil, wording.Unknown(name, names(p.Services, func(s Service) string { return s.Name }), "%s: no service %q", p.Name, name)
}

// Preset returns the named preset, or the first for the empty name. The error lists the known ones.
func (p *Platform) Preset(name string) (*Preset, error) {
	for i := range p.Presets {
		if p.Presets[i].Name == name || name == "" && i == 0 {
			return &p.Presets[i], nil
		}
	}
	return nil, wording.Unknown(name, p.PresetNames(), "%s: no preset %q", p.Name, name)
}

// PresetNames returns the names of the platform's presets in their order.
func (p *Platform) PresetNames() []string {
	return names(p.Presets, func(preset Preset) string { return preset.Name })
}

// Hosts are the hosts, without ports, of the canonical URLs of the platform's issuers and of their key sets.
func (p *Platform) Hosts() []string {
	var hosts []string
	for _, service := range p.Services {
		for _, address := range []string{service.Issuer, service.JWKS} {
			if u, err := url.Parse(address); err == nil && u.Host != "" {
				hosts = append(hosts, u.Hostname())
			}
		}
	}
	return hosts
}

func names[T any](items []T, name func(T) string) []string {
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = name(item)
	}
	return list
}
