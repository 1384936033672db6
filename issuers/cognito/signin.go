package cognito

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/sigv4"
)

// The flows of InitiateAuth that the app client has: a password, and what it gives besides. The latter has two names.
const (
	passwordFlow  = "USER_PASSWORD_AUTH"
	refreshFlow   = "REFRESH_TOKEN_AUTH"
	refreshFlowV1 = "REFRESH_TOKEN"
)

// authFlows are those of the service model.
var authFlows = []string{"USER_SRP_AUTH", refreshFlow, refreshFlowV1, "CUSTOM_AUTH", "ADMIN_NO_SRP_AUTH", passwordFlow, "ADMIN_USER_PASSWORD_AUTH", "USER_AUTH"}

// refreshLife is how long a refresh token lives unless the app client says otherwise.
const refreshLife = 30 * 24 * time.Hour

// session is a sign-in, as its refresh token carries it.
type session struct {
	Origin  string `json:"origin_jti"`
	Event   string `json:"event_id"`
	Time    int64  `json:"auth_time"` // 0: a claim of the workload's, which is no time
	Expires int64  `json:"exp"`
}

// initiateAuth signs the user in. Texts are those that users of Cognito report, but for the one of an unknown flow.
func (p *pool) initiateAuth(_ *http.Request, body []byte) (any, *sigv4.Refused) {
	var r struct {
		AuthFlow, ClientId string
		AuthParameters     map[string]string
	}
	if refused := read(body, &r); refused != nil {
		return nil, refused
	}
	id, access, err := p.mint(session{})
	if err != nil {
		return nil, internal(err)
	}
	client, err := p.clientID(id)
	refresh := r.AuthFlow == refreshFlow || r.AuthFlow == refreshFlowV1
	switch {
	case err != nil:
		return nil, internal(err)
	case !slices.Contains(authFlows, r.AuthFlow):
		return nil, refuse("InvalidParameterException", "1 validation error detected: Value '%.100s' at 'authFlow' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
			r.AuthFlow, strings.Join(authFlows, ", "))
	case r.ClientId != client:
		return nil, refuse("ResourceNotFoundException", "User pool client %.128s does not exist.", r.ClientId)
	case r.AuthFlow != passwordFlow && !refresh || p.machine:
		return nil, refuse("InvalidParameterException", "%s flow not enabled for this client", r.AuthFlow)
	case refresh:
		return p.refresh(r.AuthParameters, client, issuer.Text(id.Claims, "cognito:username"))
	}
	user, password := r.AuthParameters["USERNAME"], r.AuthParameters["PASSWORD"]
	switch {
	case user == "":
		return nil, refuse("InvalidParameterException", "Missing required parameter USERNAME")
	case password == "":
		return nil, refuse("InvalidParameterException", "Missing required parameter PASSWORD")
	}
	hash, hashed := r.AuthParameters["SECRET_HASH"]
	switch {
	case p.secret != "" && !hashed:
		return nil, refuse("NotAuthorizedException", "Client %s is configured with secret but SECRET_HASH was not received", client)
	case hashed && (p.secret == "" || !same(hash, secretHash(p.secret, user, client))): // what a client without a secret gets is inferred
		return nil, refuse("NotAuthorizedException", "Unable to verify secret hash for client %s", client)
	case user != issuer.Text(id.Claims, "cognito:username") || !same(password, p.password):
		return nil, refuse("NotAuthorizedException", "Incorrect username or password.")
	}
	began, _ := id.Claims["auth_time"].(int64)
	token, err := p.refreshToken(session{
		Origin: issuer.Text(id.Claims, "origin_jti"), Event: issuer.Text(id.Claims, "event_id"), Time: began, Expires: p.workload.Now().Add(refreshLife).Unix(),
	})
	if err != nil {
		return nil, internal(err)
	}
	return signedIn(id, access, token), nil
}

// refresh trades a refresh token for new tokens of its sign-in; there is no new refresh token, since rotation is off
// unless somebody turns it on. The text for a wrong hash is another one here.
func (p *pool) refresh(parameters map[string]string, client, user string) (any, *sigv4.Refused) {
	token := parameters[refreshFlowV1]
	switch {
	case token == "":
		return nil, refuse("InvalidParameterException", "Missing required parameter %s", refreshFlowV1)
	case p.secret != "" && !same(parameters["SECRET_HASH"], secretHash(p.secret, user, client)):
		return nil, refuse("NotAuthorizedException", "SecretHash does not match for the client: %s", client)
	}
	found, ok := p.session(token)
	switch {
	case !ok:
		return nil, refuse("NotAuthorizedException", "Invalid Refresh Token")
	case p.workload.Now().Unix() >= found.Expires:
		return nil, refuse("NotAuthorizedException", "Refresh Token has expired")
	}
	id, access, err := p.mint(found)
	if err != nil {
		return nil, internal(err)
	}
	return signedIn(id, access, ""), nil
}

// signedIn is the answer to a sign-in.
func signedIn(id, access issuer.Token, refresh string) any {
	result := map[string]any{"AccessToken": access.Raw, "IdToken": id.Raw, "TokenType": "Bearer", "ExpiresIn": int(userPool.Lifetime / time.Second)}
	if refresh != "" {
		result["RefreshToken"] = refresh
	}
	return map[string]any{"ChallengeParameters": map[string]any{}, "AuthenticationResult": result}
}

// secretHash proves to Cognito that who signs a user in has the app client's secret.
func secretHash(secret, user, client string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(user + client))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// refreshToken makes a token that carries its sign-in under a MAC, so that any number of them needs no memory; to
// others it is opaque.
func (p *pool) refreshToken(s session) (string, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("cognito: refresh token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(append(p.mac(body), body...)), nil
}

// session is the sign-in of a refresh token; ok is false for what is none of this pool's.
func (p *pool) session(token string) (s session, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) < sha256.Size || !hmac.Equal(raw[:sha256.Size], p.mac(raw[sha256.Size:])) {
		return session{}, false
	}
	return s, json.Unmarshal(raw[sha256.Size:], &s) == nil
}

func (p *pool) mac(body []byte) []byte {
	mac := hmac.New(sha256.New, p.key)
	mac.Write(body)
	return mac.Sum(nil)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
