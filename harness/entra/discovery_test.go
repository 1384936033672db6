package entra_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/go-cmp/cmp"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

func (r *rig) get(target string) *answer {
	return r.do(httptest.NewRequest(http.MethodGet, target, nil))
}

func TestTenantDiscovery(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.get("https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration")
	want := strings.ReplaceAll(golden(t, "discovery.json"), "{tid}", r.tenant.ID)
	if diff := cmp.Diff(want, got.raw); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	for name, value := range map[string]string{
		"Cache-Control": "max-age=86400, private", "Access-Control-Allow-Origin": "*",
		"Access-Control-Allow-Methods": "GET, OPTIONS", "Content-Type": "application/json; charset=utf-8",
	} {
		if got.header.Get(name) != value {
			t.Errorf("header %s: %q, want %q", name, got.header.Get(name), value)
		}
	}
}

func TestDiscoveryHosts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	gov, err := r.dir.AddTenant(directory.Tenant{DisplayName: "Gov", Cloud: "usgov"})
	if err != nil {
		t.Fatal(err)
	}
	id := r.tenant.ID
	for _, tt := range []struct{ base, tenant, token, issuer string }{
		{"https://login.microsoftonline.com", id, "https://login.microsoftonline.com/" + id, "https://login.microsoftonline.com/" + id},
		{"https://login.microsoftonline.com:443", id, "https://login.microsoftonline.com/" + id, "https://login.microsoftonline.com/" + id},
		{"https://login.windows.net", id, "https://login.windows.net/" + id, "https://login.microsoftonline.com/" + id},
		{"https://127.0.0.1:8445", id, "https://127.0.0.1:8445/" + id, "https://127.0.0.1:8445/" + id},
		{"https://login.microsoftonline.com:8445", id, "https://login.microsoftonline.com:8445/" + id, "https://login.microsoftonline.com:8445/" + id},
		{"https://login.usgovcloudapi.net", gov.ID, "https://login.usgovcloudapi.net/" + gov.ID, "https://login.microsoftonline.us/" + gov.ID},
		{"https://login.microsoftonline.com", "common", "https://login.microsoftonline.com/common", "https://login.microsoftonline.com/{tenantid}"},
		{"https://localhost:1", "organizations", "https://localhost:1/organizations", "https://localhost:1/{tenantid}"},
	} {
		got := r.get(tt.base + "/" + tt.tenant + "/v2.0/.well-known/openid-configuration")
		if got.body["token_endpoint"] != tt.token+"/oauth2/v2.0/token" || got.body["issuer"] != tt.issuer+"/v2.0" {
			t.Errorf("%s: token_endpoint %v issuer %v", tt.base, got.body["token_endpoint"], got.body["issuer"])
		}
	}
}

