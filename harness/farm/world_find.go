package farm

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/wording"
)

// Issuers lists the issuers by URL.
func (w *World) Issuers() []control.Issuer {
	all := []control.Issuer{}
	for _, iss := range w.allIssuers() {
		all = append(all, describe(iss))
	}
	return all
}

// allIssuers are the issuers by URL.
func (w *World) allIssuers() []*issuer.Issuer {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return slices.SortedFunc(maps.Values(w.issuers), func(a, b *issuer.Issuer) int { return strings.Compare(a.URL(), b.URL()) })
}

// issuersOf is the issuer that a request refers to, or all, by URL, when it is empty.
func (w *World) issuersOf(ref string) ([]*issuer.Issuer, error) {
	if ref == "" {
		return w.allIssuers(), nil
	}
	iss, err := w.issuer(ref)
	return []*issuer.Issuer{iss}, err
}

func describe(iss *issuer.Issuer) control.Issuer {
	return control.Issuer{URL: iss.URL(), Ref: iss.URL(), Platform: iss.Platform().Name, JWKS: iss.JWKSURL()}
}

// issuer returns the issuer that a request refers to: by its URL, by the Ref of one that has joined it, or by the name
// of a platform.
func (w *World) issuer(ref string) (*issuer.Issuer, error) { return w.issuerFor(ref, "") }

// issuerFor is issuer for a request with a preset, which may belong to another service of a platform that is named.
func (w *World) issuerFor(ref, preset string) (*issuer.Issuer, error) {
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
	return w.issuerOf(ref, preset)
}

// issuerOf returns the issuer of a platform at its canonical URL, or the only one of it in the world. The caller holds
// mu.
func (w *World) issuerOf(platform, preset string) (*issuer.Issuer, error) {
	var of []*issuer.Issuer
	for _, iss := range w.issuers {
		if iss.Platform().Name == platform {
			of = append(of, iss)
		}
	}
	if len(of) == 0 {
		return nil, w.noIssuer(platform)
	}
	var canonical []*issuer.Issuer
	for _, iss := range of { // of several platforms, if files of issuers define some with one name
		if service := serviceFor(iss.Platform(), preset); service != nil && service.Issuer == iss.URL() {
			canonical = append(canonical, iss)
		}
	}
	if len(canonical) == 1 {
		return canonical[0], nil
	}
	if len(of) == 1 {
		return of[0], nil
	}
	urls := make([]string, len(of))
	for n, iss := range of {
		urls[n] = iss.URL()
	}
	slices.Sort(urls)
	return nil, &control.Error{Status: http.StatusConflict, Member: "issuer", Message: fmt.Sprintf(
		"farm: this world has %d issuers of %s, and none of them at its canonical URL: name one by its URL (%s)", len(urls), platform, wording.Have(platform, urls))}
}

// serviceFor is the service of a platform that mints a preset, or the main one if it has no such preset.
func serviceFor(p *issuer.Platform, preset string) *issuer.Service {
	name := ""
	if found, err := p.Preset(issuers.PresetOf(p.Name, preset)); err == nil && preset != "" {
		name = found.Service
	}
	service, err := p.Service(name)
	if err != nil { // every issuer's platform has one
		return nil
	}
	return service
}

// noIssuer is the error about what no issuer is called, with a few that are called alike. The caller holds mu.
func (w *World) noIssuer(ref string) error {
	var urls, platforms []string
	for u, iss := range w.issuers {
		urls, platforms = append(urls, u), append(platforms, iss.Platform().Name)
	}
	slices.Sort(platforms)
	slices.Sort(urls)
	known := append(slices.Compact(platforms), urls...)
	return notFound("issuer", wording.Unknown(ref, known, "farm: this world has no issuer %q", ref))
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

// issuersAt are those that have a document at a host without a port, in the order in which they were added. Nobody
// changes the slice.
func (w *World) issuersAt(host string) []*issuer.Issuer {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.hosts[host]
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
