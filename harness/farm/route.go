package farm

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/entra/msi"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// route answers the requests of a listener. The world comes from a header; then the address picks the plane, from maps
// and before any router: a document of an issuer, or a host of the Entra plane, or on that plane the listener's own
// names. What belongs to a plane that this listener does not serve is a 404 and a warning.
func (s *Server) route(l *listener) http.Handler {
	serves := func(p plane.Plane) bool { return slices.Contains(l.planes, p) }
	own := map[string]bool{} // without ports: a container's are mapped to others
	for _, name := range s.namesOf(l) {
		own[plane.BareHost(name)] = true
	}
	port := ""
	if _, p, err := net.SplitHostPort(l.Addr().String()); err == nil {
		port = ":" + p
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if asksForHealth(plane.BareHost(r.Host), own) && s.serveHealth(rw, r) {
			return
		}
		if serves(plane.Workload) && strings.HasPrefix(r.URL.Path, workloadPath) {
			s.serveWorkload(rw, r)
			return
		}
		if serves(plane.Entra) && r.URL.Path == msi.Path && plane.OfHost(plane.BareHost(r.Host)) != plane.Entra {
			s.serveIdentity(rw, r)
			return
		}
		id := r.Header.Get(plane.WorldHeader)
		if id == "" {
			id = control.DefaultWorld
		}
		w := s.world(id)
		if w != nil {
			defer w.usage.begin(s.opts.Now)()
		}
		if w == nil || w.usage.over() {
			s.refuse(rw, r, l.planes[0], "farm: no such world: leave the header "+plane.WorldHeader+" out, or create one on the control plane")
			return
		}
		host := plane.HostKey(r.Host)
		iss := w.document(host, r.URL.EscapedPath())
		if iss == nil {
			iss = w.document(strings.TrimSuffix(host, port), r.URL.EscapedPath()) // a canonical name with the listener's port, as curl --resolve sends it
		}
		bare := plane.BareHost(host)
		ofEntra := plane.OfHost(bare) == plane.Entra
		at, platform, issuerURL, handler := l.planes[0], "", "", http.Handler(nil)
		if iss != nil {
			at, platform, issuerURL, handler = plane.Issuer, iss.Platform().Name, iss.URL(), iss
		} else if ofEntra {
			at, platform, handler = plane.Entra, entraPlatform, w.service(bare)
		} else if serves(plane.Entra) && own[bare] {
			at, platform, handler = plane.Entra, entraPlatform, w.serviceByPath(r.URL.Path)
		}
		if at == plane.Issuer && ofEntra {
			at = plane.Entra // the host says where; below it stands the issuer of Azure DevOps' service connections
		}
		visit := w.visit(r, "")
		out := &statusWriter{ResponseWriter: rw}
		defer func() { // also when a fault drops the connection
			e := control.Entry{
				Plane: at, Method: r.Method, URL: "https://" + r.Host + s.hiddenPath(r.URL), Status: out.status,
				Platform: platform, Issuer: issuerURL, Route: visit.Route(), Agent: r.UserAgent(),
				Injected: visit.Injected(),
			}
			if handler == nil { // anybody can ask for what is not there, as often as they like
				s.logRequest(e)
				w.journal.missed()
				return
			}
			w.answered(e)
		}()
		switch {
		case handler == nil:
			http.Error(out, fmt.Sprintf("farm: nothing at https://%s%s on the %s plane", r.Host, r.URL.EscapedPath(), l.planes[0]), http.StatusNotFound)
		case !serves(at):
			s.opts.Log.Warn("request for another plane", "listener", l.Addr().String(), "plane", at, "host", clip(r.Host), "path", clip(s.hiddenPath(r.URL)))
			http.Error(out, "not found", http.StatusNotFound)
		default:
			r := visit.Begin(r)
			if named, ok := handler.(interface{ Route(*http.Request) string }); ok { // the services of the Entra plane
				issuer.SetRoute(r, named.Route(r))
			}
			handler.ServeHTTP(out, r)
		}
	})
}

// refuse answers a request that reaches no world.
func (s *Server) refuse(rw http.ResponseWriter, r *http.Request, p plane.Plane, text string) {
	http.Error(rw, text, http.StatusNotFound)
	s.logRequest(control.Entry{Plane: p, Method: r.Method, URL: s.hiddenPath(r.URL), Status: http.StatusNotFound})
}

// entraPlatform is what the journal calls Entra among the platforms.
const entraPlatform = "entra"

// The hosts of the services beside the login service.
var (
	graphs     = directory.GraphHosts()
	management = directory.ManagementHosts()
)

// service is what answers at a host of the Entra plane.
func (w *World) service(host string) http.Handler {
	switch host = strings.ToLower(host); {
	case slices.Contains(graphs, host):
		return w.graph
	case slices.Contains(management, host):
		return w.arm
	}
	return w.entra
}

// serviceByPath is what answers on the Entra plane's own address, where the login service, Microsoft Graph and Azure
// Resource Manager share one host: the first segment of their paths tells them apart, as a tenant is none of these
// words.
func (w *World) serviceByPath(path string) http.Handler {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch strings.ToLower(first) {
	case "v1.0", "beta":
		return w.graph
	case "subscriptions", "providers", "tenants", "metadata":
		return w.arm
	}
	return w.entra
}
