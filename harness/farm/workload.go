package farm

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// workloadPath is where the workload plane has the token APIs: below it, one for each workload under an id that cannot
// be guessed. The id is an address and no credential; each API asks for its platform's own.
const workloadPath = "/w/"

// maxWorkloads bounds the workloads of a world: the default one is never deleted.
const maxWorkloads = 1000

// workload is a running token API.
type workload struct {
	id       string
	world    *World
	platform string
	started  control.Workload // set before it is registered
	handler  http.Handler     // nil: the platform delivers tokens without an API
	close    []func() error
	renewal  renewal
	ending   chan struct{}
	release  func() // closes ending; it may be called again

	mu      sync.Mutex
	dir     string // its folder; empty: it has none
	removed bool   // it gets none any more
}

func newWorkload(w *World, platform string) *workload {
	ending := make(chan struct{})
	return &workload{world: w, platform: platform, ending: ending, release: sync.OnceFunc(func() { close(ending) })}
}

// StartWorkload makes a workload of one of the world's issuers: its token API, and the environment that leads to it.
func (w *World) StartWorkload(spec control.WorkloadSpec) (control.Workload, error) {
	if !w.server.startingWorkload() {
		return control.Workload{}, &control.Error{Status: http.StatusServiceUnavailable, Message: "farm: it is stopping"}
	}
	defer w.server.starting.Done()
	iss, err := w.issuerFor(spec.Issuer, spec.Preset)
	if err != nil {
		return control.Workload{}, err
	}
	native := iss.Platform().Native
	if native == nil {
		return control.Workload{}, fmt.Errorf("farm: %s has no token API of its own in this version; mint tokens directly", iss.Platform().Name)
	}
	if err := issuer.ValidateEnv(spec.Env); err != nil {
		return control.Workload{}, about("env", fmt.Errorf("farm: %w", err))
	}
	id := w.server.newID()
	base, err := w.server.workloadBase(spec.Base)
	if err != nil {
		return control.Workload{}, err
	}
	base += workloadPath + id
	run := newWorkload(w, iss.Platform().Name)
	run.id = id // before somebody can ask it
	started, err := run.start(native, issuer.Workload{
		ID: id, Issuer: iss, Preset: issuers.PresetOf(iss.Platform().Name, spec.Preset), Claims: spec.Claims, Base: base, CA: w.server.CA(), Now: w.issuerNow, Rand: w.server.opts.Rand,
		Record: run.record, Begin: func() func() { return w.usage.begin(w.server.opts.Now) }, Env: spec.Env, Serve: w.serve, Find: w.find,
		Alarm: w.issuerAlarm, Ending: run.ending,
	}, spec.Audience)
	env := map[string]string{} // the platform may keep its own
	maps.Copy(env, started.Env)
	maps.Copy(env, spec.Env)
	started.ID, started.Platform, started.Issuer, started.Env = id, run.platform, iss.URL(), env
	run.started = started
	if credentials := credentialsOf(env); err == nil {
		w.server.secrets.add(credentials...)
		run.close = append(run.close, func() error { w.server.secrets.remove(credentials...); return nil })
		err = w.keep(id, run)
	}
	if err != nil {
		return control.Workload{}, errors.Join(err, run.end())
	}
	run.renew()
	return run.describe(), nil
}

// describe is the workload with an environment that is the caller's.
func (run *workload) describe() control.Workload {
	out := run.started
	out.Env = maps.Clone(out.Env)
	return out
}

// Workloads lists the workloads of the world, the oldest first, without their environments.
func (w *World) Workloads() []control.Workload {
	w.server.mu.RLock()
	defer w.server.mu.RUnlock()
	all := make([]control.Workload, len(w.workloads))
	for n, id := range w.workloads {
		all[n] = w.server.workloads[id].started
		all[n].Env = nil
	}
	return all
}

// Workload describes a workload of the world with its environment, as it was at its start.
func (w *World) Workload(id string) (control.Workload, error) {
	w.server.mu.RLock()
	defer w.server.mu.RUnlock()
	if run := w.server.workloads[id]; run != nil && run.world == w {
		return run.describe(), nil
	}
	return control.Workload{}, noWorkload(id)
}

