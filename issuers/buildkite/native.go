package buildkite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

// The variables of a job of Buildkite, which buildkite-agent oidc request-token reads.
const (
	endpointVariable = "BUILDKITE_AGENT_ENDPOINT"
	tokenVariable    = "BUILDKITE_AGENT_ACCESS_TOKEN"
	jobVariable      = "BUILDKITE_JOB_ID"
)

// agentAPI is the part of Buildkite's agent API that gives one job its tokens. Request and reply are those of
// buildkite/agent, api/oidc.go and api/client.go, which also reads the member message of a refusal; statuses and texts
// of refusals are inferred.
type agentAPI struct {
	workload issuer.Workload
	job      string
	secret   string
}

func newAPI(w issuer.Workload) (*issuer.API, error) {
	sample, err := w.Sample(issuer.Request{})
	if err != nil {
		return nil, err
	}
	secret, err := ci.NewSecret(w.Rand)
	if err != nil {
		return nil, fmt.Errorf("buildkite: %w", err)
	}
	t := &agentAPI{workload: w, secret: secret}
	t.job, _ = sample.Claims["job_id"].(string)
	router := mux.NewRouter().SkipClean(true)
	router.Use(issuer.TellRoute)
	router.Handle("/v3/jobs/{job}/oidc/tokens", t).Methods(http.MethodPost)
	env := map[string]string{endpointVariable: w.Base + "/v3", tokenVariable: secret, jobVariable: t.job}
	return &issuer.API{Handler: router, Env: func(string) (map[string]string, error) { return maps.Clone(env), nil }}, nil
}

// tokenRequest is the body of a request. The agent leaves out what is empty.
type tokenRequest struct {
	Audience    string   `json:"audience,omitempty"`
	Lifetime    int      `json:"lifetime,omitempty"` // seconds; 0: Buildkite's default
	Claims      []string `json:"claims,omitempty"`
	Subject     string   `json:"subject_claim,omitempty"`
	SessionTags []string `json:"aws_session_tags,omitempty"`
}

// maxBody bounds a request.
const maxBody = 1 << 20

// longestLifetime is a limit of ours; Buildkite's is not known.
const longestLifetime = 365 * 24 * 60 * 60

// ServeHTTP answers a request for a token.
func (t *agentAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !issuer.Shows(r, t.secret, "Token") {
		refuse(w, http.StatusUnauthorized, "Unauthorized")
		return
	}
	if mux.Vars(r)["job"] != t.job {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	var asked tokenRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&asked); err != nil && !errors.Is(err, io.EOF) {
		refuse(w, http.StatusBadRequest, "Bad Request")
		return
	}
	switch {
	case asked.Lifetime < 0 || asked.Lifetime > longestLifetime:
		refuse(w, http.StatusUnprocessableEntity, "lifetime is out of range")
		return
	case len(asked.Claims) > 0 || asked.Subject != "" || len(asked.SessionTags) > 0: // a token without them would not be what was asked for
		refuse(w, http.StatusUnprocessableEntity, "claims, subject_claim and aws_session_tags are not impersonated")
		return
	}
	req := issuer.For(asked.Audience)
	req.Lifetime, req.For = time.Duration(asked.Lifetime)*time.Second, r
	token, err := t.workload.Mint(req)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	ci.Answer(w, "application/json; charset=utf-8", http.StatusOK, map[string]string{"token": token.Raw})
}

func refuse(w http.ResponseWriter, status int, message string) {
	ci.Answer(w, "application/json; charset=utf-8", status, map[string]string{"message": message})
}

// fetch asks as buildkite-agent does, without its retries, and fails with its text.
func fetch(ctx context.Context, client *http.Client, found issuer.Found, audience string) (string, error) {
	body, err := json.Marshal(tokenRequest{Audience: audience})
	if err != nil {
		return "", fmt.Errorf("buildkite: %w", err)
	}
	address := found.Env[endpointVariable] + "/jobs/" + found.Env[jobVariable] + "/oidc/tokens"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("buildkite: %s: %w", endpointVariable, err)
	}
	req.Header.Set("Authorization", "Token "+found.Env[tokenVariable])
	req.Header.Set("Content-Type", "application/json")
	resp, reply, err := issuer.Send(client, req)
	if err != nil {
		return "", fmt.Errorf("buildkite: %w", err)
	}
	var got struct{ Token, Message string }
	err = json.Unmarshal(reply, &got)
	switch {
	case resp.StatusCode != http.StatusOK:
		message := "POST " + address + ": " + resp.Status
		if got.Message != "" {
			message += ": " + got.Message
		}
		return "", &issuer.Refused{Status: resp.StatusCode, Message: message}
	case err != nil:
		return "", &issuer.Refused{Status: resp.StatusCode, Message: "failed to decode JSON response: " + err.Error()}
	case got.Token == "":
		return "", &issuer.Refused{Status: resp.StatusCode, Message: "buildkite: Buildkite's answer has no token"}
	}
	return got.Token, nil
}
