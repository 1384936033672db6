package farm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/keyfile"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// AddIssuer makes an issuer and serves it. One that is there already, at the same URL, of the same platform and with
// keys for the same algorithms, stays as it is, with its keys, tokens and workloads: the answer then refers to it with
// the preset and claims asked for now. Faults, if there are any, take the place of those in force. An issuer that the
// platform has the same keys for, or that is another address of this one, shares its keys.
func (w *World) AddIssuer(spec control.IssuerSpec) (control.Issuer, error) {
	keys, err := signingKeys(spec.Keys)
	if err != nil {
		return control.Issuer{}, err
	}
	return w.AddIssuerWithKeys(spec, keys...)
}

// signingKeys reads the keys of an IssuerSpec: PEM text in a JSON string, a JSON Web Key or a set of them.
func signingKeys(given control.Keys) ([]issuer.SigningKey, error) {
	if len(given) == 0 || string(given) == "null" {
		return nil, nil
	}
	var text string
	src := []byte(given)
	if json.Unmarshal(given, &text) == nil {
		src = []byte(text)
	}
	keys, err := keyfile.Parse(src)
	if err != nil {
		return nil, &control.Error{Status: http.StatusBadRequest, Member: "keys", Message: "farm: keys: " + err.Error()}
	}
	return keys, nil
}

// AddIssuerWithKeys is AddIssuer for an issuer that signs with keys that it is given, see [issuer.WithSigningKeys],
// whatever the specification says of keys. One that is there already must have been given them too. Without keys it
// makes them.
func (w *World) AddIssuerWithKeys(spec control.IssuerSpec, keys ...issuer.SigningKey) (control.Issuer, error) {
	return w.addIssuer(spec, "", keys)
}

// addIssuer is AddIssuerWithKeys for an issuer that the real world knows under home; empty: what follows from its URL.
func (w *World) addIssuer(spec control.IssuerSpec, home string, keys []issuer.SigningKey) (control.Issuer, error) {
	if defines(spec) {
		w.defining.Lock()
		defer w.defining.Unlock()
	}
	platform, preset, defined, err := w.platformOf(spec)
	if err != nil {
		member := "platform"
		if platform != nil {
			member = "preset"
		}
		return control.Issuer{}, about(member, err)
	}
	if spec.ByPath {
		if spec.URL != "" {
			return control.Issuer{}, &control.Error{Status: http.StatusBadRequest, Member: "byPath", Message: "farm: the issuer has both a URL and byPath: give one"}
		}
		if spec.URL, err = w.server.urlByPath(platform, preset); err != nil {
			return control.Issuer{}, err
		}
		spec.ByPath = false
	}
	opts := []issuer.Option{
		issuer.WithPreset(preset.Name), optionOf("claims", issuer.WithClaims(spec.Claims)), issuer.WithKeys(w.keys), issuer.WithRand(w.server.opts.Rand),
		issuer.WithNow(w.issuerNow),
	}
	if w.server.opts.CORS {
		opts = append(opts, issuer.WithCORS())
	}
	if spec.URL != "" {
		home = cmp.Or(home, w.server.realName(platform, spec.URL))
		opts = append(opts, optionOf("url", issuer.WithURL(spec.URL)), issuer.WithHome(home))
	}
	if w.shelf != nil {
		opts = append(opts, issuer.WithKeeper(w.shelf))
	}
	if spec.Alg != "" {
		opts = append(opts, optionOf("alg", issuer.WithAlg(spec.Alg)))
	}
	if len(keys) > 0 {
		opts = append(opts, optionOf("keys", issuer.WithSigningKeys(keys...)))
	}
	iss, err := issuer.New(platform, opts...)
	if err != nil {
		return control.Issuer{}, err
	}
	if err := iss.Fetchable(); err != nil {
		return control.Issuer{}, about("url", fmt.Errorf("farm: %w", err))
	}
	tampers, err := tampersOf(spec.Faults)
	if err != nil {
		return control.Issuer{}, err
	}
	w.changing.Lock()
	defer w.changing.Unlock()
	var put func()
	ref := iss.URL()
	if w.issuers[ref] != nil {
		ref, put, err = w.join(iss)
	} else {
		put, err = w.place(iss)
	}
	if err == nil && put != nil {
		err = w.keepIssuer(spec, home, keys)
	}
	if err == nil && len(tampers) > 0 {
		err = w.keepFaults(iss.URL(), spec.Faults)
	}
	if err != nil {
		return control.Issuer{}, err
	}
	w.put(put)
	if len(tampers) > 0 {
		iss.SetTampers(tampers...)
	}
	if defined != nil && w.server.definitions[platform.Name] == nil {
		w.put(func() { w.defined[platform.Name] = defined })
	}
	added := describe(iss)
	added.Ref = ref
	return added, nil
}

