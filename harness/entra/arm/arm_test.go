package arm_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/arm"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

const (
	production = "11111111-2222-4333-8444-555555555555"
	issuerURL  = "https://issuer.example"
	subject    = "repo:contoso/web:ref:refs/heads/main"
	audience   = "api://AzureADTokenExchange"
	management = "https://management.azure.com/.default"
)

var start = time.Date(2026, 2, 8, 0, 24, 38, 0, time.UTC)

// keys are shared: making them is the slow part of these tests.
var (
	issuerKey = sync.OnceValue(newRSA)
	entraKey  = sync.OnceValue(newRSA)
)

func newRSA() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

// rig is Azure Resource Manager over a directory: the tenants Contoso, whose subscription Production has a group and a
// vault, and Fabrikam. Contoso's applications are named after the role that each has there.
type rig struct {
	t      testing.TB
	server *entra.Server
	dir    *directory.Directory
	http   *httptest.Server
	tenant directory.Tenant

	mu  sync.Mutex
	now time.Time
}

// credential is one that every client of the rig has.
var credential = directory.Credential{Name: "main-branch", Issuer: issuerURL, Subject: subject, Audiences: []string{audience}}

func newRig(t testing.TB, hold func(context.Context, string)) *rig {
	t.Helper()
	dir := directory.New()
	r := &rig{t: t, now: start, dir: dir}
	options := directory.DefaultOptions()
	options.IdentityWriteTime = 0
	if err := dir.SetOptions(options); err != nil {
		t.Fatal(err)
	}
	client := func(name string) directory.Application {
		return directory.Application{Name: name, Credentials: []directory.Credential{credential}}
	}
	var err error
	r.tenant, err = dir.AddTenant(directory.Tenant{
		DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"},
		Applications: []directory.Application{client("Nobody"), client("Reader"), client("Contributor"), client("Owner"), client("Group Reader"), client("Vault Reader")},
		ManagedIdentities: []directory.ManagedIdentity{
			{Name: "worker", Credentials: []directory.Credential{credential}},
		},
		Subscriptions: []directory.Subscription{
			{
				ID: production, DisplayName: "Production",
				ResourceGroups: []directory.ResourceGroup{
					{Name: "App", Resources: []directory.Resource{{Type: "Microsoft.KeyVault/vaults", Name: "contoso-vault"}}},
					{Name: "other", Location: "northeurope"},
				},
				RoleAssignments: []directory.RoleAssignment{
					{Principal: "Reader", Role: "Reader"},
					{Principal: "Contributor", Role: "Contributor"},
					{Principal: "Owner", Role: "Owner"},
					{Principal: "Group Reader", Role: "Reader", Scope: "/resourceGroups/app"},
					{Principal: "Vault Reader", Role: "Key Vault Reader", Scope: "/resourcegroups/app/providers/Microsoft.KeyVault/vaults/contoso-vault"},
				},
			},
			{DisplayName: "Empty"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dir.AddTenant(directory.Tenant{DisplayName: "Fabrikam", Applications: []directory.Application{client("Stranger")}}); err != nil {
		t.Fatal(err)
	}
	r.server = entra.New(entra.Config{
		Directory: dir, Now: r.clock, NewKey: func() (entra.SigningKey, error) { return entra.SigningKey{Key: entraKey()}, nil }, Client: &http.Client{Transport: issuer{}},
	})
	r.http = httptest.NewServer(arm.New(arm.Config{Server: r.server, Now: r.clock, Hold: hold}))
	t.Cleanup(r.http.Close)
	return r
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// issuer serves the documents of issuerURL.
type issuer struct{}

func (issuer) RoundTrip(req *http.Request) (*http.Response, error) {
	var body any = map[string]any{
		"issuer": issuerURL, "jwks_uri": issuerURL + "/jwks", "response_types_supported": []string{"id_token"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
	}
	if req.URL.Path == "/jwks" {
		body = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: issuerKey().Public(), KeyID: "k1", Algorithm: "RS256", Use: "sig"}}}
	}
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(b)), Request: req}, nil
}

// client is the client id of an application or managed identity, with its tenant's.
func (r *rig) client(name string) (tenantID, clientID, objectID string) {
	r.t.Helper()
	for _, tenant := range r.server.Directory().Tenants() {
		for _, a := range tenant.Applications {
			if a.Name == name {
				return tenant.ID, a.ClientID, a.ServicePrincipalID
			}
		}
		for _, m := range tenant.ManagedIdentities {
			if m.Name == name {
				return tenant.ID, m.ClientID, m.PrincipalID
			}
		}
	}
	r.t.Fatalf("no client %q", name)
	return "", "", ""
}

// token signs in as a client.
func (r *rig) token(name, scope string) string {
	r.t.Helper()
	return r.tokenFrom("login.microsoftonline.com", name, scope)
}

// tokenFrom signs in as a client at a host.
func (r *rig) tokenFrom(host, name, scope string) string {
	r.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: issuerKey(), KeyID: "k1"}}, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	now := r.clock().Unix()
	assertion, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": issuerURL, "sub": subject, "aud": audience, "iat": now, "nbf": now, "exp": now + 600,
	}).Serialize()
	if err != nil {
		r.t.Fatal(err)
	}
	tenantID, clientID, _ := r.client(name)
	form := entra.AssertionForm(clientID, assertion, scope)
	req := httptest.NewRequest(http.MethodPost, "https://"+host+"/"+tenantID+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	r.server.ServeHTTP(w, req)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.AccessToken == "" {
		r.t.Fatalf("sign-in of %s: %d %s", name, w.Code, w.Body)
	}
	return answer.AccessToken
}

