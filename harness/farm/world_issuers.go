package farm

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/wording"
)

// AddIssuer makes an issuer and serves it. One that is there already, at the same URL, of the same platform and with
// keys for the same algorithms, stays as it is, with its keys, tokens and workloads: the answer then refers to it with
// the preset and claims asked for now. Faults, if there are any, take the place of those in force. An issuer that the
// platform has the same keys for, or that is another address of this one, shares its keys.
func (w *World) AddIssuer(spec control.IssuerSpec) (control.Issuer, error) {
	return w.AddIssuerWithKeys(spec)
}

// AddIssuerWithKeys is AddIssuer for an issuer that signs with keys that it is given; see [issuer.WithSigningKeys]. One
// that is there already must have been given them too. Without keys it is AddIssuer.
func (w *World) AddIssuerWithKeys(spec control.IssuerSpec, keys ...issuer.SigningKey) (control.Issuer, error) {
	platform, preset, err := issuers.Find(spec.Platform, spec.Preset)
	if err != nil {
		return control.Issuer{}, err
	}
	opts := []issuer.Option{
		issuer.WithPreset(preset.Name), issuer.WithClaims(spec.Claims), issuer.WithKeys(w.keys), issuer.WithRand(w.server.opts.Rand),
		issuer.WithNow(w.issuerNow),
	}
	if w.server.opts.CORS {
		opts = append(opts, issuer.WithCORS())
	}
	if spec.URL != "" {
		opts = append(opts, issuer.WithURL(spec.URL), issuer.WithHome(w.server.realName(platform, spec.URL)))
	}
	if spec.Alg != "" {
		opts = append(opts, issuer.WithAlg(spec.Alg))
	}
	if len(keys) > 0 {
		opts = append(opts, issuer.WithSigningKeys(keys...))
	}
	iss, err := issuer.New(platform, opts...)
	if err != nil {
		return control.Issuer{}, err
	}
	if !strings.HasPrefix(iss.URL(), "https://") {
		return control.Issuer{}, fmt.Errorf("farm: issuer %q: want https://; Entra fetches an issuer's documents over https only", iss.URL())
	}
	tampers, err := tampersOf(spec.Faults)
	if err != nil {
		return control.Issuer{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	ref := iss.URL()
	if w.issuers[ref] != nil {
		ref, err = w.join(iss)
	} else {
		err = w.add(iss)
	}
	if err != nil {
		return control.Issuer{}, err
	}
	if len(tampers) > 0 {
		iss.SetTampers(tampers...)
	}
	added := describe(iss)
	added.Ref = ref
	return added, nil
}

// maxReferences bounds the ways to mint at one issuer.
const maxReferences = 1000

// join makes an issuer one with that at its URL, and returns how requests refer to it. The caller holds mu.
func (w *World) join(iss *issuer.Issuer) (ref string, err error) {
	first := w.issuers[iss.URL()]
	if err := iss.Join(first); err != nil {
		return "", &control.Error{Status: http.StatusConflict, Message: "farm: " + err.Error()}
	}
	references := w.references[iss.URL()]
	for n, other := range append([]*issuer.Issuer{first}, references...) {
		if iss.Same(other) {
			return refTo(iss, n), nil
		}
	}
	if len(references) >= maxReferences {
		return "", &control.Error{Status: http.StatusTooManyRequests, Message: fmt.Sprintf(
			"farm: issuer %q was asked for with %d presets and claims already: give them in requests for tokens instead", iss.URL(), len(references))}
	}
	w.references[iss.URL()] = append(references, iss)
	return refTo(iss, len(references)+1), nil
}

// refTo is what refers to an issuer: its URL, and for those that have joined it, that with a fragment, which no
// issuer's URL has.
func refTo(iss *issuer.Issuer, number int) string {
	if number == 0 {
		return iss.URL()
	}
	return fmt.Sprintf("%s#%d", iss.URL(), number+1)
}

// add serves an issuer at a URL that is free. The caller holds mu.
func (w *World) add(iss *issuer.Issuer) error {
	var keys []string
	for _, address := range []string{iss.DiscoveryURL(), iss.JWKSURL()} {
		u, err := url.Parse(address)
		if err != nil {
			return fmt.Errorf("farm: issuer %q: %w", iss.URL(), err)
		}
		if !w.server.authority.MaySign(u.Hostname()) {
			return fmt.Errorf("farm: issuer %q: this farm's certificate authority may not sign for %q; start it with --host %s", iss.URL(), u.Hostname(), u.Hostname())
		}
		keys = append(keys, plane.HostKey(u.Host)+u.EscapedPath())
	}
	for _, key := range keys {
		// Two issuers whose URLs differ in a slash at the end, say, have one place for their discovery documents: as on
		// the internet.
		if other := w.documents[key]; other != nil {
			return fmt.Errorf("farm: issuer %q: https://%s is a document of issuer %q already", iss.URL(), key, other.URL())
		}
	}
	for _, other := range w.issuers {
		shared, err := iss.ShareKeys(other)
		if err != nil {
			return &control.Error{Status: http.StatusConflict, Message: "farm: " + err.Error()}
		}
		if shared {
			break
		}
	}
	w.issuers[iss.URL()] = iss
	for _, key := range keys {
		w.documents[key] = iss
	}
	return nil
}

// serve adds an issuer of a platform's unless there is one with its URL, whose keys and faults a test may count on. One
// with other keys is an error: nobody who asks it would take the tokens that the new one signs.
func (w *World) serve(iss *issuer.Issuer) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if there := w.issuers[iss.URL()]; there != nil {
		if !there.SameKeys(iss) {
			return fmt.Errorf("farm: the issuer %q has keys of its own already", iss.URL())
		}
		return nil
	}
	return w.add(iss)
}

// addPlatforms makes an issuer of every service of every platform below a base URL; the empty base is their canonical
// addresses. Of the keys for its platform, an issuer is given those that fit one of its own.
func (w *World) addPlatforms(base string, keys map[string][]issuer.SigningKey) error {
	for _, p := range issuers.All {
		for _, service := range p.Services {
			spec := control.IssuerSpec{Platform: p.Name}
			i := slices.IndexFunc(p.Presets, func(preset issuer.Preset) bool { return preset.Service == service.Name })
			if i < 0 {
				continue // nothing mints there
			}
			spec.Preset = p.Presets[i].Name
			if base != "" {
				spec.URL = byPath(base, p.Name, service)
			}
			if _, err := w.AddIssuerWithKeys(spec, fitting(service, keys[p.Name])...); err != nil {
				return err
			}
		}
	}
	return nil
}

// fitting are the keys that fit one of a service's.
func fitting(service issuer.Service, keys []issuer.SigningKey) []issuer.SigningKey {
	return slices.DeleteFunc(slices.Clone(keys), func(key issuer.SigningKey) bool {
		return !slices.ContainsFunc(service.Keys, func(spec issuer.KeySpec) bool { return key.Fits(spec.Alg) })
	})
}

// validateKeys says which of the keys for platforms no issuer can be given.
func validateKeys(keys map[string][]issuer.SigningKey) error {
	for name, list := range keys {
		platform, err := issuers.ByName(name)
		if err != nil {
			return err
		}
		for _, key := range list {
			if err := key.Validate(); err != nil {
				return err
			}
			used := func(service issuer.Service) bool { return len(fitting(service, []issuer.SigningKey{key})) > 0 }
			if !slices.ContainsFunc(platform.Services, used) {
				var algs []string
				for _, service := range platform.Services {
					for _, spec := range service.Keys {
						algs = append(algs, string(spec.Alg))
					}
				}
				slices.Sort(algs)
				return fmt.Errorf("farm: %s can't sign with %s: its keys are for %s", name, key, strings.Join(slices.Compact(algs), ", "))
			}
		}
	}
	return nil
}

// IssuerURL is where a platform's issuer that mints a preset ("": its first) is by path below the issuer plane, such as
// https://127.0.0.1:8443/github. A plane that listens on every address is at 127.0.0.1.
func (s *Server) IssuerURL(platform, preset string) (string, error) {
	p, mints, err := issuers.Find(platform, preset)
	if err != nil {
		return "", err
	}
	service, err := p.Service(mints.Service)
	if err != nil {
		return "", err
	}
	base := s.URL(plane.Issuer)
	if base == "" {
		return "", fmt.Errorf("farm: the issuer plane listens nowhere; give it an address with %s", plane.Issuer.Flag())
	}
	return byPath(base, p.Name, *service), nil
}

// byPath is the URL of a service below a base: base/platform, or base/platform/service, with a slash at the end where
// the canonical issuer has one.
func byPath(base, platform string, service issuer.Service) string {
	u := strings.TrimSuffix(base, "/") + "/" + platform
	if service.Name != "" {
		u += "/" + service.Name
	}
	if strings.HasSuffix(service.Issuer, "/") {
		u += "/"
	}
	return u
}

// realName is the canonical URL of the issuer of a platform that is addressed by path; any other URL is its own.
func (s *Server) realName(platform *issuer.Platform, issuerURL string) string {
	for _, base := range s.bases() {
		for _, service := range platform.Services {
			if base != "" && byPath(base, platform.Name, service) == issuerURL {
				return service.Issuer
			}
		}
	}
	return issuerURL
}

// Issuers lists the issuers by URL.
func (w *World) Issuers() []control.Issuer {
	w.mu.RLock()
	defer w.mu.RUnlock()
	all := make([]control.Issuer, 0, len(w.issuers))
	for _, iss := range w.issuers {
		all = append(all, describe(iss))
	}
	sort.Slice(all, func(i, j int) bool { return all[i].URL < all[j].URL })
	return all
}

func describe(iss *issuer.Issuer) control.Issuer {
	return control.Issuer{URL: iss.URL(), Ref: iss.URL(), Platform: iss.Platform().Name, JWKS: iss.JWKSURL()}
}

// issuer returns the issuer with a URL, or another that a request refers to; the error lists those there are, or that are near.
func (w *World) issuer(ref string) (*issuer.Issuer, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if iss := w.issuers[ref]; iss != nil {
		return iss, nil
	}
	issuerURL, _, _ := strings.Cut(ref, "#")
	for n, iss := range w.references[issuerURL] {
		if ref == refTo(iss, n+1) {
			return iss, nil
		}
	}
	known := make([]string, 0, len(w.issuers))
	for u := range w.issuers {
		known = append(known, u)
	}
	slices.Sort(known)
	return nil, &control.Error{Status: http.StatusNotFound, Message: fmt.Sprintf("farm: no issuer %q (%s)", ref, wording.Have(ref, known))}
}

// find returns the issuer with a URL, or nil.
func (w *World) find(issuerURL string) *issuer.Issuer {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.issuers[issuerURL]
}

// document returns the issuer that has a document at this address, or nil.
func (w *World) document(host, path string) *issuer.Issuer {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.documents[host+path]
}

// serves tells whether an issuer of the world has a document at a host.
func (w *World) serves(host string) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for address := range w.documents {
		if at, _, _ := strings.Cut(address, "/"); at == host {
			return true
		}
	}
	return false
}

