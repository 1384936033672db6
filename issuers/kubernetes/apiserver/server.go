package apiserver

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/issuers/issuer"
)

const (
	discoveryPath = "/.well-known/openid-configuration"
	keysPath      = "/openid/v1/jwks"
)

// version is the release whose behaviour this is. What its build says about itself is not known here.
var version = struct {
	Major        string `json:"major"`
	Minor        string `json:"minor"`
	GitVersion   string `json:"gitVersion"`
	GitCommit    string `json:"gitCommit"`
	GitTreeState string `json:"gitTreeState"`
	BuildDate    string `json:"buildDate"`
	GoVersion    string `json:"goVersion"`
	Compiler     string `json:"compiler"`
	Platform     string `json:"platform"`
}{Major: "1", Minor: "36", GitVersion: "v1.36.3", Compiler: "gc", Platform: "linux/amd64"}

// exchangeAudience is what the webhook of Azure Workload Identity asks for, always.
const exchangeAudience = "api://AzureADTokenExchange"

// Options are what clusters differ in.
type Options struct {
	// Annotations are those of the workload's service account.
	Annotations map[string]string

	// MaxSeconds is the longest life of a token: what is asked for beyond it is shortened, with a warning. Zero: as
	// long as Kubernetes gives any.
	MaxSeconds int64
}

// Server is the API server of the cluster of one workload. It answers requests below the workload's Base, and is safe
// for concurrent use.
type Server struct {
	w          issuer.Workload
	options    Options
	admin      string           // the administrator's bearer token
	credential [32]byte         // SHA-256 of it
	own        objectMeta       // the workload's service account
	bound      map[string]named // by kind: what the workload's token is bound to
	life       int64            // of the workload's token, in seconds
	accounts   *accounts
	handler    http.Handler
}

// New makes the API server of a workload's cluster. What is in the cluster follows from the token that the workload's
// issuer mints for it: its service account, and the pod, node or secret that it is bound to.
func New(w issuer.Workload, o Options) (*Server, error) {
	sample, err := w.Sample(issuer.For(exchangeAudience))
	if err != nil {
		return nil, err
	}
	s := &Server{w: w, options: o, life: seconds(sample.Claims)}
	if s.admin, err = newBearer(w.Rand); err != nil {
		return nil, err
	}
	s.credential = sha256.Sum256([]byte(s.admin))
	s.own, s.bound = sampled(sample.Claims)
	s.own.Annotations = o.Annotations
	s.accounts = newAccounts(w.Now, w.Rand, s.own)
	s.handler = s.routes()
	return s, nil
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Volume is what the kubelet asks for the workload's own token, for an audience that is left open.
func (s *Server) Volume() Ask {
	return Ask{Namespace: s.own.Namespace, ServiceAccount: s.own.Name, ExpirationSeconds: s.life, Bound: s.reference()}
}

// audience is the API server's own.
func (s *Server) audience() string { return s.w.Issuer.URL() }

// routes serves the API to those who may use it.
func (s *Server) routes() http.Handler {
	router := mux.NewRouter().SkipClean(true)
	router.Use(issuer.TellRoute)
	get := func(path string, h http.HandlerFunc) { router.HandleFunc(path, h).Methods(http.MethodGet) }
	object := func(method, path string, h objectHandler) { router.Handle(path, h).Methods(method) }

	if strings.HasPrefix(s.w.Issuer.URL(), "https://") { // else an API server switches discovery off
		get(discoveryPath, s.discovery)
		get(discoveryPath+"/", s.discovery)
		get(keysPath, s.keys)
	}
	get("/version", serveVersion)
	get("/version/", serveVersion)
	for _, path := range []string{"/healthz", "/livez", "/readyz"} {
		get(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	}
	for path, document := range s.resources() {
		object(http.MethodGet, path, document)
		object(http.MethodGet, path+"/", document)
	}
	const accounts = "/api/v1/namespaces/{namespace}/serviceaccounts"
	get("/api/v1/serviceaccounts", objectHandler(s.listAccounts).withTables)
	get(accounts, objectHandler(s.listAccounts).withTables)
	object(http.MethodPost, accounts, s.createAccount)
	get(accounts+"/{name}", objectHandler(s.getAccount).withTables)
	object(http.MethodPost, accounts+"/{name}/token", s.createToken)
	object(http.MethodPost, "/apis/"+authenticationVersion+"/tokenreviews", s.reviewToken)
	object(http.MethodPost, "/apis/"+authenticationVersion+"/selfsubjectreviews", s.reviewSelf)

	router.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, noMethod()) })
	router.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/v1/") || strings.HasPrefix(r.URL.Path, "/apis/"+authenticationVersion+"/") {
			refuse(w, noRoute())
			return
		}
		http.NotFound(w, r)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, err := s.caller(r)
		if err == nil {
			if user, err = impersonate(user, r.Header, attributesOf(r)); err != nil {
				w.Header().Set("X-Content-Type-Options", "nosniff")
			}
		}
		if err == nil {
			err = authorize(user, attributesOf(r))
		}
		if err != nil {
			refuse(w, asStatus(err))
			return
		}
		router.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), userKey{}, user)))
	})
}

