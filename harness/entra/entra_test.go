package entra_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"log"
	"maps"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

const (
	exchangeAudience = "api://AzureADTokenExchange"
	assertionType    = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	tokenURL         = "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token"
	mainSubject      = "repo:contoso/web:ref:refs/heads/main"
)

// start is when every test begins; the clock only moves when a test moves it.
var start = time.Date(2026, 2, 8, 0, 24, 38, 0, time.UTC)

// keys are shared: making them is the slow part of these tests.
var (
	issuerKey  = sync.OnceValue(func() *rsa.PrivateKey { return newRSA() })
	anotherKey = sync.OnceValue(func() *rsa.PrivateKey { return newRSA() })
	entraKey   = sync.OnceValue(func() *rsa.PrivateKey { return newRSA() })
	ecKey      = sync.OnceValue(func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		return key
	})
)

func newRSA() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

// rig is a server, an issuer it can reach, and a clock.
type rig struct {
	t      testing.TB
	server *entra.Server
	dir    *directory.Directory
	tenant directory.Tenant
	app    directory.Application
	issuer *fakeIssuer
	random *mathrand.ChaCha8 // of the server's ids; it is the server's once that is made

	mu      sync.Mutex
	now     time.Time
	signIns []entra.SignIn
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, now: start, dir: directory.New(), issuer: newIssuer("https://issuer.example"), random: mathrand.NewChaCha8([32]byte{})}
	r.serveWith(&http.Client{Transport: r.issuer})
	var err error
	r.tenant, err = r.dir.AddTenant(directory.Tenant{DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"}})
	if err != nil {
		t.Fatal(err)
	}
	r.app = r.addApp(directory.Application{Name: "deployer"})
	r.addCredential(r.app, directory.Credential{Name: "main-branch", Issuer: r.issuer.url, Subject: mainSubject, Audiences: []string{exchangeAudience}})
	return r
}

// serveWith makes the server, which reaches issuers with a client.
func (r *rig) serveWith(client *http.Client) {
	r.server = entra.New(entra.Config{
		Directory: r.dir, Client: client, Now: r.clock, Rand: r.random,
		NewKey: func() (entra.SigningKey, error) { return entra.SigningKey{Key: entraKey()}, nil },
		Record: func(s entra.SignIn) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.signIns = append(r.signIns, s)
		},
	})
}

// discardLog keeps the noise of broken connections out of the tests' output.
var discardLog = log.New(io.Discard, "", 0)

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

func (r *rig) addApp(a directory.Application) directory.Application {
	r.t.Helper()
	added, err := r.dir.AddApplication(r.tenant.ID, a)
	if err != nil {
		r.t.Fatal(err)
	}
	return added
}

func (r *rig) addCredential(a directory.Application, c directory.Credential) {
	r.t.Helper()
	if _, err := r.dir.AddCredential(r.tenant.ID, a.ClientID, c); err != nil {
		r.t.Fatal(err)
	}
}

// claims are those of a good assertion, changed by the pairs; nil removes one.
func (r *rig) claims(changes map[string]any) map[string]any {
	now := r.clock().Unix()
	claims := map[string]any{
		"iss": r.issuer.url, "sub": mainSubject, "aud": exchangeAudience,
		"iat": now, "nbf": now, "exp": now + 600,
	}
	for name, value := range changes {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return claims
}

// params are those of a good request with an assertion, changed like claims.
func (r *rig) params(assertion string, changes map[string]string) url.Values {
	values := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {r.app.ClientID},
		"client_assertion_type": {assertionType}, "client_assertion": {assertion},
		"scope": {"https://graph.microsoft.com/.default"},
	}
	for name, value := range changes {
		if values.Set(name, value); value == "" {
			values.Del(name)
		}
	}
	return values
}

// post sends a form to a token URL.
func (r *rig) post(target string, form url.Values) *answer {
	req := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return r.do(req)
}

// exchange sends a good request with an assertion of these claims.
func (r *rig) exchange(changes map[string]any) *answer {
	return r.post(tokenURL, r.params(r.issuer.mint(r.claims(changes)), nil))
}

// answer is what came back, and the sign-in that was recorded (zero when it
// was no token request).
type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
	signIn entra.SignIn
}