func TestUnknownTenantDiscovery(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for path, code := range map[string]int{
		"/fabrikam.com/v2.0/.well-known/openid-configuration":  90002,
		"/consumers/v2.0/.well-known/openid-configuration":     900023,
		"/fabrikam.com/discovery/v2.0/keys":                    90002,
		"/" + r.tenant.ID[:8] + "/discovery/v2.0/keys":         900023,
		"/00000000-0000-0000-0000-000000000000/discovery/keys": 900021,
		"/common/discovery/instance?api-version=1.1":           900144,
		"/common/discovery/instance?authorization_endpoint=xx": 900144,
	} {
		got := r.get("https://login.microsoftonline.com" + path)
		wantError := "invalid_tenant"
		if code == 900144 {
			wantError = "invalid_request"
		}
		if got.status != 400 || got.code() != code || got.body["error"] != wantError {
			t.Errorf("%s: status %d body %s", path, got.status, got.raw)
		}
	}
	if got := r.get("https://login.microsoftonline.us/" + r.tenant.ID + "/v2.0/.well-known/openid-configuration"); got.code() != 90002 {
		t.Errorf("another cloud: %s", got.raw)
	}
	for _, path := range []string{"/", "/x", "/common/oauth2/authorize", "//common//oauth2/v2.0/token", "/a/b/oauth2/v2.0/token"} {
		if got := r.get("https://login.microsoftonline.com" + path); got.status != 404 {
			t.Errorf("%s: status %d", path, got.status)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.get("https://login.microsoftonline.com/" + r.tenant.ID + "/discovery/v2.0/keys")
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal([]byte(got.raw), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("%v: %s", err, got.raw)
	}
	want := []string{"kty", "use", "kid", "x5t", "n", "e", "x5c", "cloud_instance_name", "issuer"}
	if diff := cmp.Diff(want, members(t, string(set.Keys[0]))); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	var key struct{ KID, X5T, Issuer, E string }
	if err := json.Unmarshal(set.Keys[0], &key); err != nil {
		t.Fatal(err)
	}
	if key.KID != key.X5T || len(key.KID) != 27 || key.E != "AQAB" || key.Issuer != "https://login.microsoftonline.com/{tenantid}/v2.0" {
		t.Errorf("key %+v", key)
	}
}

func TestInstanceDiscovery(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ask := func(base, authority string) *answer {
		return r.get(base + "/common/discovery/instance?api-version=1.1&authorization_endpoint=" + authority)
	}
	got := ask("https://login.microsoftonline.com", "https://login.microsoftonline.com/"+r.tenant.ID+"/oauth2/v2.0/authorize")
	want := strings.ReplaceAll(golden(t, "instance.json"), "{tid}", r.tenant.ID)
	if diff := cmp.Diff(want, got.raw); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	for _, tt := range []struct{ base, authority, endpoint string }{
		{"https://login.microsoftonline.com", "https://login.windows.net/common/oauth2/authorize", "https://login.windows.net/common"},
		{"https://127.0.0.1:8445", "https://127.0.0.1/contoso/oauth2/authorize", "https://127.0.0.1:8445/contoso"},
		{"https://entra.test:8445", "https://entra.test:8445/contoso/oauth2/authorize", "https://entra.test:8445/contoso"},
		{"https://login.microsoftonline.com", "https://127.0.0.1:8445/contoso/oauth2/authorize", "https://127.0.0.1:8445/contoso"},
	} {
		got := ask(tt.base, tt.authority)
		if got.body["tenant_discovery_endpoint"] != tt.endpoint+"/v2.0/.well-known/openid-configuration" {
			t.Errorf("%s at %s: %s", tt.authority, tt.base, got.raw)
		}
	}
	for _, authority := range []string{"https://login.example.com/common", "http://login.microsoftonline.com/common", "%25", "login.microsoftonline.com"} {
		got := ask("https://login.microsoftonline.com", authority)
		if got.status != 400 || got.code() != 50049 || got.body["error"] != "invalid_instance" {
			t.Errorf("%s: %s", authority, got.raw)
		}
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	hosts := directory.LoginHosts()
	for _, host := range []string{"login.microsoftonline.com", "login.windows.net", "sts.windows.net", "login.microsoftonline.us", "login.partner.microsoftonline.cn"} {
		if !slices.Contains(hosts, host) {
			t.Errorf("no %q in %q", host, hosts)
		}
	}
}

// TestVerifiers lets two independent libraries verify access tokens over HTTPS.
func TestVerifiers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.now = time.Now().Truncate(time.Second) // zitadel's verifier knows no other clock
	r.server = entra.New(entra.Config{
		Directory: r.dir, Now: r.clock, Client: &http.Client{Transport: r.issuer},
		NewKey: func() (entra.SigningKey, error) { return entra.SigningKey{Key: entraKey()}, nil },
	})
	srv := httptest.NewTLSServer(r.server)
	defer srv.Close()
	api := r.addApp(directory.Application{Name: "orders", IdentifierURIs: []string{"api://orders"}, TokenVersion: 2})

	obtain := func(scope string) string {
		form := r.params(r.issuer.mint(r.claims(nil)), map[string]string{"scope": scope})
		resp, err := srv.Client().PostForm(srv.URL+"/"+r.tenant.ID+"/oauth2/v2.0/token", form)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		var body struct {
			AccessToken string `json:"access_token"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || resp.StatusCode != 200 {
			t.Fatalf("status %d, %v", resp.StatusCode, err)
		}
		return body.AccessToken
	}
	issuer := srv.URL + "/" + r.tenant.ID + "/v2.0"
	v2, v1, forGraph := obtain("api://orders/.default"), obtain("https://vault.azure.net/.default"), obtain("https://graph.microsoft.com/.default")

	ctx := gooidc.ClientContext(context.Background(), srv.Client())
	provider, err := gooidc.NewProvider(ctx, issuer)
	if err != nil {
		t.Fatal(err)
	}
	token, err := provider.VerifierContext(ctx, &gooidc.Config{ClientID: api.ClientID}).Verify(ctx, v2)
	if err != nil {
		t.Fatalf("go-oidc: %v", err)
	}
	if token.Subject != r.app.ServicePrincipalID {
		t.Errorf("go-oidc: subject %q", token.Subject)
	}
	// A v1.0 token names an issuer of its own, its key is in the same set.
	keys := gooidc.NewRemoteKeySet(ctx, srv.URL+"/"+r.tenant.ID+"/discovery/v2.0/keys")
	verifier := gooidc.NewVerifier("https://sts.windows.net/"+r.tenant.ID+"/", keys, &gooidc.Config{ClientID: "https://vault.azure.net"})
	if _, err := verifier.Verify(ctx, v1); err != nil {
		t.Errorf("go-oidc, Key Vault: %v", err)
	}
	if _, err := verifier.Verify(ctx, v1[:len(v1)-8]+"AAAAAAAA"); err == nil {
		t.Error("go-oidc accepts a changed signature")
	}
	// A token for Microsoft Graph does not verify, as Microsoft's do not, until its nonce is replaced by the nonce's
	// hash.
	ofGraph := gooidc.NewVerifier("https://sts.windows.net/"+r.tenant.ID+"/", keys, &gooidc.Config{ClientID: "https://graph.microsoft.com"})
	if _, err := ofGraph.Verify(ctx, forGraph); err == nil {
		t.Error("go-oidc verifies a token for Microsoft Graph as it is")
	}
	if _, err := ofGraph.Verify(ctx, withHashedNonce(t, forGraph)); err != nil {
		t.Errorf("go-oidc, Graph, with the hash of the nonce: %v", err)
	}

	remote := rp.NewRemoteKeySet(srv.Client(), srv.URL+"/"+r.tenant.ID+"/discovery/v2.0/keys")
	// zitadel's verifier wants azp to be aud: the application asks for itself.
	set(func(a *directory.Application) { a.TokenVersion = 2 })(r)
	own := obtain(r.app.ClientID + "/.default")
	claims, err := rp.VerifyIDToken[*oidc.IDTokenClaims](ctx, own, rp.NewIDTokenVerifier(issuer, r.app.ClientID, remote, rp.WithIssuedAtMaxAge(time.Hour)))
	if err != nil {
		t.Fatalf("zitadel: %v", err)
	}
	if claims.Subject != r.app.ServicePrincipalID {
		t.Errorf("zitadel: subject %q", claims.Subject)
	}
}

// withHashedNonce is a token for Microsoft Graph as it was signed.
func withHashedNonce(t *testing.T, token string) string {
	t.Helper()
	encoded, rest, _ := strings.Cut(token, ".")
	header, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	var members struct{ Nonce string }
	if err := json.Unmarshal(header, &members); err != nil || members.Nonce == "" {
		t.Fatalf("header %s: %v", header, err)
	}
	hash := sha256.Sum256([]byte(members.Nonce))
	signed := strings.Replace(string(header), members.Nonce, base64.RawURLEncoding.EncodeToString(hash[:]), 1)
	return base64.RawURLEncoding.EncodeToString([]byte(signed)) + "." + rest
}
