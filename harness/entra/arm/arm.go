package arm

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// Config is what [New] needs.
type Config struct {
	Server *entra.Server    // required: whose access tokens are taken, and whose directory is read and changed
	Now    func() time.Time // nil: time.Now
	Rand   io.Reader        // nil: crypto/rand; for ids only
	Log    *slog.Logger     // nil: discard
	// Hold is called while a federated credential of a managed identity, named by its resource id, is being written;
	// another write under the same identity that arrives before it returns is refused, which also ends the context.
	// nil: it waits for Options.IdentityWriteTime of the directory, or until the context ends.
	Hold func(ctx context.Context, identity string)
}

// API is the handler that [New] makes. It is for the root of a host, and safe for concurrent use.
type API struct {
	server    *entra.Server
	directory *directory.Directory
	now       func() time.Time
	log       *slog.Logger
	hold      func(ctx context.Context, identity string)

	mu      sync.Mutex // guards what follows
	rand    io.Reader
	writing map[string]context.CancelFunc // ends the write of a credential, by the identity's principal id
}

// New makes the handler.
func New(c Config) *API {
	a := &API{server: c.Server, directory: c.Server.Directory(), now: c.Now, rand: c.Rand, log: c.Log, hold: c.Hold, writing: map[string]context.CancelFunc{}}
	if a.now == nil {
		a.now = time.Now
	}
	if a.rand == nil {
		a.rand = rand.Reader
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.hold == nil {
		a.hold = a.wait
	}
	return a
}

const (
	authorization = "/providers/Microsoft.Authorization"
	group         = "/subscriptions/{sub}/resourceGroups/{group}"
	identities    = "/providers/" + directory.IdentityType
	credentials   = group + identities + "/{identity}/federatedIdentityCredentials"
)

// endpoint is what a path answers to. It is an [http.Handler] only for the router's sake, which all APIs share.
type endpoint struct {
	methods  verbs
	metadata bool // it is /metadata/endpoints, which wants no token
}

// ServeHTTP does nothing: [API.ServeHTTP] finds the endpoint and answers for it.
func (endpoint) ServeHTTP(http.ResponseWriter, *http.Request) {}

// routing is the router with a list of its routes for people.
type routing struct {
	*mux.Router
	list []string
}

// routes are made once for all APIs.
var routes = sync.OnceValue(newRoutes)

// newRoutes routes as Azure Resource Manager does, without regard to case in what is not a name. The more particular
// paths come first.
func newRoutes() *routing {
	r := &routing{Router: mux.NewRouter().SkipClean(true)}
	on := func(pattern string, methods verbs) {
		name := plain.ReplaceAllString(pattern, "{$1}")
		r.Handle(anyCase(pattern), endpoint{methods: methods}).Name(name)
		r.list = append(r.list, strings.Join(slices.Sorted(maps.Keys(methods)), ", ")+" "+name)
	}
	r.Handle(anyCase("/metadata/endpoints"), endpoint{metadata: true}).Name("/metadata/endpoints")
	r.list = append(r.list, "GET /metadata/endpoints")
	for _, scope := range []string{"", "/{scope:.+}"} {
		on(scope+authorization+"/roleDefinitions", verbs{http.MethodGet: (*call).listRoleDefinitions})
		on(scope+authorization+"/roleDefinitions/{name}", verbs{http.MethodGet: (*call).getRoleDefinition})
	}
	on("/{scope:.+}"+authorization+"/roleAssignments", verbs{http.MethodGet: (*call).listRoleAssignments})
	on("/{scope:.+}"+authorization+"/roleAssignments/{name}", verbs{
		http.MethodGet: (*call).getRoleAssignment, http.MethodPut: (*call).putRoleAssignment, http.MethodDelete: (*call).deleteRoleAssignment,
	})
	on("/tenants", verbs{http.MethodGet: (*call).listTenants})
	on("/subscriptions", verbs{http.MethodGet: (*call).listSubscriptions})
	on("/subscriptions/{sub}", verbs{http.MethodGet: (*call).getSubscription})
	on("/subscriptions/{sub}/resources", verbs{http.MethodGet: (*call).listResources})
	on("/subscriptions/{sub}/resourceGroups", verbs{http.MethodGet: (*call).listGroups})
	on(group, verbs{
		http.MethodGet: (*call).getGroup, http.MethodHead: (*call).headGroup, http.MethodPut: (*call).putGroup, http.MethodDelete: (*call).deleteGroup,
	})
	on(group+"/resources", verbs{http.MethodGet: (*call).listResources})
	on("/subscriptions/{sub}/providers", verbs{http.MethodGet: (*call).listProviders})
	on("/subscriptions/{sub}/providers/{namespace}", verbs{http.MethodGet: (*call).getProvider})
	on("/subscriptions/{sub}"+identities, verbs{http.MethodGet: (*call).listIdentities})
	on(group+identities, verbs{http.MethodGet: (*call).listIdentities})
	on(group+identities+"/{identity}", verbs{
		http.MethodGet: (*call).getIdentity, http.MethodPut: (*call).putIdentity, http.MethodPatch: (*call).patchIdentity,
		http.MethodDelete: (*call).deleteIdentity,
	})
	on(credentials, verbs{http.MethodGet: (*call).listCredentials})
	on(credentials+"/{name}", verbs{
		http.MethodGet: (*call).getCredential, http.MethodPut: (*call).putCredential, http.MethodDelete: (*call).deleteCredential,
	})
	on(group+"/providers/{namespace}/{resource:.+}", verbs{http.MethodGet: (*call).getResource})
	return r
}

// plain finds variables that have a pattern of their own.
var plain = regexp.MustCompile(`\{(\w+):[^}]*\}`)

// Routes are the paths that there are, each with its methods in front.
func (a *API) Routes() []string { return slices.Clone(routes().list) }

// Route is the method and path template of the route that answers a request, or empty.
func (a *API) Route(r *http.Request) string {
	var match mux.RouteMatch
	if !routes().Match(r, &match) || match.Route == nil {
		return ""
	}
	return r.Method + " " + match.Route.GetName()
}

// anyCase is a pattern of mux whose literal segments match in any case.
func anyCase(pattern string) string {
	segments := strings.Split(pattern, "/")
	for i, segment := range segments {
		if segment != "" && !strings.HasPrefix(segment, "{") {
			segments[i] = fmt.Sprintf("{_%d:(?i:%s)}", i, regexp.QuoteMeta(segment))
		}
	}
	return strings.Join(segments, "/")
}

// verbs are what a path answers to.
type verbs map[string]func(*call) (reply, error)

// reply is an answer without an error; a nil body is none.
type reply struct {
	status int
	body   any
}

// list is how Azure Resource Manager wraps lists.
type list[T any] struct {
	Value []T    `json:"value"`
	Next  string `json:"nextLink,omitempty"` // the URL of the next page; federated credentials alone have pages
}

func ok(body any) (reply, error) { return reply{http.StatusOK, body}, nil }

// okList answers with a list, [] rather than null when it is empty.
func okList[T any](items []T) (reply, error) {
	if items == nil {
		items = []T{}
	}
	return ok(list[T]{Value: items})
}

// call is one request that carries a valid token.
type call struct {
	api     *API
	r       *http.Request
	vars    map[string]string
	version string // api-version
	bearer  entra.Bearer
	tenant  directory.Tenant        // of the subscription, or else the caller's
	sub     *directory.Subscription // in tenant; nil: the path names none
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.setHeaders(w.Header(), r)
	var match mux.RouteMatch
	at := endpoint{}
	if routes().Match(r, &match) {
		at = match.Handler.(endpoint)
	}
	if at.metadata {
		a.serveMetadata(w, r)
		return
	}
	answer, err := a.answer(at.methods, r, match.Vars)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	write(w, answer.status, answer.body)
}

// answer answers for one path: the checks that every request passes, then what is particular.
func (a *API) answer(methods verbs, r *http.Request, vars map[string]string) (reply, error) {
	version, err := apiVersion(r)
	if err != nil {
		return reply{}, err
	}
	c := &call{api: a, r: r, vars: vars, version: version}
	if err := c.authenticate(); err != nil {
		return reply{}, err
	}
	if err := c.findSubscription(); err != nil {
		return reply{}, err
	}
	if methods == nil { // inferred
		return reply{}, fail(http.StatusNotFound, "InvalidResourceType", "The resource type could not be found for the request path '%s' and api version '%s'.",
			r.URL.Path, version)
	}
	do := methods[r.Method]
	if do == nil { // inferred
		return reply{}, fail(http.StatusMethodNotAllowed, "MethodNotAllowed", "The requested resource does not support http method '%s'.", r.Method)
	}
	return do(c)
}

// decode reads the body of a request.
func (c *call) decode(into any) error {
	const limit = 4 << 20 // Azure Resource Manager's, for a request
	decoder := json.NewDecoder(http.MaxBytesReader(nil, c.r.Body, limit))
	err := decoder.Decode(into)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is text after the object")
		}
	}
	var tooLarge *http.MaxBytesError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &tooLarge): // inferred
		return fail(http.StatusRequestEntityTooLarge, "RequestContentTooLarge", "The request content size exceeds the maximum size of '%d' bytes.", int64(limit))
	case errors.Is(err, io.EOF): // inferred
		return fail(http.StatusBadRequest, "MissingRequestContent", "The request content is empty.")
	case errors.As(err, &kind):
		err = fmt.Errorf("a %s is not what belongs at path %s, position %d", kind.Value, kind.Field, kind.Offset)
	}
	if err != nil { // what is between the quotes is inferred: Azure has its own parser's words there
		return fail(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized: '%s'.", err)
	}
	return nil
}

// newGUID is a random one.
func (a *API) newGUID() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return directory.NewGUID(a.rand)
}