// put does what join or place has found that is to be done, if anything.
func (w *World) put(do func()) {
	if do != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		do()
	}
}

// maxReferences bounds the ways to mint at one issuer.
const maxReferences = 1000

// join makes an issuer one with that at its URL, and returns how requests refer to it, and what makes it known to them;
// nil: it is the same as one that is. The caller holds changing.
func (w *World) join(iss *issuer.Issuer) (ref string, put func(), err error) {
	first := w.issuers[iss.URL()]
	if err := iss.Join(first); err != nil {
		return "", nil, &control.Error{Status: http.StatusConflict, Message: "farm: " + err.Error()}
	}
	references := w.references[iss.URL()]
	for n, other := range append([]*issuer.Issuer{first}, references...) {
		if iss.Same(other) {
			return refTo(iss, n), nil, nil
		}
	}
	if len(references) >= maxReferences {
		return "", nil, &control.Error{Status: http.StatusTooManyRequests, Message: fmt.Sprintf(
			"farm: issuer %q was asked for with %d presets and claims already: give them in requests for tokens instead", iss.URL(), len(references))}
	}
	put = func() { w.references[iss.URL()] = append(references, iss) }
	return refTo(iss, len(references)+1), put, nil
}

// refTo is what refers to an issuer: its URL, and for those that have joined it, that with a fragment, which no
// issuer's URL has.
func refTo(iss *issuer.Issuer, number int) string {
	if number == 0 {
		return iss.URL()
	}
	return fmt.Sprintf("%s#%d", iss.URL(), number+1)
}

// place finds the place of an issuer at a URL that is free, and returns what puts it there. The caller holds changing.
func (w *World) place(iss *issuer.Issuer) (put func(), err error) {
	var keys []string
	for _, address := range []string{iss.DiscoveryURL(), iss.JWKSURL()} {
		u, err := url.Parse(address)
		if err != nil {
			return nil, fmt.Errorf("farm: issuer %q: %w", iss.URL(), err)
		}
		if !w.server.authority.MaySign(u.Hostname()) {
			return nil, about("url", fmt.Errorf("farm: issuer %q: this farm's certificate authority may not sign for %q; start it with --host %s", iss.URL(), u.Hostname(), u.Hostname()))
		}
		keys = append(keys, plane.HostKey(u.Host)+u.EscapedPath())
	}
	for _, key := range keys {
		// Two issuers whose URLs differ in a slash at the end, say, have one place for their discovery documents: as on
		// the internet.
		if other := w.documents[key]; other != nil {
			return nil, &control.Error{
				Status: http.StatusConflict, Member: "url", Message: fmt.Sprintf("farm: issuer %q: https://%s is a document of issuer %q already", iss.URL(), key, other.URL()),
			}
		}
	}
	for _, other := range w.issuers {
		shared, err := iss.ShareKeys(other)
		if err != nil {
			return nil, &control.Error{Status: http.StatusConflict, Message: "farm: " + err.Error()}
		}
		if shared {
			break
		}
	}
	return func() {
		w.issuers[iss.URL()] = iss
		for _, key := range keys {
			w.documents[key] = iss
			host := plane.BareHost(strings.SplitN(key, "/", 2)[0])
			if at := w.hosts[host]; len(at) == 0 || at[len(at)-1] != iss {
				w.hosts[host] = append(at, iss)
			}
		}
	}, nil
}

// serve adds an issuer of a platform's unless there is one with its URL, whose keys and faults a test may count on. One
// with other keys is an error: nobody who asks it would take the tokens that the new one signs.
func (w *World) serve(iss *issuer.Issuer) error {
	w.changing.Lock()
	defer w.changing.Unlock()
	if there := w.issuers[iss.URL()]; there != nil {
		if !there.SameKeys(iss) {
			return fmt.Errorf("farm: the issuer %q has keys of its own already", iss.URL())
		}
		return nil
	}
	put, err := w.place(iss)
	if err == nil {
		err = w.keepAddress(iss)
	}
	if err == nil {
		w.put(put)
	}
	return err
}

// addPlatforms makes an issuer of every service of every platform below a base URL; the empty base is their canonical
// addresses. Of the keys for its platform, an issuer is given those that fit one of its own.
func (w *World) addPlatforms(base string, keys map[string][]issuer.SigningKey) error {
	for _, p := range w.server.platforms.All() {
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
func validateKeys(platforms issuers.Set, keys map[string][]issuer.SigningKey) error {
	for name, list := range keys {
		platform, err := platforms.ByName(name)
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
