package farm

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm/ca"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/harness/state"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/wording"
)

// Options say how a farm is started. The zero value listens on the default addresses and has an empty directory.
type Options struct {
	// host:port by plane; a missing plane listens on its default, an empty address not at all
	Addr map[plane.Plane]string
	// https base below which the issuers are also addressed by path; empty: only the listeners' own names
	PublicURL string
	// domains and addresses that issuers may have beside the impersonated ones and those below .example and .test; a
	// listener on every address also answers to them, by path and as Entra
	Hosts []string
	// HOST or HOST:PORT (else 443) of issuers beside the farm's own that its Entra may fetch from over the network,
	// https only; empty: none
	Reach     []string
	ReachCA   []byte               // PEM, the certificates that those are verified with; nil: the system's
	Issuers   []*generic.File      // whose platforms the farm has beside those that come with issuerd
	World     control.WorldSpec    // of the default world; zero: named default, in the real time
	Directory *directory.Directory // of the default world; nil: the one of World
	// the default world begins without any issuer; else it has every platform's, canonically and by path
	NoIssuers bool
	// by platform: what its issuers in the default world sign with; nil: keys that are made
	Keys    map[string][]issuer.SigningKey
	Token   string           // of the control plane, 16 characters or more; empty: a random one
	Version string           // what the control plane says it is
	Now     func() time.Time // nil: time.Now
	After   AfterFunc        // nil: time.AfterFunc
	// browsers may read the documents of issuers of which it is not known whether they let them; see issuer.CORS
	CORS bool
	// how long a request may take to come, and how long its answer may take, unless a platform holds it back; zero:
	// three minutes
	Timeout time.Duration
	// the directory in which the farm keeps its certificate authority, its worlds and their keys beyond the process; it
	// is made if it is not there. Empty: nothing is written. What is kept counts for more than World and Directory.
	State string
	// of the file that Directory was read from, such as its digest: Directory takes the place of the one that State
	// keeps if this is another version than when it last did. Empty: the one that is kept stays.
	DirectoryVersion string
	// a world, but for the default one, ends when nothing was asked of it for this long by the real time; zero: never
	IdleWorlds time.Duration
	// ids and the control plane's token, safe for concurrent use; nil: crypto/rand
	Rand io.Reader
	Log  *slog.Logger // nil: nothing is logged
}

// Server is a farm on its listeners. It is safe for concurrent use.
type Server struct {
	opts      Options
	authority *ca.Authority
	store     *state.Store // nil: nothing is kept
	listeners []*listener
	servers   []*http.Server
	resolver  *plane.Resolver
	reach     reach
	secrets   secrets
	lender    issuer.Lender // of test keys to worlds
	platforms issuers.Set   // those that come with issuerd, and those of Options.Issuers

	definitions map[string]*definition // of Options.Issuers, by platform

	mu        sync.RWMutex
	worlds    map[string]*World
	workloads map[string]*workload
	stopIdle  func() bool    // of the timer for idle worlds; nil: there is none
	stopping  bool           // no workload may start
	stopped   chan struct{}  // closed when stopping is set
	wasReady  atomic.Bool    // the default world's issuers make tokens
	starting  sync.WaitGroup // workloads that are being started
}

// minToken is how short a token for the control plane may be.
const minToken = 16

