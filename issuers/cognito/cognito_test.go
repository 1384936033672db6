package cognito_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/cognito"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func TestConformance(t *testing.T) { issuertest.Run(t, cognito.Platform) }

func FuzzClaims(f *testing.F) { issuertest.Fuzz(f, cognito.Platform) }

const arnClaim = "https://cognito-identity.amazonaws.com/identity-pool-arn"

var (
	developer2017 = issuertest.Recorded{
		File: "testdata/aws-cognito-identity-2017-developer.json", Preset: "developer-authenticated",
		Lacks: []string{arnClaim}, Why: "the pool's ARN came about 2024",
	}
	developer2024 = issuertest.Recorded{
		File: "testdata/aws-cognito-identity-2024-developer.json", Preset: "developer-authenticated",
		HeaderStyle: "the recorded token was signed in another region, with the key ap-northeast-15",
	}
	guest = issuertest.Recorded{File: "testdata/aws-cognito-identity-2025-unauthenticated.json", Preset: "unauthenticated"}
	tags  = issuertest.Recorded{
		File: "testdata/aws-cognito-identity-oidc-principal-tags.json", Preset: "principal-tags",
	}
	accessToken = issuertest.Recorded{
		File: "testdata/aws-cognito-userpool-2018-access.json", Preset: "user-pool-access",
		Lacks: []string{"origin_jti"}, Why: "origin_jti came with token revocation",
	}
	idToken = issuertest.Recorded{
		File: "testdata/aws-cognito-userpool-2019-id.json", Preset: "user-pool-id",
		Lacks: []string{"origin_jti", "event_id", "jti"}, Why: "ID tokens of 2019 had none of them",
	}
	clientToken = issuertest.Recorded{File: "testdata/aws-cognito-userpool-2021-client-credentials.json", Preset: "user-pool-client-credentials"}
)

func TestRecordedTokens(t *testing.T) {
	t.Parallel()
	for _, r := range []issuertest.Recorded{developer2017, developer2024, guest, tags, accessToken, idToken, clientToken} {
		t.Run(r.File, func(t *testing.T) {
			t.Parallel()
			issuertest.Replay(t, cognito.Platform, r)
		})
	}
}

