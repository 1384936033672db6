package msi

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// Path is where the endpoint is.
const Path = "/msi/token"

// header carries the secret.
const header = "X-IDENTITY-HEADER"

// Config is what [New] needs.
type Config struct {
	Server *entra.Server // required: who issues the tokens, and whose directory has the identities
	Secret string        // required: what requests have in the header; an empty one lets nobody in
	Rand   io.Reader     // nil: crypto/rand; for correlation ids only, and safe for concurrent use
}

// Endpoint is the handler that [New] makes. It is safe for concurrent use.
type Endpoint struct {
	server *entra.Server
	secret string
	rand   io.Reader
}

// New makes the handler.
func New(c Config) *Endpoint {
	e := &Endpoint{server: c.Server, secret: c.Secret, rand: c.Rand}
	if e.rand == nil {
		e.rand = rand.Reader
	}
	return e
}

// failure is an error of App Service's endpoint, as Azure-Samples/azure-search-openai-demo#2148 and others quote it.
type failure struct {
	StatusCode    int    `json:"statusCode"`
	Message       string `json:"message"`
	CorrelationID string `json:"correlationId"`
}

// Has tells whether a request has the endpoint's secret.
func (e *Endpoint) Has(r *http.Request) bool {
	return e.secret != "" && subtle.ConstantTimeCompare([]byte(e.secret), []byte(r.Header.Get(header))) == 1
}

// ServeHTTP answers GET /msi/token?api-version=2019-08-01&resource=…&client_id=… with a token of a user-assigned
// managed identity. There are no system-assigned ones, so that a request must say which it means: by client_id,
// principal_id (object_id) or mi_res_id.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, body := e.answer(r)
	if failed, ok := body.(failure); ok {
		failed.StatusCode, failed.CorrelationID = status, directory.NewGUID(e.rand)
		body = failed
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone; there is nobody to tell
}

func (e *Endpoint) answer(r *http.Request) (int, any) {
	query := r.URL.Query()
	resource := query.Get("resource")
	switch {
	case !e.Has(r): // inferred: App Service answers 401 without a body that is documented
		return http.StatusUnauthorized, failure{Message: "Invalid or missing " + header + " header."}
	case r.Method != http.MethodGet:
		return http.StatusMethodNotAllowed, failure{Message: "Only GET is allowed."}
	case query.Get("api-version") != "2019-08-01":
		return http.StatusBadRequest, failure{Message: "The api-version '" + query.Get("api-version") + "' is not supported. The supported version is 2019-08-01."}
	case resource == "":
		return http.StatusBadRequest, failure{Message: "The resource parameter is missing."}
	}
	tenant, identity := e.identity(query.Get)
	if identity == nil {
		return http.StatusBadRequest, failure{Message: "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."}
	}
	token, expires, err := e.server.ManagedIdentityToken(tenant, identity.ClientID, resource)
	if err != nil {
		var refusal *entra.Error
		if errors.As(err, &refusal) || errors.Is(err, directory.ErrNotFound) {
			return http.StatusBadRequest, failure{Message: err.Error()}
		}
		return http.StatusInternalServerError, failure{Message: err.Error()}
	}
	return http.StatusOK, struct {
		AccessToken string `json:"access_token"`
		ExpiresOn   string `json:"expires_on"` // in seconds since 1970
		Resource    string `json:"resource"`
		TokenType   string `json:"token_type"`
		ClientID    string `json:"client_id"`
	}{token, strconv.FormatInt(expires.Unix(), 10), resource, "Bearer", identity.ClientID}
}

// identity finds the managed identity that a request names, with the id of its tenant. A name that fits none finds
// none.
func (e *Endpoint) identity(parameter func(string) string) (tenant string, found *directory.ManagedIdentity) {
	client, principal := parameter("client_id"), parameter("principal_id")+parameter("object_id")
	resource := parameter("mi_res_id") + parameter("msi_res_id")
	for _, t := range e.server.Directory().Tenants() {
		for i := range t.ManagedIdentities {
			m := &t.ManagedIdentities[i]
			if strings.EqualFold(m.ClientID, client) || strings.EqualFold(m.PrincipalID, principal) || strings.EqualFold(m.ResourceID(), resource) {
				return t.ID, m
			}
		}
	}
	return "", nil
}