// Start opens the listeners and serves on them until Close. The error for an address that is taken says which plane
// wanted it and which flag moves it.
func Start(opts Options) (_ *Server, err error) {
	if opts.IdleWorlds < 0 {
		return nil, fmt.Errorf("farm: idle worlds end after %s: want a positive time, or 0 for never", opts.IdleWorlds)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.After == nil {
		opts.After = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
	}
	if opts.Timeout <= 0 {
		opts.Timeout = 3 * time.Minute // longer than Entra may take to fetch an issuer's two documents, and a busy machine the rest
	}
	if opts.Rand == nil {
		opts.Rand = rand.Reader
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{opts: opts, worlds: map[string]*World{}, workloads: map[string]*workload{}, stopped: make(chan struct{})}
	if err := s.define(opts.Issuers); err != nil {
		return nil, err
	}
	if err := validateKeys(s.platforms, opts.Keys); err != nil {
		return nil, err
	}
	if opts.Token == "" {
		s.opts.Token = s.newID()
	} else if len(opts.Token) < minToken {
		return nil, fmt.Errorf("farm: the control plane's token has %s: want %d or more, which nobody can guess", wording.Count(len(opts.Token), "character"), minToken)
	}
	s.secrets.add(s.opts.Token)
	s.opts.Log = slog.New(hidingHandler{opts.Log.Handler(), &s.secrets})
	hosts := append(plane.RealNames(), opts.Hosts...)
	for _, p := range s.platforms.More() {
		hosts = append(hosts, p.Hosts()...)
	}
	if opts.PublicURL != "" {
		u, err := url.Parse(opts.PublicURL)
		if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
			return nil, fmt.Errorf("farm: public URL: want https://host[:port][/path] without a user and a password")
		}
		hosts = append(hosts, u.Hostname())
	}
	if err := s.openStore(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil && s.store != nil {
			err = errors.Join(err, s.store.Close())
		}
	}()
	if err := s.startAuthority(hosts); err != nil {
		return nil, err
	}
	if s.reach, err = newReach(opts.Reach, opts.ReachCA, opts.Now); err != nil {
		return nil, err
	}
	if s.listeners, err = listen(opts.Addr); err != nil {
		return nil, err
	}
	if s.resolver, err = plane.NewResolver(s.planes(), s.authority.RootPEM(), opts.Now); err != nil {
		closeAll(s.listeners)
		return nil, err
	}
	if err = s.startDefaultWorld(); err == nil {
		err = s.restoreWorlds()
	}
	if err != nil {
		closeAll(s.listeners)
		return nil, err
	}
	for _, l := range s.listeners {
		s.serve(l)
	}
	s.endIdleWorlds()
	return s, nil
}

// serve starts the HTTP server of one listener. Entra, issuers and workload APIs speak TLS; the control plane speaks
// plain HTTP, so that the authority's certificate can be fetched before it is trusted.
func (s *Server) serve(l *listener) {
	handler := s.route(l)
	if slices.Contains(l.planes, plane.Control) {
		handler = s.controlHandler()
	}
	srv := newHTTPServer(handler, s.opts.Timeout, s.opts.Log)
	s.servers = append(s.servers, srv)
	if slices.Contains(l.planes, plane.Control) {
		go func() { _ = srv.Serve(l) }() // it ends with ErrServerClosed
		return
	}
	srv.TLSConfig = s.tlsConfig(l)
	go func() { _ = srv.ServeTLS(l, "", "") }()
}

// Handler answers as the plane's listener does, without a network, or is nil when the plane listens nowhere.
func (s *Server) Handler(p plane.Plane) http.Handler {
	for i, l := range s.listeners {
		if slices.Contains(l.planes, p) {
			return s.servers[i].Handler
		}
	}
	return nil
}

// Close stops the listeners at once and waits for nothing.
func (s *Server) Close() error {
	var errs []error
	for _, srv := range s.servers {
		errs = append(errs, srv.Close())
	}
	s.closeIdle()
	return errors.Join(append(errs, s.endWorkloads(), s.closeStore())...)
}

// closeIdle drops the idle connections of the farm's own requests.
func (s *Server) closeIdle() {
	s.resolver.Close()
	s.reach.transport.CloseIdleConnections()
}

// Shutdown stops the listeners, and waits until the requests under way are answered. When the context ends before that,
// it closes what is left and returns the context's error. The issuer plane stops after the others, because Entra's
// answers need the issuers' documents; where both share a listener, a sign-in under way may find its issuer gone.
func (s *Server) Shutdown(ctx context.Context) error {
	s.releaseWorkloads()
	s.closeIdle()
	var issuers, others []*http.Server
	for i, l := range s.listeners { // each has a server
		if slices.Contains(l.planes, plane.Issuer) {
			issuers = append(issuers, s.servers[i])
		} else {
			others = append(others, s.servers[i])
		}
	}
	var errs []error
	for _, servers := range [][]*http.Server{others, issuers} {
		errs = append(errs, shutdown(ctx, servers))
		s.closeIdle() // its connections, idle again, are what the next server would wait for
	}
	return errors.Join(append(errs, s.endWorkloads(), s.closeStore())...)
}

// Addr is the host:port on which a plane listens, or empty.
func (s *Server) Addr(p plane.Plane) string {
	for _, l := range s.listeners {
		if slices.Contains(l.planes, p) {
			return l.Addr().String()
		}
	}
	return ""
}

func (s *Server) planes() map[plane.Plane]string {
	addrs := map[plane.Plane]string{}
	for _, p := range plane.All {
		if a := s.Addr(p); a != "" {
			addrs[p] = a
		}
	}
	return addrs
}

// public tells whether others than this machine may reach the issuers.
func (s *Server) public() bool {
	if s.opts.PublicURL != "" {
		return true
	}
	host, _, err := net.SplitHostPort(s.Addr(plane.Issuer))
	return err == nil && !plane.IsLoopback(host)
}

// CA is the farm's root certificate in PEM; the bytes are the caller's.
func (s *Server) CA() []byte { return s.authority.RootPEM() }

// ControlURL is the address of the management API, or empty when that listens nowhere.
func (s *Server) ControlURL() string {
	if s.Addr(plane.Control) == "" {
		return ""
	}
	return "http://" + s.Addr(plane.Control)
}

// Token is the bearer token of the management API.
func (s *Server) Token() string { return s.opts.Token }

// Transport reaches a world under the canonical names.
func (s *Server) Transport(world string) http.RoundTripper { return transport{s, world} }

// URL is a plane as a client on this machine sees it, https://127.0.0.1:8445 or, of the control plane, http://; or
// empty when it listens nowhere.
func (s *Server) URL(p plane.Plane) string {
	addr := plane.Reachable(s.Addr(p), "127.0.0.1")
	switch {
	case addr == "":
		return ""
	case p == plane.Control:
		return "http://" + addr
	}
	return "https://" + addr
}

// namesOf are the host:port forms by which clients may address a listener. One on every address is also known by the
// hosts that the farm was told of: by the IP address of the machine or container that it runs in, say, for which the
// authority may sign.
func (s *Server) namesOf(l *listener) []string {
	names := l.names()
	host, port, err := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); err != nil || !ip.IsUnspecified() {
		return names
	}
	for _, h := range s.opts.Hosts {
		if name := net.JoinHostPort(strings.ToLower(h), port); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// bases are the URLs below which the issuers live; the empty one stands for their canonical addresses.
func (s *Server) bases() []string {
	bases := []string{""}
	for _, l := range s.listeners {
		if slices.Contains(l.planes, plane.Issuer) {
			for _, name := range s.namesOf(l) {
				bases = append(bases, "https://"+name)
			}
		}
	}
	if s.opts.PublicURL != "" {
		bases = append(bases, s.opts.PublicURL)
	}
	return bases
}

// newID is 128 random bits. A source that fails is replaced by the system's, which does not: ids and the token must not
// be guessed.
func (s *Server) newID() string {
	var b [16]byte
	if _, err := io.ReadFull(s.opts.Rand, b[:]); err != nil {
		_, _ = rand.Read(b[:])
	}
	return hex.EncodeToString(b[:])
}
