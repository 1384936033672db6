package cognito

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

const (
	ownPool     = "us-east-1:7e9426f7-42af-4717-8689-00a9a4b65c1c"
	ownIdentity = "us-east-1:12345678-ffff-ffff-ffff-123456789012"
	ownProvider = "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI"
)

// issuerAt is a user pool, or an identity pool's issuer.
func issuerAt(t *testing.T, preset, url string) *issuer.Issuer {
	t.Helper()
	opts := []issuer.Option{issuer.WithKeys(issuer.GenerateTestKey), issuer.WithNow(clock), issuer.WithPreset(preset)}
	if url != "" {
		opts = append(opts, issuer.WithURL(url))
	}
	iss, err := issuer.New(Platform, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return iss
}

// minted is a token of the issuer.
func minted(t *testing.T, iss *issuer.Issuer, preset string, claims issuer.Claims) string {
	t.Helper()
	token, err := iss.Mint(issuer.Request{Preset: preset, Claims: claims})
	if err != nil {
		t.Fatal(err)
	}
	return token.Raw
}

// unsigned is a token that nobody has signed.
func unsigned(header, claims string) string {
	enc := base64.RawURLEncoding
	return enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(claims)) + "."
}

// TestLogins has an identity pool whose provider is a user pool of the same world, and the logins that it refuses in
// each of its calls.
func TestLogins(t *testing.T) {
	t.Parallel()
	pool := issuerAt(t, "user-pool-id", "")
	other := issuerAt(t, "user-pool-id", "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Other")
	impostor := issuerAt(t, "user-pool-id", "") // which has keys of its own
	if _, err := impostor.Rotate(true); err != nil {
		t.Fatal(err)
	}
	c := caller{t.Context(), http.DefaultClient, beginBeside(t, "user-pool-login", clock, pool, other)}
	id := minted(t, pool, "user-pool-id", nil)
	parts := strings.Split(id, ".")
	claims := fmt.Sprintf(`{"iss":"https://%s","sub":"s","aud":"1example23456789","token_use":"id","exp":%d}`, ownProvider, clock().Add(time.Hour).Unix())
	const invalid = "NotAuthorizedException: Invalid login token. "
	const unsupported = "NotAuthorizedException: Token is not from a supported provider of this identity pool."
	for _, tt := range []struct {
		name   string
		logins map[string]any
		want   string // empty: it is let in
	}{
		{"the user pool's", map[string]any{ownProvider: id}, ""},
		{"the environment's", map[string]any{ownProvider: c.found.Env[loginVariable]}, ""},
		{"of another app client", map[string]any{ownProvider: minted(t, pool, "user-pool-id", issuer.Claims{"aud": "2example23456789"})}, unsupported},
		{"an access token", map[string]any{ownProvider: minted(t, pool, "user-pool-access", nil)}, invalid + "Missing a required claim: aud"},
		{"with aud in capitals", map[string]any{ownProvider: minted(t, pool, "user-pool-id", issuer.Claims{"aud": nil, "AUD": "1example23456789"})}, invalid + "Missing a required claim: aud"},
		{"an access token with aud", map[string]any{ownProvider: minted(t, pool, "user-pool-access", issuer.Claims{"aud": "1example23456789"})}, unsupported},
		{"without token_use", map[string]any{ownProvider: minted(t, pool, "user-pool-id", issuer.Claims{"token_use": nil})}, unsupported},
		{"a client's own", map[string]any{ownProvider: minted(t, pool, "user-pool-client-credentials", nil)}, invalid + "Missing a required claim: aud"},
		{"of another user pool", map[string]any{strings.TrimPrefix(other.URL(), "https://"): minted(t, other, "user-pool-id", nil)}, unsupported},
		{"of another user pool, for this one", map[string]any{ownProvider: minted(t, other, "user-pool-id", nil)}, invalid + "Issuer doesn't match providerName"},
		{"for a key that is no provider's", map[string]any{"snapshot": id}, invalid + "Issuer doesn't match providerName"},
		{"of Google", map[string]any{"accounts.google.com": unsigned(`{"alg":"RS256"}`, `{"iss":"https://accounts.google.com","sub":"s","aud":"a"}`)}, unsupported},
		{"and another", map[string]any{ownProvider: id, "accounts.google.com": unsigned(`{"alg":"RS256"}`, `{"iss":"https://accounts.google.com","sub":"s","aud":"a"}`)},
			unsupported},
		{"of the identity pool", map[string]any{cognitoLogin: id}, invalid + "Can't pass in a Cognito token."},
		{"signed by somebody else", map[string]any{ownProvider: minted(t, impostor, "user-pool-id", nil)}, invalid + "Couldn't verify signed token."},
		{"another's signature", map[string]any{ownProvider: unsigned(`{"alg":"RS256"}`, claims) + parts[2]}, invalid + "Couldn't verify signed token."},
		{"without a signature", map[string]any{ownProvider: unsigned(`{"alg":"none"}`, claims)}, invalid + "Couldn't verify signed token."},
		{"expired", map[string]any{ownProvider: minted(t, pool, "user-pool-id", issuer.Claims{"exp": clock().Unix()})},
			invalid + "Token expired: 1788264000 >= 1788264000"},
		{"no token", map[string]any{ownProvider: "alice"}, invalid + "Not a valid OpenId Connect identity token."},
		{"none", nil, "NotAuthorizedException: Unauthenticated access is not supported for this identity pool."},
	} {
		for operation, request := range map[string]map[string]any{
			"GetId": {"IdentityPoolId": ownPool}, "GetOpenIdToken": {"IdentityId": ownIdentity}, "GetCredentialsForIdentity": {"IdentityId": ownIdentity},
		} {
			t.Run(tt.name+" "+operation, func(t *testing.T) {
				request["Logins"] = tt.logins
				var got struct{ IdentityId string }
				err := c.call(identityTarget+operation, request, &got)
				if tt.want != "" {
					wantRefusal(t, err, tt.want)
				} else if err != nil || got.IdentityId != ownIdentity {
					t.Errorf("identity %q, error %v, want %s", got.IdentityId, err, ownIdentity)
				}
			})
		}
	}
}

