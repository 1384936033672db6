package forgejo

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

// The variables of a job of Forgejo Actions that may have tokens: they are GitHub's.
const (
	requestURL   = "ACTIONS_ID_TOKEN_REQUEST_URL"
	requestToken = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
)

// idTokenPath is where a job asks; it has a query because clients append &audience=. Both are inferred.
const idTokenPath = "/api/actions/_apis/pipelines/workflows/42/idtoken"

// idToken answers the requests of one job of Forgejo Actions.
type idToken struct {
	workload issuer.Workload
	secret   string
}

func newAPI(w issuer.Workload) (*issuer.API, error) {
	secret, err := ci.NewSecret(w.Rand)
	if err != nil {
		return nil, fmt.Errorf("forgejo: %w", err)
	}
	router := mux.NewRouter().SkipClean(true)
	router.Use(issuer.TellRoute)
	router.Handle(idTokenPath, &idToken{workload: w, secret: secret}).Methods(http.MethodGet)
	env := map[string]string{requestURL: w.Base + idTokenPath + "?api-version=2.0", requestToken: secret}
	return &issuer.API{Handler: router, Env: func(string) (map[string]string, error) { return maps.Clone(env), nil }}, nil
}

// ServeHTTP answers as GitHub does; the texts of refusals are inferred.
func (t *idToken) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !issuer.Shows(r, t.secret, "Bearer") {
		http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
		return
	}
	req := issuer.For(r.URL.Query().Get("audience"))
	req.For = r
	token, err := t.workload.Mint(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	ci.Answer(w, "application/json", http.StatusOK, map[string]string{"value": token.Raw})
}

// fetch asks as a client of GitHub's does, and fails with its text.
func fetch(ctx context.Context, client *http.Client, found issuer.Found, audience string) (string, error) {
	address := found.Env[requestURL]
	if audience != "" {
		address += "&audience=" + url.QueryEscape(audience)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return "", fmt.Errorf("forgejo: %s: %w", requestURL, err)
	}
	req.Header.Set("Authorization", "Bearer "+found.Env[requestToken])
	req.Header.Set("Accept", "application/json")
	resp, body, err := issuer.Send(client, req)
	if err != nil {
		return "", fmt.Errorf("forgejo: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", &issuer.Refused{Status: resp.StatusCode, Message: strings.TrimSpace(string(body))}
	}
	var reply struct {
		Value string `json:"value"`
	}
	if err := json.Unmarshal(body, &reply); err != nil || reply.Value == "" {
		return "", &issuer.Refused{Status: resp.StatusCode, Message: "Response json body do not have ID Token field"}
	}
	return reply.Value, nil
}
