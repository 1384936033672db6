package gcp

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// jwtBearer is the grant of RFC 7523, the one that the token endpoint takes here.
const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// clockSkew is by how much an assertion's iat may be ahead (inferred).
const clockSkew = 5 * time.Minute

// tokenAudiences are the names that Google's token endpoint has had. Clients write one of them as aud whatever
// token_uri is, as Python's have since 2.0; older ones write token_uri.
var tokenAudiences = []string{
	"https://oauth2.googleapis.com/token", "https://www.googleapis.com/oauth2/v4/token", "https://accounts.google.com/o/oauth2/token",
}

// tokenURI is the endpoint as key files name it.
func (a *api) tokenURI() string { return "http://" + a.workload.Plain + "/token" }

// grantError is an error of the token endpoint.
type grantError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`

	status int // 0: 400
}

func (e *grantError) Error() string { return e.Code + ": " + e.Description }

// What the token endpoint refuses, in the words of Google's page on errors of service accounts
// (developers.google.com/identity/protocols/oauth2/service-account#error-codes) and of public threads.
var (
	errSignature = &grantError{Code: "invalid_grant", Description: "Invalid JWT Signature."}
	errAccount   = &grantError{Code: "invalid_grant", Description: "Invalid grant: account not found"}
	errTime      = &grantError{Code: "invalid_grant", Description: "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. " +
		"Check your iat and exp values in the JWT claim."}
	errAudience = &grantError{Code: "invalid_grant", // requests/requests-oauthlib#247, for an older name of the endpoint
		Description: "Invalid JWT: Failed audience check. The right audience is " + tokenAudiences[0]}
	errScope    = &grantError{Code: "invalid_scope", Description: "Invalid OAuth scope or ID token audience provided."}
	errDelegate = &grantError{Code: "unauthorized_client", status: http.StatusUnauthorized,
		Description: "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested."}
	errMalformed = &grantError{Code: "invalid_grant", Description: "Bad Request"} // inferred
)

// serveGrant is the token endpoint: it trades an assertion that the account's own key has signed for an ID token or an
// access token.
func (a *api) serveGrant(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", a.workload.Now().UTC().Format(http.TimeFormat))
	if r.Method != http.MethodPost {
		notFound(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	if err := r.ParseForm(); err != nil { // inferred
		writeJSON(w, http.StatusBadRequest, &grantError{Code: "invalid_request", Description: "Bad Request"})
		return
	}
	answer, refused, err := a.grant(r.PostForm)
	switch {
	case err != nil:
		internalError(w, err)
	case refused != nil:
		status := refused.status
		if status == 0 {
			status = http.StatusBadRequest
		}
		writeJSON(w, status, refused)
	default:
		writeJSON(w, http.StatusOK, answer)
	}
}

func (a *api) grant(form url.Values) (answer any, refused *grantError, err error) {
	if kind := form.Get("grant_type"); kind != jwtBearer { // inferred
		return nil, &grantError{Code: "unsupported_grant_type", Description: "Invalid grant_type: " + kind}, nil
	}
	asked, refused, err := a.assertion(form.Get("assertion"))
	if refused != nil || err != nil {
		return nil, refused, err
	}
	if asked.TargetAudience != "" {
		token, err := a.workload.Mint(issuer.Request{Audience: []string{asked.TargetAudience}, // that it has the e-mail address is not confirmed
			Claims: issuer.Claims{"google": nil, "email": a.account.email, "email_verified": true}})
		return struct {
			IDToken string `json:"id_token"`
		}{token.Raw}, nil, err
	}
	scopes := strings.Fields(asked.Scope)
	if len(scopes) == 0 {
		return nil, errScope, nil
	}
	token, what, err := a.tokens.issue(a.account.email, scopes, accessLife)
	return struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"` // in seconds, of which one has passed
		TokenType   string `json:"token_type"`
	}{token, int(what.expires.Sub(a.workload.Now())/time.Second) - 1, "Bearer"}, nil, err
}

// assertion is what the owner of a key asks for.
type assertion struct {
	jwt.Claims
	Scope          string `json:"scope"`
	TargetAudience string `json:"target_audience"`
}

// assertion checks an assertion. In which order Google does is not known.
func (a *api) assertion(raw string) (asked assertion, refused *grantError, err error) {
	signed, ok := parseAssertion(raw)
	if !ok || json.Unmarshal(signed.payload, &asked) != nil {
		return asked, errMalformed, nil
	}
	if !a.account.is(asked.Issuer) {
		return asked, errAccount, nil
	}
	key, err := a.principals[0].own.load()
	if err != nil {
		return asked, nil, err
	}
	now := a.workload.Now()
	audiences := append([]string{a.tokenURI(), a.workload.Base + "/token"}, tokenAudiences...)
	if !signed.by(key.public) {
		return asked, errSignature, nil
	}
	switch begin, end := asked.IssuedAt, asked.Expiry; {
	case begin == nil || end == nil || end.Time().Sub(begin.Time()) > maxAssertionLife || begin.Time().After(now.Add(clockSkew)) || !now.Before(end.Time()):
		return asked, errTime, nil
	case len(asked.Audience) != 1 || !slices.Contains(audiences, asked.Audience[0]):
		return asked, errAudience, nil
	case asked.Subject != "" && !a.account.is(asked.Subject): // delegation for a whole domain, which nobody has set up
		return asked, errDelegate, nil
	}
	return asked, nil, nil
}

// signedText is a JWT with RS256.
type signedText struct {
	input              string // what is signed
	payload, signature []byte
}

// parseAssertion reads a compact JWT, whose parts may be padded, unlike those that RFC 7515 and go-jose know:
// google-auth for Python did so until 2019 (googleapis/google-auth-library-python#324), and that of Debian 12 still
// does.
func parseAssertion(raw string) (signedText, bool) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return signedText{}, false
	}
	var decoded [3][]byte
	for n, part := range parts {
		var err error
		if decoded[n], err = base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "=")); err != nil {
			return signedText{}, false
		}
	}
	var header struct {
		Alg string `json:"alg"`
	}
	if err := json.Unmarshal(decoded[0], &header); err != nil || header.Alg != string(jose.RS256) {
		return signedText{}, false
	}
	return signedText{parts[0] + "." + parts[1], decoded[1], decoded[2]}, true
}

// by tells whether the key has signed the text.
func (s signedText) by(key crypto.PublicKey) bool {
	public, ok := key.(*rsa.PublicKey)
	digest := sha256.Sum256([]byte(s.input))
	return ok && rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], s.signature) == nil
}
