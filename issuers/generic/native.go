package generic

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// native hands out tokens as each CI does: Azure DevOps, Buildkite and Forgejo answer requests, the others set a variable.
var native = &issuer.Native{New: newAPI, Fetch: fetch}

// variables name the variable with the token, by preset.
var variables = []struct{ preset, name string }{
	{"gitlab", "ID_TOKEN"}, // the name is the user's choice in id_tokens; this is a convention here, as for a plain issuer
	{"gitlab-tag", "ID_TOKEN"},
	{"gitlab-project-id", "ID_TOKEN"},
	{"plain", "ID_TOKEN"},
	{"circleci", "CIRCLE_OIDC_TOKEN"},
	{"circleci-v2", "CIRCLE_OIDC_TOKEN_V2"},
	{"bitbucket", "BITBUCKET_STEP_OIDC_TOKEN"},
}

func newAPI(w issuer.Workload) (*issuer.API, error) {
	preset, err := w.Issuer.Preset(w.Preset)
	if err != nil {
		return nil, err
	}
	switch preset.Service {
	case azureDevOps.Name:
		return newOIDCToken(w, preset.Name)
	case buildkite.Name:
		return newAgentToken(w)
	case forgejo.Name:
		return newIDToken(w)
	}
	for _, v := range variables {
		if v.preset == preset.Name {
			return &issuer.API{Env: func(audience string) (map[string]string, error) {
				token, err := mintFor(w, audience)
				if err != nil {
					return nil, err
				}
				return map[string]string{v.name: token}, nil
			}}, nil
		}
	}
	return nil, fmt.Errorf("generic: preset %q: how its token reaches a job is not known", preset.Name)
}

// mintFor mints for one audience, or without one for the preset's usual.
func mintFor(w issuer.Workload, audience string) (string, error) {
	var req issuer.Request
	if audience != "" {
		req.Audience = []string{audience}
	}
	token, err := w.Mint(req)
	return token.Raw, err
}

// newSecret makes the credential of a job. The real ones are tokens with a form of their own.
func newSecret(r io.Reader) (string, error) {
	secret := make([]byte, 32)
	if _, err := io.ReadFull(r, secret); err != nil {
		return "", fmt.Errorf("generic: make a credential: %w", err)
	}
	return hex.EncodeToString(secret), nil
}

// bears tells whether a request has the credential.
func bears(r *http.Request, secret string) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare([]byte(token), []byte(secret)) == 1
}

// answer writes a JSON object.
func answer(w http.ResponseWriter, contentType string, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // of strings and numbers: cannot happen
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client has gone; there is nobody to tell
}

// maxReply bounds what fetch reads; tokens have a few thousand bytes.
const maxReply = 1 << 20

func fetch(ctx context.Context, client *http.Client, found issuer.Found, audience string) (string, error) {
	if found.Env[oidcRequestURI] != "" {
		return fetchOIDCToken(ctx, client, found)
	}
	if found.Env[agentEndpoint] != "" {
		return fetchAgentToken(ctx, client, found, audience)
	}
	if found.Env[idTokenRequestURL] != "" {
		return fetchIDToken(ctx, client, found, audience)
	}
	for _, v := range variables { // the audience is the one that the environment was made for
		if token := found.Env[v.name]; token != "" {
			return token, nil
		}
	}
	return "", &issuer.Refused{Message: "generic: the environment has neither a token nor an address to ask for one"}
}

// send sends a request and returns the answer's body.
func send(client *http.Client, req *http.Request) (*http.Response, []byte, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, fmt.Errorf("generic: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, nil, fmt.Errorf("generic: %w", err)
	}
	return resp, body, nil
}
