package farm

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// identityPath is where the Entra plane gives tokens to workloads with a managed identity, in the form of Azure App Service.
const identityPath = "/msi/token"

// identityHeader carries the secret of a world, which also says which world it is.
const identityHeader = "X-IDENTITY-HEADER"

// identityEndpoint is the URL of the endpoint, or "" when the Entra plane listens nowhere.
func (s *Server) identityEndpoint() string {
	host, port, err := net.SplitHostPort(s.Addr(Entra))
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "https://" + net.JoinHostPort(host, port) + identityPath
}

// identityError is an error of App Service's endpoint, as Azure-Samples/azure-search-openai-demo#2148 and others quote it.
type identityError struct {
	StatusCode    int    `json:"statusCode"`
	Message       string `json:"message"`
	CorrelationID string `json:"correlationId"`
}

// serveIdentity answers GET /msi/token?api-version=2019-08-01&resource=…&client_id=… with a token of a user-assigned managed identity. There
// are no system-assigned ones, so that a request must say which it means: by client_id, principal_id (object_id) or mi_res_id.
func (s *Server) serveIdentity(rw http.ResponseWriter, r *http.Request) {
	w := s.worldOfHeader(r.Header.Get(identityHeader))
	if w == nil { // inferred: App Service answers 401 without a body that is documented
		writeJSON(rw, http.StatusUnauthorized, identityError{http.StatusUnauthorized, "Invalid or missing " + identityHeader + " header.", s.newID()})
		return
	}
	status, body := w.identityToken(r)
	w.answered(control.Entry{
		Plane: string(Entra), Method: r.Method, URL: "https://" + r.Host + s.hiddenPath(r.URL), Status: status,
		Platform: entraPlatform, Route: http.MethodGet + " " + identityPath, Agent: r.UserAgent(),
	})
	if refused, ok := body.(identityError); ok {
		refused.StatusCode, refused.CorrelationID = status, s.newID()
		body = refused
	}
	writeJSON(rw, status, body)
}

// worldOfHeader finds the world with that secret, or nil.
func (s *Server) worldOfHeader(secret string) *World {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, w := range s.worlds {
		if subtle.ConstantTimeCompare([]byte(w.identityHeader), []byte(secret)) == 1 {
			return w
		}
	}
	return nil
}

// identityToken answers a request that has the secret.
func (w *World) identityToken(r *http.Request) (int, any) {
	query := r.URL.Query()
	resource := query.Get("resource")
	switch {
	case r.Method != http.MethodGet:
		return http.StatusMethodNotAllowed, identityError{Message: "Only GET is allowed."}
	case query.Get("api-version") != "2019-08-01": // 2017-09-01, which the SDKs have left, has another form
		return http.StatusBadRequest, identityError{Message: "The api-version '" + clip(query.Get("api-version")) + "' is not supported. The supported version is 2019-08-01."}
	case resource == "":
		return http.StatusBadRequest, identityError{Message: "The resource parameter is missing."}
	}
	tenant, identity := w.identity(query.Get)
	if identity == nil {
		return http.StatusBadRequest, identityError{
			Message: "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
		}
	}
	token, expires, err := w.entra.ManagedIdentityToken(tenant, identity.ClientID, resource)
	if err != nil {
		var refusal *entra.Error
		if errors.As(err, &refusal) || errors.Is(err, directory.ErrNotFound) {
			return http.StatusBadRequest, identityError{Message: err.Error()}
		}
		return http.StatusInternalServerError, identityError{Message: err.Error()}
	}
	return http.StatusOK, struct {
		AccessToken string `json:"access_token"`
		ExpiresOn   string `json:"expires_on"` // in seconds since 1970
		Resource    string `json:"resource"`
		TokenType   string `json:"token_type"`
		ClientID    string `json:"client_id"`
	}{token, strconv.FormatInt(expires.Unix(), 10), resource, "Bearer", identity.ClientID}
}

// identity finds the managed identity that a request names, with the id of its tenant. A name that fits none finds none.
func (w *World) identity(parameter func(string) string) (tenant string, found *directory.ManagedIdentity) {
	client, principal := parameter("client_id"), parameter("principal_id")+parameter("object_id")
	resource := parameter("mi_res_id") + parameter("msi_res_id")
	for _, t := range w.dir.Tenants() {
		for i := range t.ManagedIdentities {
			m := &t.ManagedIdentities[i]
			id := "/subscriptions/" + m.Subscription + "/resourceGroups/" + m.ResourceGroup + "/providers/" + directory.IdentityType + "/" + m.Name
			if strings.EqualFold(m.ClientID, client) || strings.EqualFold(m.PrincipalID, principal) || strings.EqualFold(id, resource) {
				return t.ID, m
			}
		}
	}
	return "", nil
}

func writeJSON(rw http.ResponseWriter, status int, body any) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(body) // the client has gone; there is nobody to tell
}
