package cognito

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func clock() time.Time { return time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC) }

// begin serves a workload below a path, as a farm does.
func begin(t testing.TB, preset string) issuer.Found { return beginAt(t, preset, clock) }

func beginAt(t testing.TB, preset string, now func() time.Time) issuer.Found {
	t.Helper()
	return beginBeside(t, preset, now)
}

// beginBeside serves a workload in a world that has other issuers too.
func beginBeside(t testing.TB, preset string, now func() time.Time, others ...*issuer.Issuer) issuer.Found {
	t.Helper()
	iss, err := issuer.New(Platform, issuer.WithKeys(issuer.GenerateTestKey), issuer.WithNow(now), issuer.WithPreset(preset))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	api, err := Platform.Native.New(issuer.Workload{Issuer: iss, Preset: preset, Base: srv.URL + "/w/1", Now: now, Rand: rand.Reader,
		Find: func(url string) *issuer.Issuer {
			for _, other := range others {
				if other.URL() == url {
					return other
				}
			}
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/w/1/", http.StripPrefix("/w/1", api.Handler))
	env, err := api.Env("")
	if err != nil {
		t.Fatal(err)
	}
	return issuer.Found{Base: srv.URL + "/w/1", Env: env, Now: now()}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	for _, preset := range Platform.PresetNames() {
		t.Run(preset, func(t *testing.T) {
			t.Parallel()
			found := begin(t, preset)
			token, err := Platform.Native.Fetch(t.Context(), http.DefaultClient, found, "")
			if err != nil || strings.Count(token, ".") != 2 {
				t.Fatalf("token of %d characters, error %v", len(token), err)
			}
			refused := "IdentityPool 'us-east-1:0' not found."
			code := "ResourceNotFoundException: "
			if found.Env[secretVariable] != "" && found.Env[userVariable] == "" {
				code, refused = "", "invalid_client"
			} else if found.Env[clientVariable] != "" {
				refused = "User pool client us-east-1:0 does not exist."
			}
			_, err = Platform.Native.Fetch(t.Context(), http.DefaultClient, found, "us-east-1:0")
			wantRefusal(t, err, code+refused)
		})
	}
}

func wantRefusal(t *testing.T, err error, want string) {
	t.Helper()
	var refused *issuer.Refused
	if !errors.As(err, &refused) {
		t.Fatalf("error %v, want a refusal", err)
	}
	if diff := cmp.Diff(&issuer.Refused{Status: http.StatusBadRequest, Message: want}, refused); diff != "" {
		t.Errorf("refusal (-want +got):\n%s", diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	const (
		pool = "us-east-1:7e9426f7-42af-4717-8689-00a9a4b65c1c"
		dev  = "GetOpenIdTokenForDeveloperIdentity"
	)
	alice := map[string]any{"login.contoso.example": "alice"}
	tests := []struct {
		preset, operation string
		request           map[string]any
		env               map[string]string // changes
		want              string
	}{
		{"unauthenticated", "GetId", nil, nil, "ValidationException: 1 validation error detected: Value null at 'identityPoolId' failed to satisfy constraint: Member must not be null"},
		{"unauthenticated", "GetId", map[string]any{"IdentityPoolId": "x"}, nil,
			`ValidationException: 1 validation error detected: Value 'x' at 'identityPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w-]+:[0-9a-f-]+`},
		{"unauthenticated", "GetId", map[string]any{"IdentityPoolId": 1}, nil, "SerializationException"},
		{"unauthenticated", "GetId", map[string]any{"IdentityPoolId": pool, "Logins": alice}, nil, "NotAuthorizedException: " + refusedLogins},
		{"oidc-provider", "GetId", map[string]any{"IdentityPoolId": pool}, nil, "NotAuthorizedException: Unauthenticated access is not supported for this identity pool."},
		{"unauthenticated", "GetOpenIdToken", map[string]any{"IdentityId": "us-east-1:0"}, nil, "ResourceNotFoundException: Identity 'us-east-1:0' not found."},
		{"developer-authenticated", dev, map[string]any{"IdentityPoolId": pool}, nil,
			"ValidationException: 1 validation error detected: Value null at 'logins' failed to satisfy constraint: Member must not be null"},
		{"developer-authenticated", dev, map[string]any{"IdentityPoolId": pool, "Logins": map[string]any{"login.other.example": "alice"}}, nil,
			"NotAuthorizedException: This identity pool does not support the specified developer provider"},
		{"developer-authenticated", "GetId", map[string]any{"IdentityPoolId": pool, "Logins": alice}, nil,
			"InvalidParameterException: Please provide a valid public provider"},
		{"developer-authenticated", dev, map[string]any{"IdentityPoolId": pool, "Logins": alice, "TokenDuration": 0}, nil,
			"ValidationException: 1 validation error detected: Value '0' at 'tokenDuration' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"developer-authenticated", dev, map[string]any{"IdentityPoolId": pool, "Logins": alice, "TokenDuration": 86401}, nil,
			"ValidationException: 1 validation error detected: Value '86401' at 'tokenDuration' failed to satisfy constraint: Member must have value less than or equal to 86400"},
		{"developer-authenticated", dev, map[string]any{"IdentityPoolId": pool, "Logins": alice}, map[string]string{"AWS_SECRET_ACCESS_KEY": "x"},
			"InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."},
		{"developer-authenticated", dev, map[string]any{"IdentityPoolId": pool, "Logins": alice}, map[string]string{"AWS_ACCESS_KEY_ID": "AKIAX"},
			"UnrecognizedClientException: The security token included in the request is invalid."},
		{"developer-authenticated", dev, map[string]any{"IdentityPoolId": pool, "Logins": alice}, map[string]string{"AWS_ACCESS_KEY_ID": ""},
			"MissingAuthenticationTokenException: Missing Authentication Token"},
		{"unauthenticated", "Nothing", nil, nil, "UnknownOperationException"},
		{"user-pool-id", "GetId", nil, nil, "UnknownOperationException"},
	}
	for _, tt := range tests {
		t.Run(tt.preset+" "+tt.operation, func(t *testing.T) {
			t.Parallel()
			found := begin(t, tt.preset)
			maps.Copy(found.Env, tt.env)
			err := caller{t.Context(), http.DefaultClient, found}.call(identityTarget+tt.operation, tt.request, new(map[string]any))
			wantRefusal(t, err, tt.want)
		})
	}
}

func TestSignInRefusals(t *testing.T) {
	t.Parallel()
	found := begin(t, "user-pool-id")
	tests := []struct {
		flow           string
		user, password string
		want           string
	}{
		{"USER_SRP_AUTH", "", "", "InvalidParameterException: USER_SRP_AUTH flow not enabled for this client"},
		{passwordFlow, "", "", "InvalidParameterException: Missing required parameter USERNAME"},
		{passwordFlow, "u", "", "InvalidParameterException: Missing required parameter PASSWORD"},
		{passwordFlow, user, "x", "NotAuthorizedException: Incorrect username or password."},
		{passwordFlow, "u", found.Env[passwordVariable], "NotAuthorizedException: Incorrect username or password."},
	}
	for _, tt := range tests {
		err := caller{t.Context(), http.DefaultClient, found}.call(userPoolTarget+"InitiateAuth", map[string]any{
			"AuthFlow": tt.flow, "ClientId": found.Env[clientVariable], "AuthParameters": map[string]string{"USERNAME": tt.user, "PASSWORD": tt.password}}, nil)
		wantRefusal(t, err, tt.want)
	}
}

func TestTokenEndpoint(t *testing.T) {
	t.Parallel()
	c := caller{t.Context(), http.DefaultClient, begin(t, "user-pool-client-credentials")}
	id, secret := c.found.Env[clientVariable], c.found.Env[secretVariable]
	for form, want := range map[string]string{
		"": "invalid_request", "grant_type=password": "unsupported_grant_type", "grant_type=client_credentials&scope=x": "invalid_scope",
	} {
		wantRefusal(t, c.form("/oauth2/token", id, secret, form, nil), want)
	}
	wantRefusal(t, c.form("/oauth2/token", id, "x", "grant_type=client_credentials", nil), "invalid_client")
	public := caller{t.Context(), http.DefaultClient, begin(t, "user-pool-id")}
	for form, want := range map[string]string{
		"grant_type=client_credentials": "unauthorized_client", "grant_type=refresh_token": "invalid_request", "grant_type=refresh_token&refresh_token=x": "invalid_grant",
		"grant_type=authorization_code": "invalid_request", "grant_type=authorization_code&code=x": "invalid_grant",
	} {
		wantRefusal(t, public.form("/oauth2/token", id, "", form, nil), want)
	}
	wantRefusal(t, c.form("/oauth2/token", id, secret, "grant_type=refresh_token&refresh_token=x", nil), "unauthorized_client")
	var got map[string]any
	if err := c.form("/oauth2/token", id, secret, "grant_type=client_credentials&scope=sample/read", &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "access_token")
	if diff := cmp.Diff(map[string]any{"expires_in": 3600.0, "token_type": "Bearer"}, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

// initiate calls InitiateAuth.
func (c caller) initiate(flow string, parameters map[string]string) (map[string]any, error) {
	var got struct{ AuthenticationResult map[string]any }
	err := c.call(userPoolTarget+"InitiateAuth", map[string]any{"AuthFlow": flow, "ClientId": c.found.Env[clientVariable], "AuthParameters": parameters}, &got)
	return got.AuthenticationResult, err
}

// TestRefresh trades a refresh token for tokens of the same sign-in, both ways, until it has expired.
func TestRefresh(t *testing.T) {
	t.Parallel()
	ahead := new(atomic.Int64)
	c := caller{t.Context(), http.DefaultClient, beginAt(t, "user-pool-secret", func() time.Time { return clock().Add(time.Duration(ahead.Load())) })}
	env := c.found.Env
	hash := secretHash(env[secretVariable], env[userVariable], env[clientVariable])
	first, err := c.initiate(passwordFlow, map[string]string{"USERNAME": env[userVariable], "PASSWORD": env[passwordVariable], "SECRET_HASH": hash})
	if err != nil {
		t.Fatal(err)
	}
	refresh := fmt.Sprint(first["RefreshToken"])
	ahead.Store(int64(time.Hour))
	again, err := c.initiate(refreshFlow, map[string]string{"REFRESH_TOKEN": refresh, "SECRET_HASH": hash})
	if err != nil {
		t.Fatal(err)
	}
	if _, has := again["RefreshToken"]; has {
		t.Error("a new refresh token, without rotation")
	}
	var oauth map[string]any
	if err := c.form("/oauth2/token", env[clientVariable], env[secretVariable], "grant_type=refresh_token&refresh_token="+refresh, &oauth); err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]any{"IdToken": again["IdToken"], "AccessToken": again["AccessToken"], "id_token": oauth["id_token"]} {
		member := map[string]string{"id_token": "IdToken"}[name]
		if member == "" {
			member = name
		}
		was, is := payloadOf(t, first[member]), payloadOf(t, token)
		for _, claim := range []string{"iss", "sub", "origin_jti", "auth_time", "token_use"} {
			if was[claim] == nil || is[claim] != was[claim] {
				t.Errorf("%s: %s is %v, was %v", name, claim, is[claim], was[claim])
			}
		}
		if want := fmt.Sprint(clock().Add(time.Hour).Unix()); fmt.Sprint(is["iat"]) != want {
			t.Errorf("%s: iat %v, want %s", name, is["iat"], want)
		}
	}
	ahead.Store(int64(refreshLife))
	_, err = c.initiate(refreshFlowV1, map[string]string{"REFRESH_TOKEN": refresh, "SECRET_HASH": hash})
	wantRefusal(t, err, "NotAuthorizedException: Refresh Token has expired")
	wantRefusal(t, c.form("/oauth2/token", env[clientVariable], env[secretVariable], "grant_type=refresh_token&refresh_token="+refresh, nil), "invalid_grant")
}

func payloadOf(t *testing.T, token any) map[string]any {
	t.Helper()
	_, payload := issuertest.Parts(t, fmt.Sprint(token))
	return issuertest.Object(t, payload)
}

// TestSecretRefusals signs in to clients with and without a secret.
func TestSecretRefusals(t *testing.T) {
	t.Parallel()
	secret := caller{t.Context(), http.DefaultClient, begin(t, "user-pool-secret")}
	public := caller{t.Context(), http.DefaultClient, begin(t, "user-pool-id")}
	const client = "1example23456789"
	login := func(c caller, hash string) map[string]string {
		parameters := map[string]string{"USERNAME": user, "PASSWORD": c.found.Env[passwordVariable]}
		if hash != "" {
			parameters["SECRET_HASH"] = hash
		}
		return parameters
	}
	tests := []struct {
		name       string
		c          caller
		flow       string
		parameters map[string]string
		want       string
	}{
		{"no hash", secret, passwordFlow, login(secret, ""), "NotAuthorizedException: Client " + client + " is configured with secret but SECRET_HASH was not received"},
		{"wrong hash", secret, passwordFlow, login(secret, "x"), "NotAuthorizedException: Unable to verify secret hash for client " + client},
		{"hash of another user", secret, passwordFlow, login(secret, secretHash(secret.found.Env[secretVariable], "x", client)),
			"NotAuthorizedException: Unable to verify secret hash for client " + client},
		{"hash without a secret", public, passwordFlow, login(public, secretHash("", user, client)), "NotAuthorizedException: Unable to verify secret hash for client " + client},
		{"no refresh token", public, refreshFlow, nil, "InvalidParameterException: Missing required parameter REFRESH_TOKEN"},
		{"wrong refresh token", public, refreshFlow, map[string]string{"REFRESH_TOKEN": "x"}, "NotAuthorizedException: Invalid Refresh Token"},
		{"refresh without hash", secret, refreshFlow, map[string]string{"REFRESH_TOKEN": "x"}, "NotAuthorizedException: SecretHash does not match for the client: " + client},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := tt.c.initiate(tt.flow, tt.parameters)
			wantRefusal(t, err, tt.want)
		})
	}
	if _, err := public.initiate(passwordFlow, login(public, "")); err != nil {
		t.Error(err)
	}
	machine := caller{t.Context(), http.DefaultClient, begin(t, "user-pool-client-credentials")}
	_, err := machine.initiate(refreshFlow, nil)
	wantRefusal(t, err, "InvalidParameterException: REFRESH_TOKEN_AUTH flow not enabled for this client")
}

// TestLarge sends 10 MB.
func TestLarge(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	(&jsonService{workload: issuer.Workload{Now: clock, Rand: rand.Reader}}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", io.LimitReader(rand.Reader, 10<<20)))
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", w.Code)
	}
}

// TestUnhealthyClients sends 10 MB, and hangs up in the middle of a request; the API answers the next one.
func TestUnhealthyClients(t *testing.T) {
	t.Parallel()
	for _, preset := range []string{"developer-authenticated", "user-pool-id"} {
		t.Run(preset, func(t *testing.T) {
			t.Parallel()
			found := begin(t, preset)
			c := caller{t.Context(), http.DefaultClient, found}
			resp, _, err := c.post("/", make([]byte, 10<<20), func(r *http.Request) { r.Header.Set("Content-Type", jsonType) })
			if err == nil && resp.StatusCode != http.StatusRequestEntityTooLarge { // an error when the server closes before it has read all
				t.Errorf("10 MB: status %d", resp.StatusCode)
			}
			issuertest.HangUp(t, found.Base+"/", jsonType)
			if _, err := Platform.Native.Fetch(t.Context(), http.DefaultClient, found, ""); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"IdentityPoolId":"us-east-1:0","Logins":{"a":"b"},"TokenDuration":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, refused := request(body, needPool)
		if refused == nil && (r.IdentityPoolId == nil || !validID.MatchString(*r.IdentityPoolId)) {
			t.Errorf("%q is accepted", body)
		}
		if refused != nil && !json.Valid(body) && refused.Code != "SerializationException" {
			t.Errorf("%q is refused with %s", bytes.TrimSpace(body), refused.Code)
		}
	})
}