// TestLoginsMatch has two users of one user pool: each has an identity, and none gets a token or credentials for the
// other's.
func TestLoginsMatch(t *testing.T) {
	t.Parallel()
	pool := issuerAt(t, "user-pool-id", "")
	c := caller{t.Context(), http.DefaultClient, beginBeside(t, "user-pool-login", clock, pool)}
	const bob = "1b099d29-7a49-4f16-ae65-ae593cf159c1"
	logins := map[string]any{ownProvider: minted(t, pool, "user-pool-id", issuer.Claims{"sub": bob})}
	var his, again struct{ IdentityId, Token string }
	for _, into := range []any{&his, &again} {
		if err := c.call(identityTarget+"GetId", map[string]any{"IdentityPoolId": ownPool, "Logins": logins}, into); err != nil {
			t.Fatal(err)
		}
	}
	if his.IdentityId == ownIdentity || his != again || !strings.HasPrefix(his.IdentityId, "us-east-1:") {
		t.Fatalf("another user's identity is %q, then %q", his.IdentityId, again.IdentityId)
	}
	if err := c.call(identityTarget+"GetOpenIdToken", map[string]any{"IdentityId": his.IdentityId, "Logins": logins}, &his); err != nil {
		t.Fatal(err)
	}
	claims := payloadOf(t, his.Token)
	if want := fmt.Sprintf("[authenticated %s %s:CognitoSignIn:%s]", ownProvider, ownProvider, bob); claims["sub"] != his.IdentityId || fmt.Sprint(claims["amr"]) != want {
		t.Errorf("sub %v, amr %v; want %s, %s", claims["sub"], claims["amr"], his.IdentityId, want)
	}
	for _, operation := range []string{"GetOpenIdToken", "GetCredentialsForIdentity"} {
		wantRefusal(t, c.call(identityTarget+operation, map[string]any{"IdentityId": ownIdentity, "Logins": logins}, nil),
			"NotAuthorizedException: Logins don't match. Please include at least one valid login for this identity or identity pool.")
		wantRefusal(t, c.call(identityTarget+operation, map[string]any{"IdentityId": "us-east-1:0", "Logins": logins}, nil),
			"ResourceNotFoundException: Identity 'us-east-1:0' not found.")
	}
}

// TestDeveloperLogin shows the token of a developer's user for credentials, and tokens that are not that.
func TestDeveloperLogin(t *testing.T) {
	t.Parallel()
	c := caller{t.Context(), http.DefaultClient, begin(t, "developer-authenticated")}
	ask := func(user string, more map[string]any) (got struct{ IdentityId, Token string }, err error) {
		request := map[string]any{"IdentityPoolId": ownPool, "Logins": map[string]any{"login.contoso.example": user}}
		for name, value := range more {
			request[name] = value
		}
		err = c.call(identityTarget+"GetOpenIdTokenForDeveloperIdentity", request, &got)
		return got, err
	}
	alice, err := ask("alice", nil)
	if err != nil {
		t.Fatal(err)
	}
	bob, err := ask("bob", nil)
	if err != nil {
		t.Fatal(err)
	}
	const mismatch = "NotAuthorizedException: Logins don't match. Please include at least one valid login for this identity or identity pool."
	_, err = ask("bob", map[string]any{"IdentityId": alice.IdentityId})
	wantRefusal(t, err, mismatch)
	forger := issuerAt(t, "developer-authenticated", "")
	if _, err := forger.Rotate(true); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(alice.Token, ".")
	for name, tt := range map[string]struct{ identity, token, want string }{
		"his":      {bob.IdentityId, bob.Token, ""},
		"another":  {alice.IdentityId, bob.Token, mismatch},
		"no token": {alice.IdentityId, "x", "NotAuthorizedException: Invalid login token. Not a valid OpenId Connect identity token."},
		"forged": {alice.IdentityId, minted(t, forger, "developer-authenticated", nil),
			"NotAuthorizedException: Invalid login token. Couldn't verify signed token."},
		"no signature": {alice.IdentityId, parts[0] + "." + parts[1] + ".", "NotAuthorizedException: Invalid login token. Couldn't verify signed token."},
		"of another pool": {alice.IdentityId, minted(t, forger, "developer-authenticated", issuer.Claims{"aud": "us-east-1:0"}),
			"NotAuthorizedException: Token is not from a supported provider of this identity pool."},
		"of another issuer": {alice.IdentityId, minted(t, forger, "developer-authenticated", issuer.Claims{"iss": "https://other.example"}),
			"NotAuthorizedException: Invalid login token. Issuer doesn't match providerName"},
	} {
		err := c.call(identityTarget+"GetCredentialsForIdentity", map[string]any{
			"IdentityId": tt.identity, "Logins": map[string]any{cognitoLogin: tt.token}}, new(map[string]any))
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		t.Run(name, func(t *testing.T) { wantRefusal(t, err, tt.want) })
	}
}
