package cognito

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
)

var keyPool issuer.Pool

func clock() time.Time { return time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC) }

// begin serves a workload below a path, as a farm does.
func begin(t testing.TB, preset string) issuer.Found {
	t.Helper()
	iss, err := issuer.New(Platform, issuer.WithKeys(keyPool.Keys()), issuer.WithNow(clock), issuer.WithPreset(preset))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	api, err := Platform.Native.New(issuer.Workload{Issuer: iss, Preset: preset, Base: srv.URL + "/w/1", Now: clock, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/w/1/", http.StripPrefix("/w/1", api.Handler))
	env, err := api.Env("")
	if err != nil {
		t.Fatal(err)
	}
	return issuer.Found{Base: srv.URL + "/w/1", Env: env}
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
			if found.Env[secretVariable] != "" {
				code, refused = "", "invalid_client"
			} else if found.Env[clientVariable] != "" {
				refused = "User pool client us-east-1:0 does not exist."
			}
			_, err = Platform.Native.Fetch(t.Context(), http.DefaultClient, found, "us-east-1:0")
			checkRefusal(t, err, code+refused)
		})
	}
}

func checkRefusal(t *testing.T, err error, want string) {
	t.Helper()
	var refused *issuer.Refused
	if !errors.As(err, &refused) {
		t.Fatalf("error %v, want a refusal", err)
	}
	if diff := cmp.Diff(&issuer.Refused{Status: http.StatusBadRequest, Message: want}, refused); diff != "" {
		t.Errorf("refusal (-want +got):\n%s", diff)
	}
}

// providerToken is a provider's token.
func providerToken(issuer string, exp time.Time) string {
	claims := fmt.Sprintf(`{"iss":%q,"sub":"s","exp":%d}`, issuer, exp.Unix())
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "."
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	const (
		pool, identity = "us-east-1:7e9426f7-42af-4717-8689-00a9a4b65c1c", "us-east-1:12345678-ffff-ffff-ffff-123456789012"
		actions        = "token.actions.githubusercontent.com"
		dev            = "GetOpenIdTokenForDeveloperIdentity"
	)
	alice := map[string]any{"login.contoso.example": "alice"}
	later := clock().Add(time.Hour)
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
		{"oidc-provider", "GetOpenIdToken", map[string]any{"IdentityId": identity, "Logins": map[string]any{"cognito-identity.amazonaws.com": "x"}}, nil,
			"NotAuthorizedException: Invalid login token. Can't pass in a Cognito token."},
		{"oidc-provider", "GetOpenIdToken", map[string]any{"IdentityId": identity, "Logins": map[string]any{actions: "x"}}, nil,
			"NotAuthorizedException: Invalid login token. Couldn't verify signed token."},
		{"oidc-provider", "GetOpenIdToken", map[string]any{"IdentityId": identity, "Logins": map[string]any{actions: providerToken("https://other", later)}}, nil,
			"NotAuthorizedException: Invalid login token. Issuer doesn't match providerName"},
		{"oidc-provider", "GetOpenIdToken", map[string]any{"IdentityId": identity, "Logins": map[string]any{actions: providerToken("https://"+actions, clock())}}, nil,
			"NotAuthorizedException: Invalid login token. Token expired: 1788264000 >= 1788264000"},
		{"unauthenticated", "GetOpenIdToken", map[string]any{"IdentityId": "us-east-1:0"}, nil, "ResourceNotFoundException: Identity 'us-east-1:0' not found."},
		{"developer-authenticated", dev, map[string]any{"IdentityPoolId": pool}, nil,
			"ValidationException: 1 validation error detected: Value null at 'logins' failed to satisfy constraint: Member must not be null"},
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
			checkRefusal(t, err, tt.want)
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
		checkRefusal(t, err, tt.want)
	}
}

func TestTokenEndpoint(t *testing.T) {
	t.Parallel()
	c := caller{t.Context(), http.DefaultClient, begin(t, "user-pool-client-credentials")}
	id, secret := c.found.Env[clientVariable], c.found.Env[secretVariable]
	for form, want := range map[string]string{
		"": "invalid_request", "grant_type=password": "unsupported_grant_type", "grant_type=client_credentials&scope=x": "invalid_scope",
	} {
		checkRefusal(t, c.form("/oauth2/token", id, secret, form, nil), want)
	}
	checkRefusal(t, c.form("/oauth2/token", id, "x", "grant_type=client_credentials", nil), "invalid_client")
	public := caller{t.Context(), http.DefaultClient, begin(t, "user-pool-id")}
	checkRefusal(t, public.form("/oauth2/token", id, "", "grant_type=client_credentials", nil), "unauthorized_client")
	var got map[string]any
	if err := c.form("/oauth2/token", id, secret, "grant_type=client_credentials&scope=sample/read", &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "access_token")
	if diff := cmp.Diff(map[string]any{"expires_in": 3600.0, "token_type": "Bearer"}, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
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
