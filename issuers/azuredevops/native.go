package azuredevops

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf16"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

// The variables of a job of Azure Pipelines. The last one is set by the tasks that name a service connection, such as
// AzureCLI@2.
const (
	oidcRequestURI    = "SYSTEM_OIDCREQUESTURI"
	accessToken       = "SYSTEM_ACCESSTOKEN"
	serviceConnection = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"
)

// connectionID is the id of the service connection that a job of the preset service-connection may use. An example, as
// the plan and the job.
const (
	connectionID = "4d1c7a02-96b3-4e58-8f0d-a5e2c6b91374"
	planID       = "5b0e9f3d-27c8-4a61-b4d9-1e8f6a7c3052"
	jobID        = "12f1170f-54f2-53f3-20dd-22fc7dff55f9"
)

const (
	signInPage = "/_signin"
	maxBody    = 1 << 20 // the request has none
	jsonType   = "application/json; charset=utf-8; api-version=7.1"

	oidcTokenRoute = " /{organization}/{project}/_apis/distributedtask/hubs/{hub}/plans/{plan}/jobs/{job}/oidctoken"
)

// oidcToken is Azure DevOps' "Oidctoken - Create" for one job. The token's audience is fixed: the documented parameters
// of the request are the version and the service connection, and clients that send an audience send the one it always
// is.
type oidcToken struct {
	workload   issuer.Workload
	connection string // the id of the job's service connection; empty: it has none
	secret     string
	prefix     string // the path of Workload.Base
}

func newAPI(w issuer.Workload) (*issuer.API, error) {
	preset, err := w.Issuer.Preset(w.Preset)
	if err != nil {
		return nil, err
	}
	secret, err := ci.NewSecret(w.Rand)
	if err != nil {
		return nil, fmt.Errorf("azure-devops: %w", err)
	}
	base, err := url.Parse(w.Base)
	if err != nil {
		return nil, fmt.Errorf("azure-devops: base: %w", err)
	}
	t := &oidcToken{workload: w, secret: secret, prefix: base.EscapedPath()}
	path := "/contoso/" + project + "/_apis/distributedtask/hubs/build/plans/" + planID + "/jobs/" + jobID + "/oidctoken"
	env := map[string]string{oidcRequestURI: w.Base + path, accessToken: secret}
	if preset.Name != pipeline {
		t.connection = connectionID
		env[serviceConnection] = connectionID
	}
	router := mux.NewRouter().SkipClean(true)
	router.Handle(path, t)
	router.HandleFunc(signInPage, signIn)
	return &issuer.API{Handler: router, Env: func(string) (map[string]string, error) { return maps.Clone(env), nil }}, nil
}

// ServeHTTP answers as Azure DevOps does; see the package documentation for what is inferred.
func (t *oidcToken) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	issuer.SetRoute(r, r.Method+oidcTokenRoute)
	if !issuer.Shows(r, t.secret, "Bearer") {
		t.unauthorized(w, r)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, fmt.Sprintf("The requested resource does not support http method '%s'.", r.Method))
		return
	}
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "Maximum request length exceeded.")
		return
	}
	query := r.URL.Query()
	if query.Get("api-version") == "" && !strings.Contains(strings.ToLower(r.Header.Get("Accept")), "api-version=") {
		ci.Answer(w, jsonType, http.StatusBadRequest, versionMissing)
		return
	}
	// A connection that no input of the step names is "a Not Found error" too (gravitational/teleport, RFD 211); that
	// both are one is inferred.
	id := query.Get("serviceConnectionId")
	if id != "" && !strings.EqualFold(id, t.connection) {
		text := fmt.Sprintf("No service connection found with identifier \"%s\"", id)
		ci.Answer(w, jsonType, http.StatusNotFound, collection{Count: len(utf16.Encode([]rune(text))), Value: text})
		return
	}
	token, err := t.mint(r, id == "")
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	ci.Answer(w, jsonType, http.StatusOK, map[string]string{"oidcToken": token})
}

// mint makes the token of the service connection or, without one, of the pipeline: what the latter gets is never a
// connection's subject, although the workload's claims name one.
func (t *oidcToken) mint(r *http.Request, ofPipeline bool) (string, error) {
	req := issuer.Request{For: r}
	if ofPipeline {
		req.Preset = pipeline
		sample, err := t.workload.Sample(req)
		if err != nil {
			return "", err
		}
		if sub, _ := sample.Claims["sub"].(string); !strings.HasPrefix(sub, "p://") {
			req.Claims = issuer.Claims{"sub": pipelineOf(sub)}
		}
	}
	token, err := t.workload.Mint(req)
	return token.Raw, err
}

