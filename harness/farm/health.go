package farm

import (
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Where every listener says how the farm is, under its own name or an address alone: no impersonated host has these
// paths. Anybody may ask, so the answers say no more than they must.
const (
	healthPath = "/healthz" // the process answers
	readyPath  = "/readyz"  // tokens of the default world can be made and verified
)

// serveHealth answers a request for one of the two, or tells that it is none.
func (s *Server) serveHealth(rw http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path != healthPath && r.URL.Path != readyPath {
		return false
	}
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.Header().Set("Cache-Control", "no-store")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		rw.Header().Set("Allow", "GET, HEAD")
		http.Error(rw, "want GET", http.StatusMethodNotAllowed)
	case r.URL.Path == healthPath:
		_, _ = io.WriteString(rw, "ok\n") // the client has gone; there is nobody to tell
	default:
		if err := s.ready(); err != nil {
			http.Error(rw, "not ready: "+err.Error(), http.StatusServiceUnavailable)
			return true
		}
		_, _ = io.WriteString(rw, "ready\n")
	}
	return true
}

// asksForHealth tells whether a request means a listener itself, and no host that it impersonates.
func asksForHealth(host string, own map[string]bool) bool {
	return own[host] || net.ParseIP(host) != nil
}

// ready says what is missing for the farm to be of use. The default world's issuers have been looked at once it is.
func (s *Server) ready() error {
	select {
	case <-s.stopped:
		return errors.New("the farm is stopping")
	default:
	}
	if s.wasReady.Load() {
		return nil
	}
	if err := s.DefaultWorld().mints(); err != nil {
		s.opts.Log.Error("not ready", "error", err)
		return errors.New("the issuers of the default world make no tokens") // the log has more
	}
	s.wasReady.Store(true)
	return nil
}

// mints has every issuer of the world render its discovery document, and one of them its keys and a token. Keys are made
// when they are first needed, and those of the standard library take long: all of them would be too long for a probe.
func (w *World) mints() error {
	all := w.allIssuers()
	for _, iss := range all {
		if _, err := iss.Discovery(); err != nil {
			return err
		}
	}
	if len(all) == 0 { // as it was started
		return nil
	}
	if _, err := all[0].JWKS(); err != nil {
		return err
	}
	_, err := all[0].Mint(issuer.Request{}) // which a fault meets as any other
	return err
}
