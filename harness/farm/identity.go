package farm

import (
	"net/http"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/msi"
	"github.com/issuerd/issuerd/harness/plane"
)

// identityURL is where the Entra plane gives tokens to workloads with a managed identity, or "" when that listens
// nowhere.
func (s *Server) identityURL() string {
	if base := s.URL(plane.Entra); base != "" {
		return base + msi.Path
	}
	return ""
}

// serveIdentity answers a request for a token of a managed identity. Its secret also says which world it is for.
func (s *Server) serveIdentity(rw http.ResponseWriter, r *http.Request) {
	w := s.worldOfIdentity(r)
	if w == nil {
		msi.New(msi.Config{Rand: s.opts.Rand}).ServeHTTP(rw, r) // without a secret it lets nobody in
		return
	}
	out := &statusWriter{ResponseWriter: rw}
	w.identities.ServeHTTP(out, r)
	w.answered(control.Entry{
		Plane: plane.Entra, Method: r.Method, URL: "https://" + r.Host + s.hiddenPath(r.URL), Status: out.status,
		Platform: entraPlatform, Route: http.MethodGet + " " + msi.Path, Agent: r.UserAgent(),
	})
}

// worldOfIdentity finds the world whose endpoint has the request's secret, or nil.
func (s *Server) worldOfIdentity(r *http.Request) *World {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, w := range s.worlds {
		if w.identities.Has(r) {
			return w
		}
	}
	return nil
}
