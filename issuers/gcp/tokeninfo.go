package gcp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// invalidValue is all that tokeninfo says about a token that it does not take. The member error is seen in some threads
// and missing in others; /oauth2/v2/tokeninfo leaves it out.
type invalidValue struct {
	Error       string `json:"error,omitempty"`
	Description string `json:"error_description"`
}

// serveTokenInfo tells what is in an ID token or an access token, all of it as text; objects stay objects (inferred).
func (a *api) serveTokenInfo(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	if token := r.FormValue("access_token"); token != "" {
		a.accessInfo(w, token)
		return
	}
	header, claims, ok := a.verify(r.FormValue("id_token"))
	if !ok {
		writeJSON(w, http.StatusBadRequest, invalidValue{"invalid_token", "Invalid Value"})
		return
	}
	for name, value := range header {
		claims[name] = value
	}
	for name, value := range claims {
		switch value.(type) {
		case map[string]any, []any:
		default:
			claims[name] = fmt.Sprint(value)
		}
	}
	writeJSON(w, http.StatusOK, claims)
}

// accessInfo tells whose an access token is, and what it is good for.
func (a *api) accessInfo(w http.ResponseWriter, token string) {
	what, ok := a.tokens.read(token)
	left := int64(what.expires.Sub(a.workload.Now()).Seconds())
	if !ok || left <= 0 {
		writeJSON(w, http.StatusBadRequest, invalidValue{"invalid_token", "Invalid Value"})
		return
	}
	owner := a.principal(what.account)
	writeJSON(w, http.StatusOK, struct {
		AZP        string `json:"azp"`
		AUD        string `json:"aud"`
		Scope      string `json:"scope"`
		EXP        string `json:"exp"`
		ExpiresIn  string `json:"expires_in"`
		AccessType string `json:"access_type"`
	}{owner.id, owner.id, strings.Join(what.scopes, " "), strconv.FormatInt(what.expires.Unix(), 10), strconv.FormatInt(left, 10), "online"})
}

// serveTokenInfo2 is the older form, that of the API oauth2/v2.
func (a *api) serveTokenInfo2(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	_, claims, ok := a.verify(r.FormValue("id_token"))
	if !ok {
		writeJSON(w, http.StatusBadRequest, invalidValue{Description: "Invalid Value"})
		return
	}
	exp, _ := claims["exp"].(json.Number)
	end, _ := exp.Int64() // verify has read it
	verified, _ := claims["email_verified"].(bool)
	writeJSON(w, http.StatusOK, struct {
		IssuedTo      string `json:"issued_to"`
		Audience      string `json:"audience"`
		UserID        string `json:"user_id"`
		ExpiresIn     int64  `json:"expires_in"`
		Email         string `json:"email,omitempty"`
		VerifiedEmail bool   `json:"verified_email,omitempty"`
	}{text(claims["azp"]), text(claims["aud"]), text(claims["sub"]), end - a.workload.Now().Unix(), text(claims["email"]), verified})
}

// verify reads an ID token of the workload's issuer that is signed by a key of its JWKS and has not expired; ok
// is false for any other.
func (a *api) verify(raw string) (header, claims map[string]any, ok bool) {
	token, err := jose.ParseSignedCompact(raw, issuer.Algorithms)
	if err != nil || len(token.Signatures) != 1 {
		return nil, nil, false
	}
	jwks, err := a.workload.Issuer.JWKS()
	if err != nil {
		return nil, nil, false
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(jwks, &set); err != nil {
		return nil, nil, false
	}
	protected := token.Signatures[0].Protected
	keys := set.Key(protected.KeyID)
	if len(keys) != 1 {
		return nil, nil, false
	}
	payload, err := token.Verify(keys[0])
	if err != nil {
		return nil, nil, false
	}
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.UseNumber()
	var registered jwt.Claims
	if dec.Decode(&claims) != nil || json.Unmarshal(payload, &registered) != nil || registered.Expiry == nil {
		return nil, nil, false
	}
	if registered.Issuer != a.workload.Issuer.URL() || !a.workload.Now().Before(registered.Expiry.Time()) {
		return nil, nil, false
	}
	header = map[string]any{"alg": protected.Algorithm, "kid": protected.KeyID, "typ": "JWT"}
	return header, claims, true
}
