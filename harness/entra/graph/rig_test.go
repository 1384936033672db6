package graph_test

import (
	"bytes"
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

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/entra/graph"
)

const (
	exchangeAudience = "api://AzureADTokenExchange"
	issuerURL        = "https://issuer.example"
	github           = "https://token.actions.githubusercontent.com"
	subscription     = "11111111-2222-4333-8444-555555555555"
)

var (
	start = time.Date(2026, 9, 8, 0, 24, 38, 0, time.UTC)

	issuerKey = sync.OnceValue(newRSA)
	entraKey  = sync.OnceValue(newRSA)

	everything = []string{
		"Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "AuditLog.Read.All", "Organization.Read.All",
	}
)

func newRSA() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

// rig is a tenant, its token endpoint, and Microsoft Graph behind a real listener.
type rig struct {
	t        *testing.T
	dir      *directory.Directory
	tenant   directory.Tenant
	login    *entra.Server
	url      string // of the listener
	identity directory.ManagedIdentity

	mu      sync.Mutex
	now     time.Time
	signIns []entra.SignIn
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, now: start, dir: directory.New()}
	r.login = entra.New(entra.Config{
		Directory: r.dir, Client: &http.Client{Transport: issuer{}}, Now: r.clock,
		NewKey: func() (entra.SigningKey, error) { return entra.SigningKey{Key: entraKey()}, nil },
		Record: func(s entra.SignIn) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.signIns = append(r.signIns, s)
		},
	})
	var err error
	r.tenant, err = r.dir.AddTenant(directory.Tenant{
		DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"},
		Subscriptions: []directory.Subscription{{ID: subscription, DisplayName: "Main", ResourceGroups: []directory.ResourceGroup{{Name: "app"}}}},
		ManagedIdentities: []directory.ManagedIdentity{{
			Name: "worker",
			Credentials: []directory.Credential{{
				Name: "cluster", Issuer: issuerURL, Subject: "system:serviceaccount:a:b", Audiences: []string{exchangeAudience},
			}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.identity = r.tenant.ManagedIdentities[0]
	server := httptest.NewServer(graph.New(graph.Config{Server: r.login, Now: r.clock, SignIns: func(string) []entra.SignIn {
		r.mu.Lock()
		defer r.mu.Unlock()
		return append([]entra.SignIn(nil), r.signIns...)
	}}))
	t.Cleanup(server.Close)
	r.url = server.URL
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

// caller is an application that has permissions of Microsoft Graph.
func (r *rig) caller(name string, roles ...string) *client {
	r.t.Helper()
	app := directory.Application{
		Name:        name,
		Credentials: []directory.Credential{{Name: "test", Issuer: issuerURL, Subject: name, Audiences: []string{exchangeAudience}}},
	}
	for _, role := range roles {
		app.AppRoleAssignments = append(app.AppRoleAssignments, directory.AppRoleAssignment{Resource: "Microsoft Graph", Role: role})
	}
	added, err := r.dir.AddApplication(r.tenant.ID, app)
	if err != nil {
		r.t.Fatal(err)
	}
	return &client{rig: r, app: added, token: r.signIn(added.ClientID, name, "https://graph.microsoft.com")}
}

// signIn is a whole sign-in at the token endpoint; the answer must be a token.
func (r *rig) signIn(clientID, subject, resource string) string {
	r.t.Helper()
	w := r.exchange(clientID, subject, resource)
	var body struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Token == "" {
		r.t.Fatalf("sign-in: %d %s", w.Code, w.Body)
	}
	return body.Token
}

func (r *rig) exchange(clientID, subject, resource string) *httptest.ResponseRecorder {
	r.t.Helper()
	now := r.clock().Unix()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: issuerKey(), KeyID: "k1"}}, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	assertion, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": issuerURL, "sub": subject, "aud": exchangeAudience, "iat": now, "nbf": now, "exp": now + 600,
	}).Serialize()
	if err != nil {
		r.t.Fatal(err)
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_assertion": {assertion}, "scope": {resource + "/.default"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
	req := httptest.NewRequest("POST", "https://login.microsoftonline.com/"+r.tenant.ID+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "tester/1")
	w := httptest.NewRecorder()
	r.login.ServeHTTP(w, req)
	return w
}

// issuer answers for https://issuer.example.
type issuer struct{}

func (issuer) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	switch req.URL.Path {
	case "/.well-known/openid-configuration":
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": issuerURL, "jwks_uri": issuerURL + "/keys", "response_types_supported": []string{"id_token"},
			"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	case "/keys":
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: issuerKey().Public(), KeyID: "k1", Use: "sig", Algorithm: "RS256"}}})
	default:
		w.WriteHeader(http.StatusNotFound)
	}
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

// client calls Microsoft Graph as an application.
type client struct {
	rig   *rig
	app   directory.Application
	token string
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// do sends a request for a path below graph.microsoft.com. headers are pairs.
func (c *client) do(method, path string, body any, headers ...string) *answer {
	c.rig.t.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	default:
		encoded, err := json.Marshal(body)
		if err != nil {
			c.rig.t.Fatal(err)
		}
		reader = bytes.NewReader(encoded)
	}
	req, err := http.NewRequest(method, c.rig.url+strings.ReplaceAll(path, " ", "%20"), reader)
	if err != nil {
		c.rig.t.Fatal(err)
	}
	req.Host = "graph.microsoft.com"
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if strings.EqualFold(headers[i], "Host") {
			req.Host = headers[i+1]
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.rig.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.rig.t.Fatal(err)
	}
	a := &answer{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &a.body) // nil where it is no JSON; the tests look at what they need
	return a
}

// must is do, for an answer with this status.
func (c *client) must(status int, method, path string, body any, headers ...string) *answer {
	c.rig.t.Helper()
	a := c.do(method, path, body, headers...)
	if a.status != status {
		c.rig.t.Fatalf("%s %s: %d %s, want %d", method, path, a.status, a.raw, status)
	}
	return a
}

// refused is do, for an answer with this status, code and message.
func (c *client) refused(status int, code, message, method, path string, body any, headers ...string) {
	c.rig.t.Helper()
	a := c.must(status, method, path, body, headers...)
	failure, _ := a.body["error"].(map[string]any)
	if failure["code"] != code || failure["message"] != message {
		c.rig.t.Errorf("%s %s: %v: %v\nwant %s: %s", method, path, failure["code"], failure["message"], code, message)
	}
}

// text is a member of the answer that is a string.
func (a *answer) text(name string) string {
	s, _ := a.body[name].(string)
	return s
}

// values are the members of that name of the objects of a list.
func (a *answer) values(name string) []string {
	list, _ := a.body["value"].([]any)
	out := []string{}
	for _, one := range list {
		s, _ := one.(map[string]any)[name].(string)
		out = append(out, s)
	}
	return out
}
