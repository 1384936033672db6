package graph

import (
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// Config is what [New] needs.
type Config struct {
	Server  *entra.Server                        // required: whose access tokens count, and whose directory this is
	SignIns func(tenantID string) []entra.SignIn // the sign-ins of a tenant, oldest first; nil: none
	Now     func() time.Time                     // nil: time.Now
	Rand    io.Reader                            // for ids; nil: crypto/rand
	Log     *slog.Logger                         // nil: discard
}

// API answers for Microsoft Graph. It is an [http.Handler] for the root of a host, safe for concurrent use.
type API struct {
	entra     *entra.Server
	directory *directory.Directory
	signIns   func(string) []entra.SignIn
	now       func() time.Time
	log       *slog.Logger

	randMu sync.Mutex // guards rand
	rand   io.Reader
}

// New makes an API.
func New(c Config) *API {
	s := &API{entra: c.Server, directory: c.Server.Directory(), signIns: c.SignIns, now: c.Now, rand: c.Rand, log: c.Log}
	if s.signIns == nil {
		s.signIns = func(string) []entra.SignIn { return nil }
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// call is one request.
type call struct {
	*API
	request   *http.Request
	base      string // the URL below which everything is, with the version: https://graph.microsoft.com/v1.0
	root      string // the same without the version
	version   string
	requestID string
	clientID  string // client-request-id
	vars      map[string]string
	options   queryOptions
	bearer    entra.Bearer
	body      map[string]any // of a POST or PATCH
}

func (c *call) isBeta() bool { return c.version == "beta" }

// answer is what a handler answers.
type answer struct {
	status   int
	body     any    // nil: none
	raw      []byte // instead of body
	location string
}

// ServeHTTP answers one request.
func (s *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{API: s, request: r, requestID: s.guid()}
	if c.clientID = r.Header.Get("client-request-id"); !directory.IsGUID(c.clientID) {
		c.clientID = c.requestID
	}
	scheme := "https"
	host := strings.TrimSuffix(strings.ToLower(r.Host), ":443")
	if !slices.Contains(directory.GraphHosts(), host) && r.TLS == nil && r.URL.Scheme != "https" {
		scheme = "http"
	}
	c.root = scheme + "://" + host
	got, err := c.serve(host)
	if err != nil {
		got = c.failed(err, w.Header())
	}
	c.write(w, got)
}

// serve checks the token, finds the handler and calls it.
func (c *call) serve(host string) (*answer, error) {
	var err error
	if c.bearer, err = c.entra.Bearer(c.request, c.audiences(host)...); err != nil {
		return nil, err
	}
	path, bad := normalize(c.request.URL.EscapedPath())
	if bad != nil {
		return nil, bad
	}
	path = canonical(path)
	var match mux.RouteMatch
	found := routes().Match(at(path), &match)
	c.version, _, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	c.base = c.root + "/" + c.version
	if !found {
		return nil, c.noRoute(path)
	}
	serve := match.Handler.(methods)[c.request.Method]
	if serve == nil {
		return nil, refuse(http.StatusMethodNotAllowed, codeRequestBadRequest, "Specified HTTP method is not allowed for the request target.")
	}
	c.vars = match.Vars
	for name, value := range c.vars {
		if c.vars[name], err = url.PathUnescape(value); err != nil {
			return nil, badRequest("Resource not found for the segment '%s'.", value)
		}
	}
	largest := maxPage
	if strings.HasSuffix(path, signInsRoute) {
		largest = signInsPage
	}
	if c.options, bad = parseQuery(c.request.URL.RawQuery, largest); bad != nil {
		return nil, bad
	}
	if c.request.Method == http.MethodPost || c.request.Method == http.MethodPatch {
		if c.body, bad = c.readBody(); bad != nil {
			return nil, bad
		}
	}
	return serve(c)
}

// audiences are the resources that a token may be for: at a host of Microsoft Graph that host, elsewhere every one of
// them and the called URL.
func (c *call) audiences(host string) []string {
	if slices.Contains(directory.GraphHosts(), host) {
		return []string{directory.GraphAppID, "https://" + host}
	}
	all := []string{directory.GraphAppID, c.root}
	for _, host := range directory.GraphHosts() {
		all = append(all, "https://"+host)
	}
	return all
}

// guid makes an id.
func (s *API) guid() string {
	s.randMu.Lock()
	defer s.randMu.Unlock()
	return directory.NewGUID(s.rand)
}

// change changes the caller's tenant. Errors of the directory that are no refusals become one: what they say was found
// out by no check of ours before.
func (c *call) change(change func(*directory.Tenant) error) error {
	_, err := c.directory.Change(c.bearer.TenantID, change)
	var refused *refusal
	if err == nil || errors.As(err, &refused) || errors.Is(err, directory.ErrNotKept) {
		return err
	}
	return invalidRequest("%s", strings.TrimPrefix(err.Error(), "directory: "))
}

// tenant returns the caller's tenant as it is.
func (c *call) tenant() (*directory.Tenant, error) {
	t, err := c.directory.Tenant(c.bearer.TenantID)
	if err != nil {
		return nil, entra.ErrMalformed // the directory was replaced since the token was issued
	}
	return &t, nil
}

// write sends an answer with the headers that recordings have.
func (c *call) write(w http.ResponseWriter, a *answer) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("Request-Id", c.requestID)
	h.Set("Client-Request-Id", c.clientID)
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("X-Ms-Ags-Diagnostic", `{"ServerInfo":{"DataCenter":"West Europe","Slice":"E","Ring":"5","ScaleUnit":"001","RoleInstance":"AM1PEPF00000001"}}`)
	h.Set("X-Ms-Resource-Unit", "1")
	if a.location != "" {
		h.Set("Location", a.location)
	}
	raw := a.raw
	if a.body != nil {
		var err error
		if raw, err = encode(a.body); err != nil {
			c.log.Error("graph: write answer", "error", err)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
	}
	if raw != nil {
		h.Set("Vary", "Accept-Encoding")
		h.Set("Content-Length", strconv.Itoa(len(raw)))
		if a.status < http.StatusBadRequest {
			h.Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
			h.Set("Odata-Version", "4.0")
		} else {
			h.Set("Content-Type", "application/json")
		}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(raw)
}

// innerError is seen in Azure/azure-workload-identity#434.
func (c *call) innerError() object {
	return object{{"date", c.now().UTC().Format("2006-01-02T15:04:05")}, {"request-id", c.requestID}, {"client-request-id", c.clientID}}
}

func (c *call) errorBody(code, message string) object {
	return object{{"error", object{{"code", code}, {"message", message}, {"innerError", c.innerError()}}}}
}

// failed turns an error into an answer.
func (c *call) failed(err error, h http.Header) *answer {
	var refused *refusal
	if !errors.As(err, &refused) {
		if refused = unauthorized(err, c.request.Header.Get("Authorization")); refused == nil {
			c.log.Error("graph: request failed", "path", c.request.URL.Path, "error", err)
			refused = refuse(http.StatusInternalServerError, "UnknownError", "")
		}
	}
	if refused.status == http.StatusUnauthorized {
		h.Set("Www-Authenticate", `Bearer realm="", authorization_uri="`+loginURL(c.root)+`/common/oauth2/authorize", client_id="`+directory.GraphAppID+`"`)
	}
	return &answer{status: refused.status, body: c.errorBody(refused.code, refused.message)}
}

// loginURL is where the callers of a host of Microsoft Graph sign in; that of the public cloud for hosts of no cloud.
func loginURL(root string) string {
	cloud := "public"
	switch {
	case strings.HasSuffix(root, "graph.microsoft.us"):
		cloud = "usgov"
	case strings.HasSuffix(root, ".chinacloudapi.cn"):
		cloud = "china"
	}
	login, _ := directory.LoginURL(cloud) // there is such a cloud
	return login
}

// notCompact is seen in MaikuB/flutter_appauth#575.
const notCompact = "IDX14100: JWT is not well formed, there are no dots (.).\nThe token needs to be in JWS or JWE Compact Serialization Format. " +
	"(JWS): 'EncodedHeader.EncodedPayload.EncodedSignature'. " +
	"(JWE): 'EncodedProtectedHeader.EncodedEncryptedKey.EncodedInitializationVector.EncodedCiphertext.EncodedAuthenticationTag'."

// unauthorized is the refusal for what is wrong with an access token, or nil. The text for a token that nobody here has
// signed is inferred.
func unauthorized(err error, header string) *refusal {
	if errors.Is(err, entra.ErrMalformed) && !strings.Contains(header, ".") {
		return refuse(http.StatusUnauthorized, codeInvalidToken, "%s", notCompact)
	}
	for _, known := range []struct {
		err     error
		message string
	}{
		{entra.ErrNoToken, "Access token is empty."},
		{entra.ErrTokenExpired, "Lifetime validation failed, the token is expired."},
		{entra.ErrTokenAudience, "Access token validation failure. Invalid audience."},
		{entra.ErrMalformed, "Access token validation failure. Invalid signature."},
	} {
		if errors.Is(err, known.err) {
			return refuse(http.StatusUnauthorized, codeInvalidToken, "%s", known.message)
		}
	}
	return nil
}
