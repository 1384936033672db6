package spiffe

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// refreshHint is what SPIRE's bundle endpoint asks its readers to wait before they come again.
const refreshHint = 5 * time.Minute

// bundleDocument is a SPIFFE bundle.
type bundleDocument struct {
	jose.JSONWebKeySet
	Sequence    uint64 `json:"spiffe_sequence,omitempty"`
	RefreshHint int64  `json:"spiffe_refresh_hint,omitempty"` // seconds
}

// jwtKeys are the published keys of JWT-SVIDs with nothing but a key and its id, as SPIRE keeps them. They are read
// from the issuer's key set, so that a fault on that document is one on the bundle too.
func jwtKeys(iss *issuer.Issuer) ([]jose.JSONWebKey, error) {
	text, err := iss.JWKS()
	if err != nil {
		return nil, err
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("spiffe: key set: %w", err)
	}
	keys := make([]jose.JSONWebKey, len(set.Keys))
	for i, key := range set.Keys {
		keys[i] = jose.JSONWebKey{Key: key.Key, KeyID: key.KeyID}
	}
	return keys, nil
}

// marshalBundle writes a plain key set with SPIRE's indentation.
func marshalBundle(keys []jose.JSONWebKey) ([]byte, error) {
	return json.MarshalIndent(jose.JSONWebKeySet{Keys: keys}, "", "    ")
}

// bundleEndpoint serves the SPIFFE bundle of the trust domain, as SPIRE's federation bundle endpoint does: at its root
// and nowhere else. See spiffe/spire, pkg/server/endpoints/bundle/server.go.
type bundleEndpoint struct{ authority *authority }

func (e bundleEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		http.Error(w, "405 method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	issuer.SetRoute(r, "bundle")
	body, err := e.authority.bundle()
	if err != nil {
		http.Error(w, "500 unable to retrieve local bundle", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // the client has gone; there is nobody to tell
}

// bundle is the SPIFFE bundle with both sorts of keys.
func (a *authority) bundle() ([]byte, error) {
	now, err := a.current()
	if err != nil {
		return nil, err
	}
	document := bundleDocument{Sequence: now.sequence, RefreshHint: int64(refreshHint / time.Second)}
	for _, root := range now.roots {
		document.Keys = append(document.Keys, jose.JSONWebKey{Key: root.PublicKey, Certificates: []*x509.Certificate{root}, Use: "x509-svid"})
	}
	keys, err := jwtKeys(a.issuer)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		key.Use = "jwt-svid"
		document.Keys = append(document.Keys, key)
	}
	return json.MarshalIndent(document, "", "    ")
}
