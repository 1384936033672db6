package spiffe_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func claimsOf(t testing.TB, token string) map[string]any {
	t.Helper()
	_, payload := issuertest.Parts(t, token)
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// TestValidate has the texts of SPIRE's own test, pkg/common/jwtsvid/validate_test.go.
func TestValidate(t *testing.T) {
	t.Parallel()
	a := newAgent(t, nil)
	client := a.dial(t)
	mint := func(audience []string, claims issuer.Claims) string {
		token, err := a.issuer.Mint(issuer.Request{Audience: audience, Claims: claims})
		if err != nil {
			t.Fatal(err)
		}
		return token.Raw
	}
	good := mint([]string{"AUDIENCE1", "AUDIENCE2"}, nil)
	response, err := client.ValidateJWTSVID(withHeader(t.Context()), &workload.ValidateJWTSVIDRequest{Audience: "AUDIENCE2", Svid: good})
	if err != nil {
		t.Fatal(err)
	}
	if response.SpiffeId != workerID {
		t.Errorf("SPIFFE ID %q, want %q", response.SpiffeId, workerID)
	}
	if diff := cmp.Diff(claimsOf(t, good), response.Claims.AsMap()); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	response, err = client.ValidateJWTSVID(withHeader(t.Context()), &workload.ValidateJWTSVIDRequest{
		Audience: "one", Svid: mint(nil, issuer.Claims{"aud": "one"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{"one"}, response.Claims.AsMap()["aud"]); diff != "" {
		t.Errorf("aud (-want +got):\n%s", diff)
	}

	elsewhere, err := a.issuer.At("https://another.contoso.example")
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := elsewhere.Mint(issuer.Request{Audience: []string{"a"}}) // with the same key
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.ValidateJWTSVID(withHeader(t.Context()), &workload.ValidateJWTSVIDRequest{Audience: "a", Svid: foreign.Raw}); err != nil {
		t.Errorf("the same key: %v", err)
	}
	other, err := issuer.New(a.issuer.Platform(), issuer.WithPreset("spire-rsa"), issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		t.Fatal(err)
	}
	unknown, err := other.Mint(issuer.Request{Audience: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	symmetric, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: make([]byte, 32)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	hs256, err := jwt.Signed(symmetric).Claims(map[string]any{"sub": workerID}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	private, err := issuer.GenerateKey(jose.ES256)
	if err != nil {
		t.Fatal(err)
	}
	nameless, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: private}, nil)
	if err != nil {
		t.Fatal(err)
	}
	noKey, err := jwt.Signed(nameless).Claims(map[string]any{"sub": workerID}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	end := a.clock.now().Unix()
	tests := []struct{ name, audience, token, want string }{
		{"text", "a", "token", "unable to parse JWT token: go-jose/go-jose: compact JWS format must have three parts"},
		{"HS256", "a", hs256, `unable to parse JWT token: unexpected signature algorithm "HS256"; expected ["ES256" "ES384" "ES512" "RS256" "RS384" "RS512" "PS256" "PS384" "PS512"]`},
		{"no kid", "a", noKey, "token header missing key id"},
		{"no sub", "a", mint([]string{"a"}, issuer.Claims{"sub": nil}), "token missing subject claim"},
		{"no exp", "a", mint([]string{"a"}, issuer.Claims{"exp": nil}), "token missing exp claim"},
		{"sub", "a", mint([]string{"a"}, issuer.Claims{"sub": "me"}), "token has in invalid subject claim: scheme is missing or invalid"},
		{"trust domain", "a", mint([]string{"a"}, issuer.Claims{"sub": "spiffe://other.org/foo"}), `no keys found for trust domain "other.org"`},
		{"unknown key", "a", unknown.Raw, `public key "` + unknown.Header["kid"].(string) + `" not found in trust domain "prod.contoso.example"`},
		{"signature", "a", parts[0] + "." + parts[1] + "." + strings.Split(foreign.Raw, ".")[2], "go-jose/go-jose: error in cryptographic primitive"},
		{"expired", "a", mint([]string{"a"}, issuer.Claims{"exp": end - 61}), "token has expired"},
		{"early", "a", mint([]string{"a"}, issuer.Claims{"nbf": end + 90}), "go-jose/go-jose/jwt: validation failed, token not valid yet (nbf)"},
		{"no audience", "FOO", mint(nil, issuer.Claims{"aud": nil}), `expected audience in ["FOO"] (audience=[])`},
		{"audience", "FOO", good, `expected audience in ["FOO"] (audience=["AUDIENCE1" "AUDIENCE2"])`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := client.ValidateJWTSVID(withHeader(t.Context()), &workload.ValidateJWTSVIDRequest{Audience: tt.audience, Svid: tt.token})
			if want := status.Error(codes.InvalidArgument, tt.want); err == nil || err.Error() != want.Error() {
				t.Errorf("error %v\n want %v", err, want)
			}
		})
	}
}

// TestValidateAfterRotation keeps the old key's tokens valid, and ends them at the end of their life.
func TestValidateAfterRotation(t *testing.T) {
	t.Parallel()
	a := newAgent(t, nil)
	client := a.dial(t)
	token, err := a.issuer.Mint(issuer.Request{Audience: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.issuer.Rotate(true); err != nil {
		t.Fatal(err)
	}
	req := &workload.ValidateJWTSVIDRequest{Audience: "a", Svid: token.Raw}
	if _, err := client.ValidateJWTSVID(withHeader(t.Context()), req); err != nil {
		t.Error(err)
	}
	a.clock.offset.Store(int64(6*time.Minute + time.Second))
	_, err = client.ValidateJWTSVID(withHeader(t.Context()), req)
	if want := status.Error(codes.InvalidArgument, "token has expired"); err == nil || err.Error() != want.Error() {
		t.Errorf("error %v, want %v", err, want)
	}
}

// FuzzRequests sends what a client may: the bytes of a request, and a token to validate.
func FuzzRequests(f *testing.F) {
	a := newAgent(f, nil)
	client := a.dial(f)
	token, err := a.issuer.Mint(issuer.Request{Audience: []string{"a"}})
	if err != nil {
		f.Fatal(err)
	}
	seed, err := proto.Marshal(&workload.JWTSVIDRequest{Audience: []string{"a", ""}, SpiffeId: workerID})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed, token.Raw, "a")
	f.Add([]byte("\x0a\x01a\x12\x00"), "e30.e30.", "")
	f.Add([]byte("\x12\xff\xff"), "a.b.c", "x")
	f.Fuzz(func(t *testing.T, request []byte, token, audience string) {
		var req workload.JWTSVIDRequest
		if proto.Unmarshal(request, &req) == nil {
			response, err := client.FetchJWTSVID(withHeader(t.Context()), &req)
			if err == nil && (len(req.Audience) == 0 || len(response.Svids) != 1 || response.Svids[0].SpiffeId != workerID) {
				t.Errorf("%v was answered by %v", &req, response)
			}
			if err != nil && status.Code(err) == codes.Internal {
				t.Errorf("%v: %v", &req, err)
			}
		}
		validate := &workload.ValidateJWTSVIDRequest{Audience: audience, Svid: token}
		if _, err := proto.Marshal(validate); err != nil {
			return // not UTF-8: a client does not send it
		}
		response, err := client.ValidateJWTSVID(withHeader(t.Context()), validate)
		if err == nil && response.SpiffeId != workerID {
			t.Errorf("%q is valid for %q", token, response.SpiffeId)
		}
		if err != nil && status.Code(err) != codes.InvalidArgument {
			t.Errorf("%q: %v", token, err)
		}
	})
}
