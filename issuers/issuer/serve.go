package issuer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ServeHTTP answers the requests for the issuer's two documents and 404 for every other.
// Each is at its own path; the issuer's host is the caller's business.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, render := "discovery", i.discovery
	switch r.URL.EscapedPath() {
	case pathOf(i.DiscoveryURL()):
	case pathOf(i.JWKSURL()):
		name, render = "jwks", i.jwks
	default:
		http.NotFound(w, r)
		return
	}
	if i.preflight(w, r) {
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	i.serve(name, render, w, r)
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil { // WithURL and the platforms' tests have parsed it
		return "/"
	}
	return u.EscapedPath()
}

func (i *Issuer) serve(document string, render func(*http.Request) ([]byte, error), w http.ResponseWriter, r *http.Request) {
	types := i.service.Headers
	contentType, cache := types.Discovery, types.Cache
	if document == "jwks" {
		contentType = types.JWKS
		if types.JWKSCache != "" {
			cache = types.JWKSCache
		}
	}
	if contentType == "" {
		contentType = "application/json"
	}
	SetRoute(r, document)
	if i.tampers.serve(document, w, r) {
		return
	}
	body, err := render(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if cache != "" {
		h.Set("Cache-Control", cache)
	}
	i.corsHeaders(w, r)
	if i.tampers.send(document, body, w, r) {
		return
	}
	_, _ = w.Write(body) // the client has gone; there is nobody to tell
}

// Discovery returns the bytes of the discovery document, which are the caller's. It needs no key.
func (i *Issuer) Discovery() ([]byte, error) {
	body, err := i.discovery(nil)
	return bytes.Clone(body), err
}

// discovery is the document as it is served to a request; nil: to nobody's.
func (i *Issuer) discovery(r *http.Request) ([]byte, error) {
	doc, err := i.document()
	if err != nil {
		return nil, err
	}
	return i.tampers.document("discovery", doc, r)
}

func (i *Issuer) renderDiscovery() ([]byte, error) {
	doc := i.service.Document
	if doc.Algs {
		doc.IDTokenSigningAlgValuesSupported = i.algorithms()
	}
	raw, err := json.Marshal(doc.DiscoveryConfiguration)
	if err != nil {
		return nil, fmt.Errorf("issuer: discovery document: %w", err)
	}
	var members map[string]any
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, fmt.Errorf("issuer: discovery document: %w", err)
	}
	delete(members, "request_uri_parameter_supported") // the type writes it always; a platform that has it says so in Extra
	maps.Copy(members, doc.Extra)
	base := strings.TrimSuffix(i.url, "/")
	for name, value := range members {
		if text, ok := value.(string); ok {
			members[name] = strings.ReplaceAll(text, "{issuer}", base)
		}
	}
	members["issuer"], members["jwks_uri"] = i.url, i.JWKSURL()
	out, err := marshalOrdered(members, doc.Order, doc.Indent)
	if err != nil {
		return nil, fmt.Errorf("issuer: discovery document: %w", err)
	}
	return out, nil
}

// algorithms are those of the keys the JWKS starts with, sorted, without duplicates.
func (i *Issuer) algorithms() []string {
	algs := make([]string, len(i.service.Keys))
	for n, spec := range i.service.Keys {
		algs[n] = string(spec.Alg)
	}
	slices.Sort(algs)
	return slices.Compact(algs)
}

// JWKS returns the bytes of the key set, which are the caller's. The first call makes the keys.
func (i *Issuer) JWKS() ([]byte, error) {
	body, err := i.jwks(nil)
	return bytes.Clone(body), err
}

// jwks is the key set as it is served to a request; nil: to nobody's.
func (i *Issuer) jwks(r *http.Request) ([]byte, error) {
	body, err := i.renderJWKS(r)
	if err != nil {
		return nil, err
	}
	return i.tampers.document("jwks", body, r)
}

func (i *Issuer) renderJWKS(req *http.Request) ([]byte, error) {
	r := i.keys
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.load(); err != nil {
		return nil, err
	}
	now := i.now()
	if r.jwks == nil || now.Before(r.since) || !r.until.IsZero() && !now.Before(r.until) {
		keys, until := r.listed(now)
		body, err := i.marshalJWKS(keys)
		if err != nil {
			return nil, err
		}
		r.jwks, r.since, r.until = body, now, until
	}
	described, changed := i.tampers.keys(func() []Key { return i.describe(now) }, req)
	if !changed {
		return r.jwks, nil
	}
	listed := []*issuerKey{}
	for n, k := range r.keys {
		if described[n].Published {
			listed = append(listed, k)
		}
	}
	return i.marshalJWKS(listed)
}

func (i *Issuer) marshalJWKS(keys []*issuerKey) ([]byte, error) {
	jwks := make([]any, len(keys))
	for n, k := range keys {
		members, err := k.jwk()
		if err != nil {
			return nil, err
		}
		jwks[n] = members
	}
	return marshalOrdered(map[string]any{"keys": jwks}, i.service.JWK, i.service.Document.Indent)
}
