package cognito

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// pool is a user pool with one user and one app client: one that the user signs in to with a password, public or with a
// secret, or, in the preset for client credentials, one that has a secret and no users.
type pool struct {
	workload issuer.Workload
	machine  bool // the client is for client credentials
	password string
	secret   string // of the client; empty: it is public
	key      []byte // of refresh tokens
}

func newUserPool(w issuer.Workload, preset *issuer.Preset) (*issuer.API, error) {
	p := &pool{workload: w, machine: issuer.Text(preset.Settings, "use") == useClient}
	var texts [3]string
	for n := range texts {
		var err error
		if texts[n], err = randomText(w.Rand, 36); err != nil {
			return nil, err
		}
	}
	p.password, p.key = texts[0][:24]+"-Aa1", []byte(texts[1]) // the suffix is what the usual policy wants
	if secret := texts[2]; p.machine || preset.Settings["secret"] == true {
		p.secret = secret
	}
	router := mux.NewRouter().SkipClean(true)
	router.Use(issuer.TellRoute)
	router.HandleFunc("/oauth2/token", p.token).Methods(http.MethodPost)
	router.Path("/").Handler(&jsonService{workload: w, name: "cognito-idp", target: userPoolTarget, operations: map[string]operation{"InitiateAuth": p.initiateAuth}})
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
	if p.secret != "" {
		env[secretVariable] = p.secret
	}
	if p.machine {
		token, err := p.workload.Sample(issuer.Request{})
		env[clientVariable] = issuer.Text(token.Claims, "client_id")
		return env, err
	}
	id, _, err := p.mint(session{})
	env[clientVariable], env[userVariable], env[passwordVariable] = issuer.Text(id.Claims, "aud"), issuer.Text(id.Claims, "cognito:username"), p.password
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

// mint makes the ID token and the access token of a sign-in, a new one for the zero session. They share what belongs to
// the sign-in, and what the workload says of aud or client_id, which is one thing under two names.
func (p *pool) mint(s session) (id, access issuer.Token, err error) {
	claims := issuer.Claims{"client_id": nil, "username": nil, "scope": nil}
	if s.Origin != "" {
		claims["origin_jti"], claims["event_id"] = s.Origin, s.Event
	}
	if s.Time != 0 {
		claims["auth_time"] = s.Time
	}
	if client := issuer.Text(p.workload.Claims, "client_id"); client != "" {
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

// clientID is the app client's.
func (p *pool) clientID(id issuer.Token) (string, error) {
	if !p.machine {
		return issuer.Text(id.Claims, "aud"), nil
	}
	token, err := p.workload.Sample(issuer.Request{})
	return issuer.Text(token.Claims, "client_id"), err
}
