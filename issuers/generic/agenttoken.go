package generic

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// The variables of a job of Buildkite, which buildkite-agent oidc request-token reads.
const (
	agentEndpoint    = "BUILDKITE_AGENT_ENDPOINT"
	agentAccessToken = "BUILDKITE_AGENT_ACCESS_TOKEN"
	buildkiteJob     = "BUILDKITE_JOB_ID"
)

// agentToken is the part of Buildkite's agent API that gives one job its tokens. Request and reply are those of buildkite/agent,
// api/oidc.go and api/client.go, which also reads the member message of a refusal; statuses and texts of refusals are inferred.
type agentToken struct {
	workload issuer.Workload
	job      string
	secret   string
}

func newAgentToken(w issuer.Workload) (*issuer.API, error) {
	sample, err := w.Mint(issuer.Request{})
	if err != nil {
		return nil, err
	}
	secret, err := newSecret(w.Rand)
	if err != nil {
		return nil, err
	}
	t := &agentToken{workload: w, secret: secret}
	t.job, _ = sample.Claims["job_id"].(string)
	router := mux.NewRouter().SkipClean(true)
	router.Use(issuer.TellRoute)
	router.Handle("/v3/jobs/{job}/oidc/tokens", t).Methods(http.MethodPost)
	env := map[string]string{agentEndpoint: w.Base + "/v3", agentAccessToken: secret, buildkiteJob: t.job}
	return &issuer.API{Handler: router, Env: func(string) (map[string]string, error) { return maps.Clone(env), nil }}, nil
}

// agentRequest is the body of a request. The agent leaves out what is empty.
type agentRequest struct {
	Audience    string   `json:"audience,omitempty"`
	Lifetime    int      `json:"lifetime,omitempty"` // seconds; 0: Buildkite's default
	Claims      []string `json:"claims,omitempty"`
	Subject     string   `json:"subject_claim,omitempty"`
	SessionTags []string `json:"aws_session_tags,omitempty"`
}

// longestLifetime is a limit of ours; Buildkite's is not known.
const longestLifetime = 365 * 24 * 60 * 60

// ServeHTTP answers a request for a token.
func (t *agentToken) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	scheme, shown, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Token") || subtle.ConstantTimeCompare([]byte(shown), []byte(t.secret)) == 0 {
		agentMessage(w, http.StatusUnauthorized, "Unauthorized")
		return
	}
	if mux.Vars(r)["job"] != t.job {
		agentMessage(w, http.StatusNotFound, "Not Found")
		return
	}
	var asked agentRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&asked); err != nil && !errors.Is(err, io.EOF) {
		agentMessage(w, http.StatusBadRequest, "Bad Request")
		return
	}
	switch {
	case asked.Lifetime < 0 || asked.Lifetime > longestLifetime:
		agentMessage(w, http.StatusUnprocessableEntity, "lifetime is out of range")
		return
	case len(asked.Claims) > 0 || asked.Subject != "" || len(asked.SessionTags) > 0: // a token without them would not be what was asked for
		agentMessage(w, http.StatusUnprocessableEntity, "claims, subject_claim and aws_session_tags are not impersonated")
		return
	}
	req := issuer.Request{Lifetime: time.Duration(asked.Lifetime) * time.Second}
	if asked.Audience != "" {
		req.Audience = []string{asked.Audience}
	}
	token, err := t.workload.Mint(req)
	if err != nil {
		agentMessage(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	answer(w, "application/json; charset=utf-8", http.StatusOK, map[string]string{"token": token.Raw})
}

func agentMessage(w http.ResponseWriter, status int, message string) {
	answer(w, "application/json; charset=utf-8", status, map[string]string{"message": message})
}

// fetchAgentToken asks as buildkite-agent does, without its retries, and fails with its text.
func fetchAgentToken(ctx context.Context, client *http.Client, found issuer.Found, audience string) (string, error) {
	body, err := json.Marshal(agentRequest{Audience: audience})
	if err != nil {
		return "", fmt.Errorf("generic: %w", err)
	}
	address := found.Env[agentEndpoint] + "/jobs/" + found.Env[buildkiteJob] + "/oidc/tokens"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("generic: %s: %w", agentEndpoint, err)
	}
	req.Header.Set("Authorization", "Token "+found.Env[agentAccessToken])
	req.Header.Set("Content-Type", "application/json")
	resp, reply, err := send(client, req)
	if err != nil {
		return "", err
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
		return "", &issuer.Refused{Status: resp.StatusCode, Message: "generic: Buildkite's answer has no token"}
	}
	return got.Token, nil
}