// noWorkload is the error about a workload that a world does not have.
func noWorkload(id string) error {
	return &control.Error{Status: http.StatusNotFound, Message: fmt.Sprintf("farm: no workload %q in this world: it has ended already, or it never was there", id)}
}

// workloadBase is the origin of the workload plane as a client sees it.
func (s *Server) workloadBase(seen string) (string, error) {
	if seen != "" {
		return strings.TrimSuffix(seen, "/"), nil
	}
	base := s.URL(plane.Workload)
	if base == "" {
		return "", fmt.Errorf("farm: the workload plane listens nowhere; give it an address with %s", plane.Workload.Flag())
	}
	return base, nil
}

// EndWorkload ends a workload of the world: its token API, listener and socket, its folder with what is in it, and its
// renewals. One that has ended already is not there.
func (w *World) EndWorkload(id string) error {
	s := w.server
	s.mu.Lock()
	run := s.workloads[id]
	if run == nil || run.world != w {
		s.mu.Unlock()
		return noWorkload(id)
	}
	delete(s.workloads, id)
	w.workloads = slices.DeleteFunc(w.workloads, func(other string) bool { return other == id })
	s.mu.Unlock()
	return run.end()
}

// folder makes the folder of the workload at its first call.
func (run *workload) folder() (dir string, err error) {
	run.mu.Lock()
	defer run.mu.Unlock()
	switch {
	case run.removed:
		return "", errors.New("the workload has ended")
	case run.dir != "":
		return run.dir, nil
	}
	if run.dir, err = os.MkdirTemp("", "issuerd-"); err != nil { // the image has nowhere to write to
		return "", fmt.Errorf("this farm, as in a container, has no folder for files and sockets: %w", err)
	}
	return run.dir, nil
}

// removeFolder takes the folder away for good.
func (run *workload) removeFolder() error {
	run.mu.Lock()
	defer run.mu.Unlock()
	run.removed = true
	return os.RemoveAll(run.dir) // which does nothing where there is none
}

// start makes the listener that the platform may want and the API, and returns where that is and its environment. What
// it opened is in run.close, also after an error.
func (run *workload) start(native *issuer.Native, w issuer.Workload, audience string) (started control.Workload, err error) {
	w.Dir = run.folder
	run.close = append(run.close, run.removeFolder)
	var own net.Listener
	if native.Plain || native.Root {
		if own, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return started, fmt.Errorf("farm: workload: %w", err)
		}
		run.close = append(run.close, own.Close)
		if native.Root {
			w.Base = "https://" + own.Addr().String()
		} else {
			w.Plain = own.Addr().String()
		}
	}
	api, err := native.New(w)
	if err != nil {
		return started, err
	}
	if api.Close != nil {
		run.close = append(run.close, api.Close)
	}
	if api.Handler != nil {
		run.handler = w.Issuer.Native(api.Handler)
	}
	if own != nil && api.Handler != nil {
		opts := run.world.server.opts
		srv := newHTTPServer(run, opts.Timeout, opts.Log)
		run.close = append(run.close, srv.Close)
		serve := srv.Serve
		if native.Root {
			srv.TLSConfig = run.world.server.authority.TLSConfig()
			serve = func(l net.Listener) error { return srv.ServeTLS(l, "", "") }
		}
		go func() { _ = serve(own) }() // it ends with ErrServerClosed
	}
	run.renewal.due = api.Renew
	run.close = append(run.close, run.renewal.end)
	env, err := api.Env(audience)
	return control.Workload{Base: w.Base, Env: env, Now: w.Now()}, err
}

// startingWorkload tells that the server is not stopping, and has it wait, when it does, until starting.Done is called:
// what a workload opened before it was registered would otherwise stay behind.
func (s *Server) startingWorkload() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopping {
		s.starting.Add(1)
	}
	return !s.stopping
}