// userKey is the caller in a request's context.
type userKey struct{}

// objectHandler answers with an object. The error is a *status.
type objectHandler func(w http.ResponseWriter, r *http.Request, user userInfo) error

func (h objectHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.serve(w, r, false) }

// withTables is for objects that can be answered as a table too.
func (h objectHandler) withTables(w http.ResponseWriter, r *http.Request) { h.serve(w, r, true) }

func (h objectHandler) serve(w http.ResponseWriter, r *http.Request, tables bool) {
	err := error(notAcceptable())
	if accepted(r.Header.Get("Accept"), tables) != "" {
		user, _ := r.Context().Value(userKey{}).(userInfo)
		err = h(w, r, user)
	}
	if err != nil {
		refuse(w, asStatus(err))
	}
}

// What an answer can be.
const (
	plain = "JSON"
	table = "JSON as a Table"
)

// accepted returns the first of the two that an Accept header has, or the empty string. Only where there are tables can
// it be one.
func accepted(accept string, tables bool) string {
	if accept == "" {
		return plain
	}
	for _, media := range strings.Split(accept, ",") {
		name, parameters, err := mime.ParseMediaType(media)
		switch {
		case err != nil || !slices.Contains([]string{jsonType, "application/*", "*/*"}, name):
		case parameters["as"] == "":
			return plain
		case tables && parameters["as"] == "Table" && parameters["g"] == tableGroup && parameters["v"] == tableVersion:
			return table
		}
	}
	return ""
}

func asStatus(err error) *status {
	var s *status
	if errors.As(err, &s) {
		return s
	}
	return internal(err)
}

func (s *Server) listAccounts(w http.ResponseWriter, r *http.Request, _ userInfo) error {
	items, version := s.accounts.in(mux.Vars(r)["namespace"])
	if accepted(r.Header.Get("Accept"), true) == table {
		answer(w, http.StatusOK, newTable(s.w.Now(), version, items...))
		return nil
	}
	for i := range items {
		items[i].typeMeta = typeMeta{} // the list's items have no type of their own
	}
	answer(w, http.StatusOK, map[string]any{
		"kind": "ServiceAccountList", "apiVersion": "v1", "metadata": objectMeta{ResourceVersion: version}, "items": items,
	})
	return nil
}

func (s *Server) getAccount(w http.ResponseWriter, r *http.Request, _ userInfo) error {
	account, err := s.accounts.find(mux.Vars(r)["namespace"], mux.Vars(r)["name"])
	if err != nil {
		return err
	}
	if accepted(r.Header.Get("Accept"), true) == table {
		answer(w, http.StatusOK, newTable(s.w.Now(), account.Metadata.ResourceVersion, account))
		return nil
	}
	answer(w, http.StatusOK, account)
	return nil
}

func (s *Server) createAccount(w http.ResponseWriter, r *http.Request, _ userInfo) error {
	var account serviceAccount
	options, err := readObject(w, r, &account)
	if err != nil {
		return err
	}
	account, err = s.accounts.create(mux.Vars(r)["namespace"], account, options.dryRun)
	if err != nil {
		return err
	}
	answer(w, http.StatusCreated, account)
	return nil
}

// discovery is the API server's own document: its jwks_uri is here, where nobody outside the cluster looks, whatever
// the public one says.
func (s *Server) discovery(w http.ResponseWriter, _ *http.Request) {
	raw, err := s.w.Issuer.JWKS()
	var published jose.JSONWebKeySet
	if err == nil {
		err = json.Unmarshal(raw, &published)
	}
	if err != nil {
		refuse(w, internal(err))
		return
	}
	algorithms := []string{}
	for _, key := range published.Keys {
		algorithms = append(algorithms, key.Algorithm)
	}
	slices.Sort(algorithms)
	document, err := json.Marshal(struct {
		Issuer     string   `json:"issuer"`
		JWKS       string   `json:"jwks_uri"`
		Responses  []string `json:"response_types_supported"`
		Subjects   []string `json:"subject_types_supported"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}{s.w.Issuer.URL(), s.w.Base + keysPath, []string{"id_token"}, []string{"public"}, slices.Compact(algorithms)})
	if err != nil {
		refuse(w, internal(err))
		return
	}
	publish(w, jsonType, document)
}

func (s *Server) keys(w http.ResponseWriter, _ *http.Request) {
	raw, err := s.w.Issuer.JWKS()
	if err != nil {
		refuse(w, internal(err))
		return
	}
	publish(w, "application/jwk-set+json", raw)
}

func publish(w http.ResponseWriter, contentType string, document []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = w.Write(document) // the client has gone; there is nobody to tell
}

func serveVersion(w http.ResponseWriter, _ *http.Request) {
	body, err := json.MarshalIndent(version, "", "  ")
	if err != nil {
		refuse(w, internal(err))
		return
	}
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("Cache-Control", "no-cache, private")
	_, _ = w.Write(body) // the client has gone; there is nobody to tell
}