func TestDerivedTokens(t *testing.T) {
	t.Parallel()
	tests := []struct {
		recorded issuertest.Recorded
		request  issuer.Request
		unknown  []string
	}{
		{developer2017, issuer.Request{Claims: issuer.Claims{
			"sub": "eu-west-1:9b0be988-94f5-416e-be83-400901bc993e", "aud": "eu-west-1:f9795799-5721-4e3c-90f3-82ade0ecba90", arnClaim: nil,
		}}, []string{"amr"}},
		{guest, issuer.Request{Claims: issuer.Claims{
			"sub": "us-east-1:157d6171-ee37-c0dd-c6c5-ce7afc0154ab", "aud": "us-east-1:b73cb2d2-0d00-4e77-8e80-f99d9c13da3b",
		}}, nil},
		{accessToken, issuer.Request{Claims: issuer.Claims{
			"sub": "b133ed4d-6fe0-44b8-b6b9-4af86bd0632d", "client_id": "6upe6ndundkv7f5i9jlo6a8p2t", "username": "user@example.com", "origin_jti": nil,
		}}, []string{"jti", "event_id"}},
		{idToken, issuer.Request{Claims: issuer.Claims{
			"sub": "9a099d29-7a49-4f16-ae65-ae593cf159c1", "aud": "dn0f59hudaup7l85o0uq6nrh2", "email": "user@example.com",
			"origin_jti": nil, "event_id": nil, "jti": nil,
		}}, nil},
		{clientToken, issuer.Request{Claims: issuer.Claims{"client_id": "xxx"}}, []string{"jti"}},
	}
	for _, tt := range tests {
		t.Run(tt.recorded.File, func(t *testing.T) {
			t.Parallel()
			issuertest.Derive(t, cognito.Platform, tt.recorded, tt.request, tt.unknown...)
		})
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	pool := "us-east-1:7e9426f7-42af-4717-8689-00a9a4b65c1c"
	actions := "token.actions.githubusercontent.com"
	tests := []struct {
		preset string
		claims issuer.Claims
		want   []any
	}{
		{"unauthenticated", nil, []any{"unauthenticated"}},
		{"developer-authenticated", nil, []any{"authenticated", "login.contoso.example", "login.contoso.example:" + pool + ":alice"}},
		{"developer-authenticated", issuer.Claims{"aud": "eu-west-1:1"}, []any{"authenticated", "login.contoso.example", "login.contoso.example:eu-west-1:1:alice"}},
		{"oidc-provider", nil, []any{"authenticated", actions,
			"arn:aws:iam::123456789012:oidc-provider/" + actions + ":OIDC:repo:octo-org/octo-repo:environment:prod"}},
		{"user-pool-login", nil, []any{"authenticated", "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI",
			"cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI:CognitoSignIn:9a099d29-7a49-4f16-ae65-ae593cf159c1"}},
	}
	for _, tt := range tests {
		t.Run(tt.preset, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(any(tt.want), mint(t, tt.preset, issuer.Request{Claims: tt.claims}).Claims["amr"]); diff != "" {
				t.Errorf("amr (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPool(t *testing.T) {
	t.Parallel()
	const pool, identity = "7e9426f7-42af-4717-8689-00a9a4b65c1c", "12345678-ffff-ffff-ffff-123456789012"
	arn := func(region, id string) string {
		return "arn:aws:cognito-identity:" + region + ":123456789012:identitypool/" + region + ":" + id
	}
	tests := []struct {
		name         string
		claims, want issuer.Claims
	}{
		{"as preset", nil, issuer.Claims{"aud": "us-east-1:" + pool, "sub": "us-east-1:" + identity, arnClaim: arn("us-east-1", pool)}},
		{"aud decides", issuer.Claims{"aud": "eu-west-1:9"}, issuer.Claims{"sub": "eu-west-1:" + identity, arnClaim: arn("eu-west-1", "9")}},
		{"sub decides", issuer.Claims{"sub": "eu-west-1:9"}, issuer.Claims{"aud": "eu-west-1:" + pool, arnClaim: arn("eu-west-1", pool)}},
		{"an odd aud says nothing", issuer.Claims{"aud": []any{"a", "b"}},
			issuer.Claims{"aud": []any{"a", "b"}, "sub": "us-east-1:" + identity, arnClaim: arn("us-east-1", pool)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := mint(t, "developer-authenticated", issuer.Request{Claims: tt.claims}).Claims
			for name, want := range tt.want {
				if diff := cmp.Diff(want, got[name]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// TestAudience: there is no way to ask Cognito for an audience, other than the one it gives anyway.
func TestAudience(t *testing.T) {
	t.Parallel()
	tests := []struct {
		preset   string
		audience []string
		want     string // the error; empty: minted
	}{
		{"developer-authenticated", []string{"api://AzureADTokenExchange"},
			`cognito: audience ["api://AzureADTokenExchange"]: an identity pool's tokens always have the pool id as aud, here "us-east-1:7e9426f7-42af-4717-8689-00a9a4b65c1c"; another pool is asked for with the claim "aud"`},
		{"developer-authenticated", []string{"us-east-1:7e9426f7-42af-4717-8689-00a9a4b65c1c"}, ""},
		{"user-pool-id", []string{"a"},
			`cognito: audience ["a"]: a user pool's tokens of this kind always have the app client's id as aud, here "1example23456789"; another is set with the claim "aud"`},
		{"user-pool-access", []string{"a"},
			`cognito: audience ["a"]: a user pool's tokens of this kind always have no aud; another is set with the claim "aud"`},
		{"user-pool-client-credentials", []string{"a", "b"},
			`cognito: audience ["a" "b"]: a user pool's tokens of this kind always have no aud; another is set with the claim "aud"`},
	}
	for _, tt := range tests {
		t.Run(tt.preset, func(t *testing.T) {
			t.Parallel()
			_, err := newIssuer(t, issuer.WithPreset(tt.preset)).Mint(issuer.Request{Audience: tt.audience})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("error\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
	for _, preset := range []string{"user-pool-access", "user-pool-client-credentials"} {
		if aud, has := mint(t, preset, issuer.Request{}).Claims["aud"]; has {
			t.Errorf("%s has the aud %v", preset, aud)
		}
	}
}

func TestUserPoolDocument(t *testing.T) {
	t.Parallel()
	issuertest.Document(t, cognito.Platform, "user-pool-id", "testdata/aws-cognito-userpool-discovery.json",
		"https://clienttoolsapi.auth.eu-west-2.", "https://contoso.auth.us-east-1.")
}

// TestUserPoolKeys: ID tokens and access tokens are signed with different keys of the same set.
func TestUserPoolKeys(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t, issuer.WithPreset("user-pool-id"))
	kids := map[any]bool{}
	for _, preset := range []string{"user-pool-id", "user-pool-access", "user-pool-client-credentials"} {
		token, err := iss.Mint(issuer.Request{Preset: preset})
		if err != nil {
			t.Fatal(err)
		}
		kids[token.Header["kid"]] = true
	}
	if len(kids) != 2 {
		t.Errorf("ID, access and client tokens have %d keys, want 2", len(kids))
	}
	wantMembers(t, iss, 2, "alg", "e", "kid", "kty", "n", "use")
}

func TestIdentityPoolDocuments(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	got, err := iss.Discovery()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"issuer":"https://cognito-identity.amazonaws.com","jwks_uri":"https://cognito-identity.amazonaws.com/.well-known/jwks_uri",` +
		`"response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS512"]}`
	if string(got) != want {
		t.Errorf("discovery document\n%s\nwant\n%s", got, want)
	}
	wantMembers(t, iss, 3, "kty", "alg", "use", "kid", "n", "e")
}

func wantMembers(t *testing.T, iss *issuer.Issuer, count int, names ...string) {
	t.Helper()
	keys, err := iss.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"keys"}
	for n := range count {
		for _, name := range names {
			want = append(want, fmt.Sprintf("keys.%d.%s", n, name))
		}
	}
	if diff := cmp.Diff(want, issuertest.Members(t, keys)); diff != "" {
		t.Errorf("jwks (-want +got):\n%s", diff)
	}
}

func TestLifetimes(t *testing.T) {
	t.Parallel()
	for preset, want := range map[string]time.Duration{
		"developer-authenticated": 15 * time.Minute, "unauthenticated": 10 * time.Minute, "user-pool-id": time.Hour,
	} {
		claims := mint(t, preset, issuer.Request{}).Claims
		if got := time.Duration(claims["exp"].(int64)-claims["iat"].(int64)) * time.Second; got != want {
			t.Errorf("%s lives %v, want %v", preset, got, want)
		}
	}
}

func TestUserNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		preset       string
		claims, want issuer.Claims
	}{
		{"user-pool-id", issuer.Claims{"sub": "u"}, issuer.Claims{"cognito:username": "u", "token_use": "id", "aud": "1example23456789"}},
		{"user-pool-access", issuer.Claims{"sub": "u"}, issuer.Claims{"username": "u", "token_use": "access", "client_id": "1example23456789"}},
		{"user-pool-client-credentials", issuer.Claims{"sub": "c"}, issuer.Claims{"client_id": "c", "version": 2}},
		{"user-pool-client-credentials", issuer.Claims{"client_id": "c"}, issuer.Claims{"sub": "c"}},
	}
	for _, tt := range tests {
		t.Run(tt.preset, func(t *testing.T) {
			t.Parallel()
			got := mint(t, tt.preset, issuer.Request{Claims: tt.claims}).Claims
			for name, want := range tt.want {
				if diff := cmp.Diff(want, got[name]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func newIssuer(t *testing.T, opts ...issuer.Option) *issuer.Issuer {
	t.Helper()
	iss, err := issuer.New(cognito.Platform, append([]issuer.Option{issuer.WithKeys(issuer.GenerateTestKey)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return iss
}

func mint(t *testing.T, preset string, req issuer.Request) issuer.Token {
	t.Helper()
	token, err := newIssuer(t, issuer.WithPreset(preset)).Mint(req)
	if err != nil {
		t.Fatal(err)
	}
	return token
}