// keep registers the workload. The oldest one of a world that has too many ends.
func (w *World) keep(id string, run *workload) error {
	oldest, err := w.register(id, run)
	if oldest != nil {
		if err := oldest.end(); err != nil { // the new one is none the worse for it
			w.server.opts.Log.Warn("a workload did not end cleanly", "error", err)
		}
	}
	return err
}

// register is keep without ending the oldest workload, which it returns.
func (w *World) register(id string, run *workload) (oldest *workload, err error) {
	s := w.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.ended {
		return nil, errEnded
	}
	if len(w.workloads) >= maxWorkloads {
		oldest = s.workloads[w.workloads[0]]
		delete(s.workloads, w.workloads[0])
		w.workloads = w.workloads[1:]
	}
	w.workloads = append(w.workloads, id)
	s.workloads[id] = run
	return oldest, nil
}

// end closes what the workload opened, last first. It is called once, by whoever has unregistered it.
func (run *workload) end() error {
	run.release()
	var errs []error
	for i := len(run.close) - 1; i >= 0; i-- {
		if err := run.close[i](); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	run.close = nil
	return errors.Join(errs...)
}

// takeWorkloads unregisters the workloads of a world for good; the caller holds mu, and ends them after it has let go
// of it.
func (s *Server) takeWorkloads(w *World) []*workload {
	var taken []*workload
	for _, id := range w.workloads {
		taken = append(taken, s.workloads[id])
		delete(s.workloads, id)
	}
	w.workloads, w.ended = nil, true
	return taken
}

func endAll(workloads []*workload) error {
	var errs []error
	for _, run := range workloads {
		errs = append(errs, run.end())
	}
	return errors.Join(errs...)
}

// releaseWorkloads lets no more workloads start, and has the answers given that are held back in those there are: the
// server stops, and waits for them.
func (s *Server) releaseWorkloads() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
	for _, run := range s.workloads {
		run.release()
	}
}

// stop tells everybody that the server stops. The caller holds mu.
func (s *Server) stop() {
	if !s.stopping {
		s.stopping = true
		close(s.stopped)
	}
}

// endWorkloads ends those of every world, and lets no more start, when the server stops.
func (s *Server) endWorkloads() error {
	s.mu.Lock()
	s.stop()
	if s.stopIdle != nil {
		s.stopIdle()
	}
	s.mu.Unlock()
	s.starting.Wait()
	s.mu.Lock()
	var taken []*workload
	for _, w := range s.worlds {
		taken = append(taken, s.takeWorkloads(w)...)
	}
	s.mu.Unlock()
	return endAll(taken)
}

// serveWorkload answers a request of the workload plane below /w/{id}. The API sees the path without that prefix.
func (s *Server) serveWorkload(rw http.ResponseWriter, r *http.Request) {
	id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, workloadPath), "/")
	s.mu.RLock()
	run := s.workloads[id]
	s.mu.RUnlock()
	if run == nil || run.handler == nil {
		s.refuse(rw, r, plane.Workload, "farm: no token API here: its workload has ended, its world has been deleted, or the platform delivers tokens without one")
		return
	}
	http.StripPrefix(workloadPath+id, run).ServeHTTP(rw, r)
}

// ServeHTTP answers for the API and journals the request.
func (run *workload) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "" {
		r.URL.Path = "/"
	}
	defer run.world.usage.begin(run.world.server.opts.Now)()
	visit := run.world.visit(r, run.id, run.ending)
	out := &statusWriter{ResponseWriter: rw}
	defer func() { // also when the API drops the connection
		run.world.answered(control.Entry{
			Plane: plane.Workload, Method: r.Method, URL: run.world.server.hiddenPath(r.URL), Status: out.status,
			Platform: run.platform, Route: visit.Route(), Agent: r.UserAgent(),
			Injected: visit.Injected(),
		})
	}()
	run.handler.ServeHTTP(out, visit.Begin(r))
}

// record journals a call that came through a socket of the API's own.
func (run *workload) record(route, agent string, status int) {
	run.world.answered(control.Entry{Plane: plane.Workload, Status: status, Platform: run.platform, Route: route, Agent: agent})
}