// answer is one of Azure Resource Manager's.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request to management.azure.com with a token; a path without an api-version gets one that serves it.
func (r *rig) send(token, method, path, body string) answer {
	r.t.Helper()
	return r.sendTo("management.azure.com", token, method, path, body)
}

func (r *rig) sendTo(host, token, method, path, body string) answer {
	r.t.Helper()
	if !strings.Contains(path, "?") {
		path += "?"
	}
	if !strings.Contains(path, "api-version") {
		path += "&api-version=2024-11-30"
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.http.URL+strings.Replace(path, "?&", "?", 1), strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Host = host
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return r.do(req)
}

func (r *rig) do(req *http.Request) answer {
	r.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

// as signs in to Azure Resource Manager and sends a request.
func (r *rig) as(name, method, path, body string) answer {
	r.t.Helper()
	return r.send(r.token(name, management), method, path, body)
}

// want checks an answer against a status and the JSON of its body; "" is no body.
func (a answer) want(t *testing.T, status int, body string) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if body == "" || a.body == "" {
		if a.body != body {
			t.Fatalf("body %q, want %q", a.body, body)
		}
		return
	}
	if diff := cmp.Diff(parse(t, body), parse(t, a.body)); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	if got := a.header.Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
}

// refused checks an answer against an error.
func (a answer) refused(t *testing.T, status int, code, message string) {
	t.Helper()
	b, err := json.Marshal(map[string]map[string]string{"error": {"code": code, "message": message}})
	if err != nil {
		t.Fatal(err)
	}
	a.want(t, status, string(b))
}

func parse(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// decoded is the body as T.
func decoded[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	if a.status/100 != 2 {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return v
}

// names are the names in a list.
func names(t *testing.T, a answer) []string {
	t.Helper()
	list := decoded[struct {
		Value []struct {
			Name        string `json:"name"`
			DisplayName string `json:"displayName"`
		} `json:"value"`
	}](t, a)
	all := []string{}
	for _, v := range list.Value {
		all = append(all, v.Name+v.DisplayName)
	}
	return all
}

// query is a path with a $filter.
func query(path, filter string) string { return path + "?$filter=" + url.QueryEscape(filter) }
