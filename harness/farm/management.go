package farm

import (
	"io"
	"net/http"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/plane"
)

// controlHandler is what answers on the control plane: the management API, and without its token the root certificate
// and whether the farm is up.
func (s *Server) controlHandler() http.Handler {
	api := &control.Server{
		Token: s.opts.Token,
		Info: func() control.Info {
			return control.Info{Version: s.opts.Version, Planes: s.planes(), CA: string(s.CA())}
		},
		Worlds: s.Worlds,
		Create: func(spec control.WorldSpec) (control.LiveWorld, error) { return s.NewWorld(spec) },
		World: func(id string) (control.LiveWorld, error) {
			if w := s.world(id); w != nil {
				w.usage.count(0, s.opts.Now())
				return w, nil
			}
			return nil, &control.Error{Status: http.StatusNotFound, Message: "farm: no such world; POST /v1/worlds makes one, and \"default\" is always there"}
		},
		Delete: s.deleteWorld,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ca.pem", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-pem-file")
		_, _ = w.Write(s.CA()) // the client has gone; there is nobody to tell
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.Handle("/", api.Handler())
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		out := &statusWriter{ResponseWriter: rw}
		defer func() {
			s.logRequest(control.Entry{Plane: plane.Control, Method: r.Method, URL: s.hiddenPath(r.URL), Status: out.status})
		}()
		mux.ServeHTTP(out, r)
	})
}
