package entra

import (
	"crypto/rand"
	"crypto/rsa"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// Config is what [New] needs. Its zero value works: an empty directory that
// reaches no issuer.
type Config struct {
	Directory *directory.Directory       // nil: empty
	Client    *http.Client               // how issuers are reached; nil: every fetch fails as unreachable
	Now       func() time.Time           // nil: time.Now
	Rand      io.Reader                  // nil: crypto/rand; for ids only
	NewKey    func() (SigningKey, error) // yields the signing key when it is first used; nil: crypto/rsa makes one
	// nil: nothing; called once a token request, after the answer is decided, from many goroutines
	Record func(SignIn)
	Log    *slog.Logger // nil: discard
	// nil: nothing; called before a request is answered, once the body of one for a token is read, from many goroutines. It
	// may hold the answer back, and put something else in its place.
	Inject func(http.ResponseWriter, Asked) Injection
}

// Server answers like the login hosts of Microsoft Entra. It is an
// [http.Handler] for the root of a host and is safe for concurrent use.
type Server struct {
	directory *directory.Directory
	cache     *keyCache
	key       lazyKey
	now       func() time.Time
	record    func(SignIn)
	log       *slog.Logger
	inject    func(http.ResponseWriter, Asked) Injection // nil: nothing
	throttle  throttle

	randMu sync.Mutex // guards rand
	rand   io.Reader
}

// New makes a server. It does no work that costs time: the signing key is made
// when it is first used.
func New(c Config) *Server {
	s := &Server{directory: c.Directory, now: c.Now, rand: c.Rand, record: c.Record, log: c.Log, inject: c.Inject}
	if s.directory == nil {
		s.directory = directory.New()
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	if s.directory.Now == nil {
		s.directory.Now = s.now
	}
	if s.record == nil {
		s.record = func(SignIn) {}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.cache = newKeyCache(c.Client, s.now)
	s.key.now, s.key.generate = s.now, c.NewKey
	if s.key.generate == nil {
		s.key.generate = func() (SigningKey, error) {
			key, err := rsa.GenerateKey(rand.Reader, 2048)
			return SigningKey{Key: key}, err
		}
	}
	return s
}

// endpointHandler answers at a path of the login service. It is an [http.Handler] only for the router's sake, which all
// servers share.
type endpointHandler func(s *Server, w http.ResponseWriter, r *http.Request, vars map[string]string)

// ServeHTTP does nothing: [Server.ServeHTTP] finds the handler and calls it.
func (endpointHandler) ServeHTTP(http.ResponseWriter, *http.Request) {}

// routes are made once for all servers.
var routes = sync.OnceValue(newRoutes)

func newRoutes() *mux.Router {
	document := func(serve func(*Server, http.ResponseWriter, *http.Request, string)) endpointHandler {
		return func(s *Server, w http.ResponseWriter, r *http.Request, vars map[string]string) {
			if r.Method == http.MethodOptions { // what a browser asks first
				s.serveDocument(w, nil)
				return
			}
			if !s.answeredDocument(w, r, vars["tenant"]) {
				serve(s, w, r, vars["tenant"])
			}
		}
	}
	token := func(v1 bool) endpointHandler {
		return func(s *Server, w http.ResponseWriter, r *http.Request, vars map[string]string) {
			s.serveToken(w, r, s.endpointOf(r, vars, v1))
		}
	}
	// The hot route first; paths are left as they are, so that none redirects.
	router := mux.NewRouter().SkipClean(true)
	router.Handle("/{tenant}/oauth2/v2.0/token", token(false))
	router.Handle("/{tenant}/oauth2/token", token(true))
	router.Handle("/{tenant}/{policy}/oauth2/v2.0/token", token(false)) // of B2C
	get := []string{http.MethodGet, http.MethodHead, http.MethodOptions}
	router.Handle("/{tenant}/v2.0/.well-known/openid-configuration", document((*Server).serveDiscovery)).Methods(get...)
	router.Handle("/{tenant}/.well-known/openid-configuration", document((*Server).serveDiscoveryV1)).Methods(get...)
	router.Handle("/{tenant}/discovery/v2.0/keys", document((*Server).serveKeys)).Methods(get...)
	router.Handle("/{tenant}/discovery/keys", document((*Server).serveKeys)).Methods(get...)
	router.Handle("/{tenant}/discovery/instance", document((*Server).serveInstance)).Methods(get...)
	router.Handle("/error", endpointHandler(func(_ *Server, w http.ResponseWriter, r *http.Request, _ map[string]string) {
		serveError(w, r)
	})).Methods(http.MethodGet, http.MethodHead)
	return router
}

// endpointOf is the token endpoint that a request is for, from the variables of its route.
func (s *Server) endpointOf(r *http.Request, vars map[string]string, v1 bool) endpoint {
	policy := vars["policy"]
	if policy == "" && r.URL.RawQuery != "" {
		if tenant := s.directory.View(vars["tenant"], s.now()).Tenant; tenant != nil && len(tenant.B2CPolicies) > 0 {
			policy = r.URL.Query().Get("p") // the old form of the path; elsewhere a parameter like any other
		}
	}
	return endpoint{vars["tenant"], policy, v1}
}

// Directory returns the directory the server signs in from; it may be changed
// at any time.
func (s *Server) Directory() *directory.Directory { return s.directory }

// ServeHTTP answers one request. Anything that is not a path of Entra's
// federation is a 404.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = lowerPath(r)
	var match mux.RouteMatch
	if !routes().Match(r, &match) {
		if match.MatchErr == mux.ErrMethodMismatch {
			w.WriteHeader(http.StatusMethodNotAllowed)
		} else {
			http.NotFound(w, r)
		}
		return
	}
	match.Handler.(endpointHandler)(s, w, r, match.Vars)
}

// lowerPath is the request with its path below the tenant in lower case: Entra does not look at the case of it, which
// is inferred.
func lowerPath(r *http.Request) *http.Request {
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	lower := strings.ToLower(rest)
	if lower == rest || !strings.HasPrefix(r.URL.Path, "/") {
		return r
	}
	lowered, u := *r, *r.URL
	u.Path, u.RawPath = "/"+tenant+"/"+lower, ""
	lowered.URL = &u
	return &lowered
}

// Routes are the paths that the server answers, with the methods in front where others are refused by the router.
func (s *Server) Routes() []string {
	var all []string
	// Walk's own error is the function's, which has none.
	_ = routes().Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		template, err := route.GetPathTemplate()
		methods, anyMethod := route.GetMethods()
		if anyMethod != nil {
			methods = []string{http.MethodPost}
		}
		all = append(all, strings.Join(methods, ", ")+" "+template)
		return err
	})
	return all
}

// Route is the method and path template of the route that answers a request, or empty.
func (s *Server) Route(r *http.Request) string {
	var match mux.RouteMatch
	if !routes().Match(lowerPath(r), &match) {
		return ""
	}
	template, err := match.Route.GetPathTemplate()
	if err != nil { // every route has one
		return ""
	}
	return r.Method + " " + template
}

// randomness reads what one answer needs.
func (s *Server) randomness() (r randomness) {
	s.randMu.Lock()
	defer s.randMu.Unlock()
	r.read(s.rand)
	return r
}
