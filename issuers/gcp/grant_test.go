package gcp_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/gcp"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

const (
	deployer = "deployer@contoso-prod.iam.gserviceaccount.com"
	grant    = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

// keyFile is the API of a workload with a key file, and what is in the file.
func keyFile(t *testing.T) (served, map[string]string, map[string]string) {
	t.Helper()
	s := serve(t, nil, issuer.WithPreset("service-account-key"))
	env, err := s.api.Env("")
	if err != nil {
		t.Fatal(err)
	}
	contents, err := os.ReadFile(env["GOOGLE_APPLICATION_CREDENTIALS"])
	if err != nil {
		t.Fatal(err)
	}
	if string(contents) != env["GOOGLE_CREDENTIALS"] || len(env) != 2 {
		t.Errorf("%d variables, or the file is not GOOGLE_CREDENTIALS", len(env))
	}
	var file map[string]string
	if err := json.Unmarshal(contents, &file); err != nil {
		t.Fatal(err)
	}
	return s, env, file
}

// privateKey is the key of a key file.
func privateKey(t *testing.T, file map[string]string) *rsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode([]byte(file["private_key"]))
	if block == nil {
		t.Fatal("private_key is no PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

// signed is an assertion.
func signed(t *testing.T, key any, alg jose.SignatureAlgorithm, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	object, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

func (s served) grant(kind, assertion string) (int, map[string]any) {
	s.t.Helper()
	a := s.do(http.MethodPost, "/token", url.Values{"grant_type": {kind}, "assertion": {assertion}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	var answer map[string]any
	if err := json.Unmarshal([]byte(a.body), &answer); err != nil {
		s.t.Errorf("status %d with %q: %v", a.status, a.body, err)
	}
	return a.status, answer
}

// TestKeyFile compares the file with what Google's clients read in it.
func TestKeyFile(t *testing.T) {
	t.Parallel()
	s, _, file := keyFile(t)
	key := privateKey(t, file)
	delete(file, "private_key")
	id := file["private_key_id"]
	want := map[string]string{
		"type": "service_account", "project_id": "contoso-prod", "private_key_id": id, "client_email": deployer, "client_id": uniqueID,
		"auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": strings.TrimSuffix(s.base, prefix) + "/token",
		"auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
		"client_x509_cert_url":        "https://www.googleapis.com/robot/v1/metadata/x509/" + strings.ReplaceAll(deployer, "@", "%40"),
		"universe_domain":             "googleapis.com",
	}
	if diff := cmp.Diff(want, file); diff != "" {
		t.Errorf("key file (-want +got):\n%s", diff)
	}
	published := s.object(s.do(http.MethodGet, "/robot/v1/metadata/x509/"+deployer, ""))
	if got := parse(t, str(t, published, id)).PublicKey; !key.PublicKey.Equal(got) {
		t.Error("the published certificate has another key")
	}
}

// TestGrant trades assertions for an ID token and for an access token that the IAM Credentials API takes.
func TestGrant(t *testing.T) {
	t.Parallel()
	s, env, file := keyFile(t)
	raw, err := gcp.Platform.Native.Fetch(t.Context(), http.DefaultClient, issuer.Found{Base: s.base, Env: env, Now: time.Now()}, audience)
	if err != nil {
		t.Fatal(err)
	}
	_, payload := issuertest.Parts(t, raw)
	claims := issuertest.Object(t, payload)
	delete(claims, "iat")
	delete(claims, "exp")
	want := map[string]any{"aud": audience, "azp": uniqueID, "sub": uniqueID, "email": deployer, "email_verified": true, "iss": "https://accounts.google.com"}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	now := time.Now().Unix()
	for _, aud := range []string{file["token_uri"], s.base + "/token", "https://oauth2.googleapis.com/token"} {
		status, got := s.grant(grant, signed(t, privateKey(t, file), jose.RS256,
			map[string]any{"iss": deployer, "aud": aud, "iat": now, "exp": now + 3600, "scope": cloud}))
		if status != http.StatusOK || got["token_type"] != "Bearer" {
			t.Fatalf("aud %q: status %d, %v", aud, status, got["error_description"])
		}
		if a := s.call("generateIdToken", `{"audience":"a"}`, str(t, got, "access_token")); a.status != http.StatusOK {
			t.Errorf("the access token is good for status %d", a.status)
		}
	}
	_, err = gcp.Platform.Native.Fetch(t.Context(), http.DefaultClient, issuer.Found{Base: s.base, Env: env, Now: time.Now()}, "")
	var refused *issuer.Refused
	if !errors.As(err, &refused) || refused.Message != "invalid_scope: Invalid OAuth scope or ID token audience provided." {
		t.Errorf("without an audience: error %v", err)
	}
	for name, contents := range map[string]string{"no JSON": "x", "no key": `{"private_key":"x"}`} {
		if _, err := gcp.Platform.Native.Fetch(t.Context(), http.DefaultClient, issuer.Found{Base: s.base, Env: map[string]string{"GOOGLE_CREDENTIALS": contents}}, audience); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestKeyWithoutFolder is a farm in a container, which has no folder for the file.
func TestKeyWithoutFolder(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w *issuer.Workload) { w.Dir = func() (string, error) { return "", errors.New("none") } }, issuer.WithPreset("service-account-key"))
	env, err := s.api.Env("")
	if err != nil {
		t.Fatal(err)
	}
	if _, has := env["GOOGLE_APPLICATION_CREDENTIALS"]; has || env["GOOGLE_CREDENTIALS"] == "" {
		t.Errorf("%d variables, want the contents alone", len(env))
	}
}

func TestGrantRefusals(t *testing.T) {
	t.Parallel()
	s, _, file := keyFile(t)
	key := privateKey(t, file)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	good := map[string]any{"iss": deployer, "sub": deployer, "aud": file["token_uri"], "iat": now, "exp": now + 3600, "target_audience": audience}
	with := func(name string, value any) map[string]any {
		claims := maps.Clone(good)
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
		return claims
	}
	const short = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim."
	tests := []struct {
		name, kind, assertion string
		status                int
		code, description     string
	}{
		{"no grant type", "", "", 400, "unsupported_grant_type", "Invalid grant_type: "},
		{"another grant", "password", "", 400, "unsupported_grant_type", "Invalid grant_type: password"},
		{"no assertion", grant, "", 400, "invalid_grant", "Bad Request"},
		{"no JWT", grant, "a.b.c", 400, "invalid_grant", "Bad Request"},
		{"another algorithm", grant, signed(t, key, jose.PS256, good), 400, "invalid_grant", "Bad Request"},
		{"another key", grant, signed(t, other, jose.RS256, good), 400, "invalid_grant", "Invalid JWT Signature."},
		{"unknown account", grant, signed(t, key, jose.RS256, with("iss", "none@contoso-prod.iam.gserviceaccount.com")), 400, "invalid_grant", "Invalid grant: account not found"},
		{"no iat", grant, signed(t, key, jose.RS256, with("iat", nil)), 400, "invalid_grant", short},
		{"no exp", grant, signed(t, key, jose.RS256, with("exp", nil)), 400, "invalid_grant", short},
		{"too long", grant, signed(t, key, jose.RS256, with("exp", now+3601)), 400, "invalid_grant", short},
		{"expired", grant, signed(t, key, jose.RS256, with("exp", now-1)), 400, "invalid_grant", short},
		{"from the future", grant, signed(t, key, jose.RS256, with("iat", now+600)), 400, "invalid_grant", short},
		{"another audience", grant, signed(t, key, jose.RS256, with("aud", "https://a.example")), 400, "invalid_grant",
			"Invalid JWT: Failed audience check. The right audience is https://oauth2.googleapis.com/token"},
		{"delegation", grant, signed(t, key, jose.RS256, with("sub", "user@contoso.example")), 401, "unauthorized_client",
			"Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested."},
		{"nothing asked for", grant, signed(t, key, jose.RS256, with("target_audience", nil)), 400, "invalid_scope", "Invalid OAuth scope or ID token audience provided."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, got := s.grant(tt.kind, tt.assertion)
			if diff := cmp.Diff(map[string]any{"error": tt.code, "error_description": tt.description}, got); diff != "" || status != tt.status {
				t.Errorf("status %d, want %d; answer (-want +got):\n%s", status, tt.status, diff)
			}
		})
	}
	if a := s.do(http.MethodGet, "/token", ""); a.status != http.StatusNotFound {
		t.Errorf("GET: status %d", a.status)
	}
	if a := s.do(http.MethodPost, "/token", strings.Repeat("a", 10<<20+1), "Content-Type", "application/x-www-form-urlencoded"); a.status != http.StatusBadRequest {
		t.Errorf("10 MiB: status %d", a.status)
	}
	if status, _ := s.grant(grant, signed(t, key, jose.RS256, good)); status != http.StatusOK {
		t.Errorf("afterwards: status %d", status)
	}
}

// TestUnbound is a pod whose Kubernetes account nobody has bound to a Google account.
func TestUnbound(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, issuer.WithPreset("gke-unbound"))
	a := s.get(identity + "?audience=" + audience)
	want := "Your Kubernetes service account (default/web) is not annotated with a target Google service account, " +
		"which is a requirement for retrieving Identity Tokens using Workload Identity.\n"
	if a.status != http.StatusNotFound || !strings.HasPrefix(a.body, want) || a.header.Get("Metadata-Flavor") != "Google" {
		t.Errorf("status %d with %q", a.status, a.body)
	}
	if a := s.get(identity); a.status != http.StatusBadRequest {
		t.Errorf("without an audience: status %d", a.status)
	}
	if a := s.get(strings.TrimSuffix(identity, "identity") + "email"); a.body != "contoso-prod.svc.id.goog" {
		t.Errorf("email is %q", a.body)
	}
}