// SetFaults replaces the faults of an issuer.
func (w *World) SetFaults(spec control.FaultsSpec) error {
	iss, err := w.issuer(spec.Issuer)
	if err != nil {
		return err
	}
	tampers, err := tampersOf(spec.Faults)
	if err != nil {
		return err
	}
	iss.SetTampers(tampers...)
	return nil
}

func tampersOf(list []control.Fault) ([]issuer.Tamper, error) {
	tampers := make([]issuer.Tamper, len(list))
	for i, f := range list {
		var err error
		if tampers[i], err = faults.New(f.Name, f.Parameters); err != nil {
			return nil, err
		}
	}
	return tampers, nil
}

// Mint has an issuer sign a token.
func (w *World) Mint(spec control.MintSpec) (control.Minted, error) {
	iss, err := w.issuer(spec.Issuer)
	if err != nil {
		return control.Minted{}, err
	}
	preset := issuers.PresetOf(iss.Platform().Name, spec.Preset)
	token, err := iss.Mint(issuer.Request{Preset: preset, Audience: spec.Audience, Lifetime: time.Duration(spec.Lifetime), Claims: spec.Claims})
	if err != nil {
		return control.Minted{}, err
	}
	return control.Minted{Token: token.Raw, Header: token.Header, Claims: token.Claims}, nil
}

// Rotate gives an issuer a new signing key.
func (w *World) Rotate(spec control.RotateSpec) (control.Rotated, error) {
	iss, err := w.issuer(spec.Issuer)
	if err != nil {
		return control.Rotated{}, err
	}
	kid, err := iss.Rotate(spec.Publish == nil || *spec.Publish)
	return control.Rotated{KID: kid}, err
}