func (r *rig) do(req *http.Request) *answer {
	r.t.Helper()
	r.mu.Lock()
	before := len(r.signIns)
	r.mu.Unlock()
	again := r.evidence(req)
	w := httptest.NewRecorder()
	r.server.ServeHTTP(w, req)
	a := &answer{status: w.Code, header: w.Header(), raw: w.Body.String()}
	if a.raw != "" && strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil {
			r.t.Fatalf("body %q: %v", a.raw, err)
		}
	}
	r.mu.Lock()
	if len(r.signIns) > before {
		a.signIn = r.signIns[len(r.signIns)-1]
	}
	r.mu.Unlock()
	r.examined(again, a.signIn)
	return a
}

// code is the AADSTS code of an answer; 0 when it has none.
func (a *answer) code() int {
	codes, _ := a.body["error_codes"].([]any)
	if len(codes) != 1 {
		return 0
	}
	return int(codes[0].(float64))
}

// fetched names the documents this request fetched.
func (a *answer) fetched() string {
	var names []string
	for _, f := range a.signIn.Fetched {
		names = append(names, f.Document)
	}
	return strings.Join(names, " ")
}

// fakeIssuer is an issuer that an http.Client reaches without a network.
type fakeIssuer struct {
	url string

	mu        sync.Mutex
	key       any
	header    map[string]any
	discovery any // what the document's place answers: bytes, an int status, or an error
	jwks      any
	elsewhere any // what a redirect leads to
	requests  []string
	hold      chan struct{} // when not nil, requests wait until it closes
}

func newIssuer(url string) *fakeIssuer {
	i := &fakeIssuer{url: url, key: issuerKey(), header: map[string]any{"alg": "RS256", "typ": "JWT", "kid": "k1"}}
	i.discovery = i.document(nil)
	i.jwks = keySet(jose.JSONWebKey{Key: issuerKey().Public(), KeyID: "k1", Use: "sig", Algorithm: "RS256"})
	return i
}

// document is a good discovery document, changed like claims.
func (i *fakeIssuer) document(changes map[string]any) []byte {
	d := map[string]any{
		"issuer": i.url, "jwks_uri": i.url + "/keys", "response_types_supported": []string{"id_token"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
	}
	maps.Copy(d, changes)
	maps.DeleteFunc(d, func(_ string, v any) bool { return v == nil })
	return mustJSON(d)
}

func keySet(keys ...jose.JSONWebKey) []byte { return mustJSON(jose.JSONWebKeySet{Keys: keys}) }

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// mint signs claims with the issuer's key and header.
func (i *fakeIssuer) mint(claims map[string]any) string { return i.sign(string(mustJSON(claims))) }

func (i *fakeIssuer) sign(payload string) string {
	opts := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{}}
	for name, value := range i.header {
		if name != "alg" {
			opts.ExtraHeaders[jose.HeaderKey(name)] = value
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(i.header["alg"].(string)), Key: i.key}, opts)
	if err != nil {
		panic(err)
	}
	jws, err := signer.Sign([]byte(payload))
	if err != nil {
		panic(err)
	}
	compact, err := jws.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return compact
}

// RoundTrip answers for the issuer.
func (i *fakeIssuer) RoundTrip(req *http.Request) (*http.Response, error) {
	i.mu.Lock()
	i.requests = append(i.requests, req.URL.String())
	discovery, jwks, elsewhere, hold := i.discovery, i.jwks, i.elsewhere, i.hold
	i.mu.Unlock()
	if hold != nil {
		<-hold
	}
	answer := any(http.StatusNotFound)
	switch req.URL.String() {
	case strings.TrimSuffix(i.url, "/") + "/.well-known/openid-configuration":
		answer = discovery
	case i.url + "/keys":
		answer = jwks
	case i.url + "/elsewhere":
		if elsewhere != nil {
			answer = elsewhere
		}
	}
	w := httptest.NewRecorder()
	switch answer := answer.(type) {
	case error:
		return nil, answer
	case int:
		w.Header().Set("Location", i.url+"/elsewhere")
		w.WriteHeader(answer)
	case []byte:
		_, _ = w.Write(answer)
	}
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

func (i *fakeIssuer) count() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.requests)
}
