package cognito

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// oauthError is a code of RFC 6749, which is all that the token endpoint says; empty: none.
type oauthError string

// oauthTokens is what the token endpoint gives.
type oauthTokens struct {
	IDToken     string `json:"id_token,omitempty"`
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"`
	TokenType   string `json:"token_type"`
}

// token is the token endpoint of the pool's domain, for a client's own token and for refresh tokens. There is no
// sign-in page here, so that no authorization code exists.
func (p *pool) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	body, err := readBody(w, r)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form, parseErr := url.ParseQuery(string(body))
	if err != nil || parseErr != nil || kind != "application/x-www-form-urlencoded" {
		write(w, http.StatusBadRequest, map[string]oauthError{"error": "invalid_request"})
		return
	}
	client, secret, basic := r.BasicAuth()
	if !basic {
		client, secret = form.Get("client_id"), form.Get("client_secret")
	}
	tokens, code, err := p.grant(client, secret, form)
	switch {
	case err != nil: // the workload's claims contradict each other
		write(w, http.StatusInternalServerError, map[string]oauthError{"error": "server_error"})
	case code != "":
		write(w, http.StatusBadRequest, map[string]oauthError{"error": code})
	default:
		tokens.ExpiresIn, tokens.TokenType = int(userPool.Lifetime/time.Second), "Bearer"
		write(w, http.StatusOK, tokens)
	}
}

// grant follows the descriptions of each code on AWS's page on the token endpoint
// (docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html); in which order they are looked for is
// inferred.
func (p *pool) grant(client, secret string, form url.Values) (oauthTokens, oauthError, error) {
	id, _, err := p.mint(session{})
	if err != nil {
		return oauthTokens{}, "", err
	}
	want, err := p.clientID(id)
	if err != nil {
		return oauthTokens{}, "", err
	}
	if client != want || p.secret != "" && !same(secret, p.secret) {
		return oauthTokens{}, "invalid_client", nil
	}
	switch kind := form.Get("grant_type"); {
	case kind == "", kind == "refresh_token" && form.Get("refresh_token") == "", kind == "authorization_code" && form.Get("code") == "":
		return oauthTokens{}, "invalid_request", nil
	case kind == "client_credentials" && p.machine:
		return p.ownToken(form.Get("scope"))
	case kind == "refresh_token" && !p.machine:
		found, ok := p.session(form.Get("refresh_token"))
		if !ok || p.workload.Now().Unix() >= found.Expires {
			return oauthTokens{}, "invalid_grant", nil
		}
		id, access, err := p.mint(found)
		return oauthTokens{IDToken: id.Raw, AccessToken: access.Raw}, "", err
	case kind == "authorization_code" && !p.machine:
		return oauthTokens{}, "invalid_grant", nil
	case kind == "client_credentials", kind == "refresh_token", kind == "authorization_code":
		return oauthTokens{}, "unauthorized_client", nil
	}
	return oauthTokens{}, "unsupported_grant_type", nil
}

// ownToken is a client's own, for all of its scopes or those asked for.
func (p *pool) ownToken(scope string) (oauthTokens, oauthError, error) {
	sample, err := p.workload.Sample(issuer.Request{})
	if err != nil {
		return oauthTokens{}, "", err
	}
	granted, asked := strings.Fields(issuer.Text(sample.Claims, "scope")), strings.Fields(scope)
	if slices.ContainsFunc(asked, func(s string) bool { return !slices.Contains(granted, s) }) {
		return oauthTokens{}, "invalid_scope", nil
	}
	var req issuer.Request
	if len(asked) > 0 && len(asked) < len(granted) {
		req.Claims = issuer.Claims{"scope": strings.Join(asked, " ")}
	}
	token, err := p.workload.Mint(req)
	return oauthTokens{AccessToken: token.Raw}, "", err
}