// pipelineOf is the subject of a pipeline in the organization and project of a connection's subject.
func pipelineOf(connection string) string {
	parts := strings.Split(strings.TrimPrefix(connection, "sc://"), "/")
	if !strings.HasPrefix(connection, "sc://") || len(parts) != 3 {
		return pipelineSubject
	}
	return "p://" + parts[0] + "/" + parts[1] + "/build"
}

// unauthorized sends a client without a good token to the page for people to sign in, unless it says that it is a
// program. The real page is on another host, which a workload of a farm must not reach for.
func (t *oidcToken) unauthorized(w http.ResponseWriter, r *http.Request) {
	if strings.EqualFold(r.Header.Get("X-TFS-FedAuthRedirect"), "Suppress") {
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	location := t.prefix + signInPage + "?realm=dev.azure.com&reply_to=" + url.QueryEscape(t.workload.Base+r.URL.EscapedPath())
	w.Header().Set("Location", location)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusFound)
	_, _ = fmt.Fprintf(w, "<html><head><title>Object moved</title></head><body>\r\n<h2>Object moved to <a href=\"%s\">here</a>.</h2>\r\n</body></html>\r\n",
		html.EscapeString(location))
}

// signIn stands for the page that the redirect leads to: HTML where a client expects JSON.
func signIn(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, "<!DOCTYPE html>\r\n<html><head><title>Sign In</title></head><body></body></html>\r\n")
}

// collection wraps what is no object; a text counts its characters.
type collection struct {
	Count int `json:"count"`
	Value any `json:"value"`
}

func refuse(w http.ResponseWriter, status int, message string) {
	ci.Answer(w, jsonType, status, collection{Count: 1, Value: map[string]string{"Message": message}})
}

// versionMissing is the refusal of any POST without a version of the API.
var versionMissing = struct {
	ID        string  `json:"$id"`
	Inner     *string `json:"innerException"`
	Message   string  `json:"message"`
	TypeName  string  `json:"typeName"`
	TypeKey   string  `json:"typeKey"`
	ErrorCode int     `json:"errorCode"`
	EventID   int     `json:"eventId"`
}{
	ID: "1",
	Message: `No api-version was supplied for the "POST" request. The version must be supplied either as part of the Accept header ` +
		`(e.g. "application/json; api-version=1.0") or as a query parameter (e.g. "?api-version=1.0").`,
	TypeName: "Microsoft.VisualStudio.Services.WebApi.VssVersionNotSpecifiedException, Microsoft.VisualStudio.Services.WebApi",
	TypeKey:  "VssVersionNotSpecifiedException", EventID: 3000,
}

// fetch asks as azidentity does, and fails with its text.
func fetch(ctx context.Context, client *http.Client, found issuer.Found, _ string) (string, error) {
	address, err := url.Parse(found.Env[oidcRequestURI])
	if err != nil {
		return "", fmt.Errorf("azure-devops: %s: %w", oidcRequestURI, err)
	}
	query := address.Query()
	query.Set("api-version", "7.1")
	if id := found.Env[serviceConnection]; id != "" {
		query.Set("serviceConnectionId", id)
	}
	address.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), http.NoBody)
	if err != nil {
		return "", fmt.Errorf("azure-devops: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+found.Env[accessToken])
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-TFS-FedAuthRedirect", "Suppress")
	resp, body, err := issuer.Send(client, req)
	if err != nil {
		return "", fmt.Errorf("azure-devops: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		message := resp.Status + " response from the OIDC endpoint. Check service connection ID and Pipeline configuration."
		return "", &issuer.Refused{Status: resp.StatusCode, Message: strings.TrimSpace(message + "\n" + string(body))}
	}
	var reply struct {
		Token string `json:"oidcToken"`
	}
	if err := json.Unmarshal(body, &reply); err != nil || reply.Token == "" {
		return "", &issuer.Refused{Status: resp.StatusCode, Message: "unexpected response from OIDC endpoint"}
	}
	return reply.Token, nil
}
