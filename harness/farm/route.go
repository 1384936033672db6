package farm

import (
	"crypto/rsa"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
)

// route answers the requests of a listener. The world comes from a header; then the address picks the plane, from maps and before any
// router: a document of an issuer, or a login host, or on the Entra plane the listener's own names. What belongs to a plane that this
// listener does not serve is a 404 and a warning.
func (s *Server) route(l *listener) http.Handler {
	serves := func(p Plane) bool { return slices.Contains(l.planes, p) }
	own := map[string]bool{}
	for _, name := range l.names() {
		own[hostKey(name)] = true
	}
	port := ""
	if _, p, err := net.SplitHostPort(l.Addr().String()); err == nil {
		port = ":" + p
	}
	logins := map[string]bool{}
	for _, host := range entra.Hosts() {
		logins[host] = true
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(control.FarmHeader)
		if id == "" {
			id = control.DefaultFarm
		}
		w := s.world(id)
		if w == nil {
			http.Error(rw, "farm: no such farm: leave the header "+control.FarmHeader+" out, or create one on the control plane", http.StatusNotFound)
			return
		}
		host := hostKey(r.Host)
		plane, handler := Issuer, http.Handler(nil)
		if iss := w.document(host, r.URL.EscapedPath()); iss != nil {
			handler = iss
		} else if iss := w.document(strings.TrimSuffix(host, port), r.URL.EscapedPath()); iss != nil {
			handler = iss // a canonical name with the listener's port, as curl --resolve sends it
		} else if logins[bareHost(host)] || serves(Entra) && own[host] {
			plane, handler = Entra, w.entra
		}
		out := &statusWriter{ResponseWriter: rw, status: http.StatusOK}
		defer func() {
			w.journal.add(control.Entry{
				Time: w.clock.now(), Plane: string(plane), Method: r.Method, URL: "https://" + r.Host + r.URL.EscapedPath(), Status: out.status,
			})
		}()
		switch {
		case handler == nil:
			http.Error(out, fmt.Sprintf("farm: nothing at https://%s%s on the %s plane", r.Host, r.URL.Path, l.planes[0]), http.StatusNotFound)
		case !serves(plane):
			s.opts.Log.Warn("request for another plane", "listener", l.Addr().String(), "plane", plane, "host", r.Host, "path", r.URL.Path)
			http.Error(out, "not found", http.StatusNotFound)
		default:
			handler.ServeHTTP(out, r)
		}
	})
}

// statusWriter remembers the status for the journal. An aborted connection leaves it at 200, which nobody received.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// tenantKey makes the signing key of the world's tenants from the same source as the issuers'.
func (w *World) tenantKey() (*rsa.PrivateKey, error) {
	key, err := w.keys(jose.RS256)
	if err != nil {
		return nil, err
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("farm: the key source made a %T for RS256, want an RSA key", key)
	}
	return private, nil
}
