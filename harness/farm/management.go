package farm

import (
	"net/http"
	"slices"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// controlHandler is what answers on the control plane: the management API, and without its token the root certificate
// and whether the farm is up.
func (s *Server) controlHandler() http.Handler {
	api := &control.Server{
		Token: s.opts.Token,
		Info: func() control.Info {
			return control.Info{Version: s.opts.Version, Planes: s.planes(), CA: string(s.CA())}
		},
		Platforms: s.describePlatforms,
		Faults:    faultKinds,
		Worlds:    s.Worlds,
		Create:    func(spec control.WorldSpec) (control.LiveWorld, error) { return s.NewWorld(spec) },
		World: func(id string) (control.LiveWorld, error) {
			if w := s.world(id); w != nil {
				w.usage.count(0, s.opts.Now())
				return w, nil
			}
			return nil, &control.Error{Status: http.StatusNotFound, Message: "farm: no such world; POST /v1/worlds makes one, and \"default\" is always there"}
		},
		Delete:   s.deleteWorld,
		Stopping: s.stopped,
		After:    s.opts.After,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ca.pem", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-pem-file")
		_, _ = w.Write(s.CA()) // the client has gone; there is nobody to tell
	})
	mux.Handle("/", api.Handler())
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if s.serveHealth(rw, r) {
			return
		}
		out := &statusWriter{ResponseWriter: rw}
		defer func() {
			s.logRequest(control.Entry{Plane: plane.Control, Method: r.Method, URL: s.hiddenPath(r.URL), Status: out.status})
		}()
		mux.ServeHTTP(out, r)
	})
}

// describePlatforms are those that issuers may be of.
func (s *Server) describePlatforms() []control.Platform {
	var all []control.Platform
	for _, p := range s.platforms.All() {
		described := control.Platform{Name: p.Name, Title: p.Title, URL: p.Services[0].Issuer, Workloads: p.Native != nil}
		for _, alg := range issuer.Algorithms {
			described.Algorithms = append(described.Algorithms, string(alg))
		}
		for _, preset := range p.Presets {
			service := slices.IndexFunc(p.Services, func(s issuer.Service) bool { return s.Name == preset.Service })
			described.Presets = append(described.Presets, control.Preset{Name: preset.Name, About: preset.About, URL: p.Services[service].Issuer})
		}
		all = append(all, described)
	}
	return all
}

// faultKinds are those that issuers may have, and then those of Entra.
func faultKinds() []control.FaultKind {
	var all []control.FaultKind
	for _, f := range slices.Concat(faults.All, faults.OfEntra) {
		kind := control.FaultKind{Name: f.Name, About: f.About, Place: string(f.Place)}
		for _, p := range f.Parameters() {
			kind.Parameters = append(kind.Parameters, control.FaultParameter{Name: p.Name, Type: p.Type, About: p.About, Values: p.Values})
		}
		all = append(all, kind)
	}
	return all
}
