package cognito

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/sigv4"
)

// passwordFlow is the one flow of InitiateAuth that the app client has.
const passwordFlow = "USER_PASSWORD_AUTH"

// authFlows are those of the service model.
var authFlows = []string{"USER_SRP_AUTH", "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", "CUSTOM_AUTH", "ADMIN_NO_SRP_AUTH", passwordFlow, "ADMIN_USER_PASSWORD_AUTH", "USER_AUTH"}

// pool is a user pool with one user and one app client: either a public one that users sign in to with their password, or, in the preset
// for client credentials, one with a secret and no users.
type pool struct {
	workload         issuer.Workload
	confidential     bool
	password, secret string
}

func newUserPool(w issuer.Workload, preset *issuer.Preset) (*issuer.API, error) {
	password, err := randomText(w.Rand, 18)
	if err != nil {
		return nil, err
	}
	secret, err := randomText(w.Rand, 36)
	if err != nil {
		return nil, err
	}
	p := &pool{workload: w, confidential: text(preset.Params, "use") == useClient, password: password + "-Aa1", secret: secret}
	router := mux.NewRouter().SkipClean(true)
	router.HandleFunc("/oauth2/token", p.token).Methods(http.MethodPost)
	router.Path("/").Handler(&jsonService{workload: w, target: userPoolTarget, operations: map[string]operation{"InitiateAuth": p.initiateAuth}})
	return &issuer.API{Handler: router, Env: p.env}, nil
}

func randomText(random io.Reader, n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("cognito: random: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

func (p *pool) env(string) (map[string]string, error) {
	env := map[string]string{"AWS_REGION": p.region(), "AWS_DEFAULT_REGION": p.region(), "AWS_ENDPOINT_URL": p.workload.Base + "/", "AWS_EC2_METADATA_DISABLED": "true"}
	if p.confidential {
		token, err := p.workload.Mint(issuer.Request{})
		env[clientVariable], env[secretVariable] = text(token.Claims, "client_id"), p.secret
		return env, err
	}
	id, _, err := p.mint()
	env[clientVariable], env[userVariable], env[passwordVariable] = text(id.Claims, "aud"), text(id.Claims, "cognito:username"), p.password
	return env, err
}

// region is that of the issuer's pool id, or the example's where the issuer has another form.
func (p *pool) region() string {
	u := p.workload.Issuer.URL()
	if name, _, ok := strings.Cut(u[strings.LastIndex(u, "/")+1:], "_"); ok {
		return name
	}
	return "us-east-1"
}

// mint makes the ID token and the access token of a sign-in. They share what belongs to the sign-in, and what the workload says of aud or
// client_id, which is one thing under two names.
func (p *pool) mint() (id, access issuer.Token, err error) {
	claims := issuer.Claims{"client_id": nil, "username": nil, "scope": nil}
	if client := text(p.workload.Claims, "client_id"); client != "" {
		claims["aud"] = client
	}
	if id, err = p.workload.Mint(issuer.Request{Preset: "user-pool-id", Claims: claims}); err != nil {
		return id, access, err
	}
	claims = issuer.Claims{"aud": nil, "email": nil, "email_verified": nil, "cognito:username": nil, "client_id": id.Claims["aud"], "username": id.Claims["cognito:username"]}
	for _, name := range []string{"sub", "origin_jti", "event_id", "auth_time"} {
		claims[name] = id.Claims[name]
	}
	access, err = p.workload.Mint(issuer.Request{Preset: "user-pool-access", Claims: claims})
	return id, access, err
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
	id, access, err := p.mint()
	if err != nil {
		return nil, internal(err)
	}
	user, password := r.AuthParameters["USERNAME"], r.AuthParameters["PASSWORD"]
	client, err := p.clientID(id)
	switch {
	case err != nil:
		return nil, internal(err)
	case !slices.Contains(authFlows, r.AuthFlow):
		return nil, refuse("InvalidParameterException", "1 validation error detected: Value '%.100s' at 'authFlow' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
			r.AuthFlow, strings.Join(authFlows, ", "))
	case r.ClientId != client:
		return nil, refuse("ResourceNotFoundException", "User pool client %.128s does not exist.", r.ClientId)
	case r.AuthFlow != passwordFlow || p.confidential:
		return nil, refuse("InvalidParameterException", "%s flow not enabled for this client", r.AuthFlow)
	case user == "":
		return nil, refuse("InvalidParameterException", "Missing required parameter USERNAME")
	case password == "":
		return nil, refuse("InvalidParameterException", "Missing required parameter PASSWORD")
	case user != text(id.Claims, "cognito:username") || !same(password, p.password):
		return nil, refuse("NotAuthorizedException", "Incorrect username or password.")
	}
	refresh, err := randomText(p.workload.Rand, 96)
	if err != nil {
		return nil, internal(err)
	}
	return map[string]any{"ChallengeParameters": map[string]any{}, "AuthenticationResult": map[string]any{
		"AccessToken": access.Raw, "IdToken": id.Raw, "RefreshToken": refresh, "TokenType": "Bearer", "ExpiresIn": int(userPool.Lifetime / time.Second),
	}}, nil
}

func (p *pool) clientID(id issuer.Token) (string, error) {
	if !p.confidential {
		return text(id.Claims, "aud"), nil
	}
	token, err := p.workload.Mint(issuer.Request{})
	return text(token.Claims, "client_id"), err
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// token is the token endpoint of the pool's domain, for a client's own token.
func (p *pool) token(w http.ResponseWriter, r *http.Request) {
	fail := func(code string) { write(w, http.StatusBadRequest, map[string]string{"error": code}) }
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	body, err := readBody(w, r)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form, parseErr := url.ParseQuery(string(body))
	if err != nil || parseErr != nil || kind != "application/x-www-form-urlencoded" {
		fail("invalid_request")
		return
	}
	client, secret, basic := r.BasicAuth()
	if !basic {
		client, secret = form.Get("client_id"), form.Get("client_secret")
	}
	id, _, err := p.mint()
	if err != nil {
		fail("server_error")
		return
	}
	want, err := p.clientID(id)
	if err != nil {
		fail("server_error")
		return
	}
	if p.confidential && !same(secret, p.secret) || client != want {
		fail("invalid_client")
		return
	}
	switch grant := form.Get("grant_type"); {
	case grant == "":
		fail("invalid_request")
		return
	case grant != "client_credentials":
		fail("unsupported_grant_type")
		return
	case !p.confidential:
		fail("unauthorized_client")
		return
	}
	token, err := p.workload.Mint(issuer.Request{})
	if err != nil {
		fail("server_error")
		return
	}
	granted := strings.Fields(text(token.Claims, "scope"))
	asked := strings.Fields(form.Get("scope"))
	if slices.ContainsFunc(asked, func(s string) bool { return !slices.Contains(granted, s) }) {
		fail("invalid_scope")
		return
	}
	if len(asked) > 0 && len(asked) < len(granted) {
		if token, err = p.workload.Mint(issuer.Request{Claims: issuer.Claims{"scope": strings.Join(asked, " ")}}); err != nil {
			fail("server_error")
			return
		}
	}
	write(w, http.StatusOK, struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
		TokenType   string `json:"token_type"`
	}{token.Raw, int(userPool.Lifetime / time.Second), "Bearer"})
}
