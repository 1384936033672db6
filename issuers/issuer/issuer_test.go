package issuer_test

import (
	"crypto"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

// pool spares the tests the making of keys.
var pool issuer.Pool

var start = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// platform is a small platform with what the tests need: two services, three keys of two algorithms, settings.
var platform = &issuer.Platform{
	Name: "acme", Title: "Acme",
	Services: []issuer.Service{
		{
			Issuer: "https://token.acme.example", JWKS: "/keys",
			Document: issuer.Document{
				DiscoveryConfiguration: oidc.DiscoveryConfiguration{
					ServiceDocumentation:             "{issuer}/docs?a=1&b=2",
					ResponseTypesSupported:           []string{"id_token"},
					IDTokenSigningAlgValuesSupported: []string{"RS256", "ES384"},
				},
				Extra: map[string]any{"mint_endpoint": "{issuer}/mint", "empty": []any{}, "request_uri_parameter_supported": false},
				Order: []string{"issuer", "mint_endpoint"},
			},
			Headers: issuer.DocumentTypes{JWKS: "application/jwk-set+json", Cache: "max-age=60", JWKSCache: "max-age=30", AllowOrigin: "*"},
			Keys: []issuer.KeySpec{
				{Alg: jose.RS256, KID: issuer.UUIDKID("11111111-2222-5333-8444-555555555555")},
				{Alg: jose.RS256, KID: issuer.CertificateKID, Certificate: &issuer.Certificate{CommonName: "acme", Age: time.Hour, Life: 48 * time.Hour}},
				{Alg: jose.ES384, KID: issuer.NumberedKID("EC_", 0), NoAlg: true, NoUse: true},
			},
			Signer: 1,
			JWK:    []string{"kid", "kty"},
			Typ:    "JWT", Header: []string{"typ", "alg", "x5t", "kid"},
			Order:    []string{"sub", "iss"},
			Lifetime: time.Minute, NotYet: issuer.Seconds(-10), ID: true,
		}, {
			Name: "other", Issuer: "https://other.acme.example/deep/er/", JWKS: "https://keys.acme.example/certs",
			Document: issuer.Document{Algs: true, Indent: "  "},
			Keys:     []issuer.KeySpec{{Alg: jose.ES256, KID: issuer.ThumbprintKID}, {Alg: jose.RS256, KID: issuer.HexKID}, {Alg: jose.RS256, KID: issuer.HexKID}},
			Lifetime: time.Hour, Overlap: 10 * time.Minute,
		},
	},
	Presets: []issuer.Preset{
		{Name: "job", About: "a job", Claims: issuer.Claims{"object": map[string]any{"a": "1", "b": "2"}, "gone": nil}},
		{Name: "long", About: "a long job", Lifetime: time.Hour, NotYet: issuer.Seconds(0), Params: map[string]any{"word": "long"}},
		{Name: "elliptic", About: "a job signed with ES384", Signer: issuer.Seconds(2)},
		{Name: "other", About: "a job elsewhere", Service: "other"},
		{Name: "no-iss", About: "a job without iss", Service: "other", Claims: issuer.Claims{"iss": nil}},
	},
	Claims: func(req issuer.Request) (issuer.Claims, error) {
		p := issuer.Parameters{Platform: "acme", Values: req.Params}
		word, _ := req.Setting["word"].(string)
		return issuer.Claims{"sub": "job:" + p.Text("job", "build") + word, "gone": "here", "aud": "a", "service": "s" + req.Service}, p.Err
	},
}

func newIssuer(t testing.TB, opts ...issuer.Option) *issuer.Issuer {
	t.Helper()
	defaults := []issuer.Option{issuer.WithNow(func() time.Time { return start }), issuer.WithKeys(pool.Keys())}
	iss, err := issuer.New(platform, append(defaults, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return iss
}

func mint(t testing.TB, iss *issuer.Issuer, req issuer.Request) issuer.Token {
	t.Helper()
	token, err := iss.Mint(req)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestConformance(t *testing.T) { issuertest.Run(t, platform) }

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		p    *issuer.Platform
		opt  issuer.Option
		want string
	}{
		{"preset", platform, issuer.WithPreset("x"), `acme: no preset "x" (have job, long, elliptic, other, no-iss)`},
		{"url without host", platform, issuer.WithURL("token"), `issuer: url "token": want https://host/path without query and fragment`},
		{"url with query", platform, issuer.WithURL("https://h/p?q=1"), `issuer: url "https://h/p?q=1": want https://host/path without query and fragment`},
		{"url with fragment", platform, issuer.WithURL("https://h/p#f"), `issuer: url "https://h/p#f": want https://host/path without query and fragment`},
		{"url scheme", platform, issuer.WithURL("ftp://h"), `issuer: url "ftp://h": want https://host/path without query and fragment`},
		{"algorithm", platform, issuer.WithAlg("HS256"), `issuer: unknown key algorithm "HS256" (have RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512)`},
		{"no services", &issuer.Platform{Name: "empty"}, nil, `issuer: platform "empty" has no service or no preset`},
		{"no claims", &issuer.Platform{Name: "empty", Services: platform.Services, Presets: platform.Presets}, nil, `issuer: platform "empty" has no claims`},
		{
			"unknown service", &issuer.Platform{Name: "bad", Services: platform.Services[:1], Presets: platform.Presets[3:4], Claims: platform.Claims}, nil,
			`bad: no service "other" (have )`,
		}, {
			"signer", &issuer.Platform{Name: "bad", Services: platform.Services[:1], Claims: platform.Claims, Presets: []issuer.Preset{
				{Name: "ok"}, {Name: "odd", Signer: issuer.Seconds(3)},
			}}, nil, `issuer: bad: preset "odd" signs with key 3 of 3`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var opts []issuer.Option
			if tt.opt != nil {
				opts = append(opts, tt.opt)
			}
			if _, err := issuer.New(tt.p, opts...); err == nil || err.Error() != tt.want {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		preset, url           string // no url: the canonical one
		wantDiscovery, wantJW string
	}{
		{"job", "", "https://token.acme.example/.well-known/openid-configuration", "https://token.acme.example/keys"},
		{"job", "https://h:1/p/", "https://h:1/p/.well-known/openid-configuration", "https://h:1/p/keys"},
		{"other", "", "https://other.acme.example/deep/er/.well-known/openid-configuration", "https://keys.acme.example/certs"},
		{"other", "http://h/p", "http://h/p/.well-known/openid-configuration", "http://h/p/certs"},
		{"job", "https://h/a%20b/{c}", "https://h/a%20b/{c}/.well-known/openid-configuration", "https://h/a%20b/{c}/keys"},
	} {
		opts := []issuer.Option{issuer.WithPreset(tt.preset)}
		if tt.url != "" {
			opts = append(opts, issuer.WithURL(tt.url))
		}
		iss := newIssuer(t, opts...)
		if iss.DiscoveryURL() != tt.wantDiscovery || iss.JWKSURL() != tt.wantJW {
			t.Errorf("%s at %q: %q and %q, want %q and %q", tt.preset, tt.url, iss.DiscoveryURL(), iss.JWKSURL(), tt.wantDiscovery, tt.wantJW)
		}
		for _, address := range []string{iss.DiscoveryURL(), iss.JWKSURL()} {
			if w := get(iss, http.MethodGet, address); w.Code != http.StatusOK {
				t.Errorf("GET %s: %d, want 200", address, w.Code)
			}
		}
	}
}

func get(handler http.Handler, method, address string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(method, address, nil))
	return w
}

func TestServe(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	for _, tt := range []struct {
		method, path string
		code         int
		header       map[string]string
	}{
		{"GET", "/.well-known/openid-configuration", 200, map[string]string{"Content-Type": "application/json", "Cache-Control": "max-age=60", "Access-Control-Allow-Origin": "*"}},
		{"HEAD", "/.well-known/openid-configuration", 200, map[string]string{"Content-Type": "application/json"}},
		{"GET", "/keys", 200, map[string]string{"Content-Type": "application/jwk-set+json", "Cache-Control": "max-age=30"}},
		{"GET", "/keys/", 404, nil},
		{"GET", "//keys", 404, nil},
		{"GET", "/", 404, nil},
		{"POST", "/keys", 405, nil},
	} {
		w := get(iss, tt.method, tt.path)
		if w.Code != tt.code {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.path, w.Code, tt.code)
		}
		for name, want := range tt.header {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s %s: %s is %q, want %q", tt.method, tt.path, name, got, want)
			}
		}
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ preset, want string }{
		{"job", `{"issuer":"https://token.acme.example","mint_endpoint":"https://token.acme.example/mint","empty":[],` +
			`"id_token_signing_alg_values_supported":["RS256","ES384"],"jwks_uri":"https://token.acme.example/keys",` +
			`"request_uri_parameter_supported":false,"response_types_supported":["id_token"],` +
			`"service_documentation":"https://token.acme.example/docs?a=1&b=2"}`},
		{"other", "{\n  \"id_token_signing_alg_values_supported\": [\n    \"ES256\",\n    \"RS256\"\n  ],\n" +
			"  \"issuer\": \"https://other.acme.example/deep/er/\",\n  \"jwks_uri\": \"https://keys.acme.example/certs\"\n}"},
	} {
		got, err := newIssuer(t, issuer.WithPreset(tt.preset)).Discovery()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.preset, diff)
		}
	}
}

func TestJWKSMembers(t *testing.T) {
	t.Parallel()
	got, err := newIssuer(t).JWKS()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"keys",
		"keys.0.kid", "keys.0.kty", "keys.0.alg", "keys.0.e", "keys.0.n", "keys.0.use",
		"keys.1.kid", "keys.1.kty", "keys.1.alg", "keys.1.e", "keys.1.n", "keys.1.use", "keys.1.x5c", "keys.1.x5t",
		"keys.2.kid", "keys.2.kty", "keys.2.crv", "keys.2.x", "keys.2.y",
	}
	if diff := cmp.Diff(want, issuertest.Members(t, got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWithAlg(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		preset, alg string
		wantKey     int // its place in the key set
	}{
		{"job", "RS256", 1},      // the signing key fits, although the first key fits too
		{"job", "ES384", 2},      // another key fits
		{"job", "PS256", 1},      // no key fits: the signing key is made anew
		{"job", "ES512", 1},      //
		{"elliptic", "RS256", 0}, // the preset's own key does not fit
		{"other", "RS256", 1},    //
	} {
		iss := newIssuer(t, issuer.WithPreset(tt.preset), issuer.WithAlg(tt.alg))
		token := mint(t, iss, issuer.Request{})
		set, err := iss.JWKS()
		if err != nil {
			t.Fatal(err)
		}
		var keys jose.JSONWebKeySet
		if err := json.Unmarshal(set, &keys); err != nil {
			t.Fatal(err)
		}
		jws, err := jose.ParseSigned(token.Raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(tt.alg)})
		if err != nil {
			t.Errorf("%s %s: %v", tt.preset, tt.alg, err)
			continue
		}
		if _, err := jws.Verify(keys.Keys[tt.wantKey]); err != nil {
			t.Errorf("%s %s: not signed by key %d: %v", tt.preset, tt.alg, tt.wantKey, err)
		}
	}
}

func TestKeysAreMadeOnceAndRetriedAfterAnError(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	source := pool.Keys()
	iss := newIssuer(t, issuer.WithKeys(func(alg jose.SignatureAlgorithm) (crypto.Signer, error) {
		if calls.Add(1) <= 3 {
			return nil, http.ErrAbortHandler
		}
		return source(alg)
	}))
	if _, err := iss.Mint(issuer.Request{}); err == nil {
		t.Fatal("minted without a key")
	}
	if w := get(iss, http.MethodGet, "/keys"); w.Code != 200 {
		t.Errorf("second try: %d, want 200", w.Code)
	}
	mint(t, iss, issuer.Request{})
	if n := calls.Load(); n != 6 {
		t.Errorf("the source was called %d times, want 6", n)
	}
}

func TestPool(t *testing.T) {
	t.Parallel()
	var p issuer.Pool
	one, other := p.Keys(), p.Keys()
	public := func(source issuer.NewKeyFunc, alg jose.SignatureAlgorithm) crypto.PublicKey {
		key, err := source(alg)
		if err != nil {
			t.Fatal(err)
		}
		return key.Public()
	}
	equal := func(a, b crypto.PublicKey) bool { return a.(interface{ Equal(crypto.PublicKey) bool }).Equal(b) }
	first, second := public(one, jose.ES256), public(one, jose.ES256)
	if equal(first, second) {
		t.Error("one source gave a key twice")
	}
	if !equal(first, public(other, jose.ES256)) || !equal(second, public(other, jose.ES256)) {
		t.Error("two sources of a pool gave different keys")
	}
	if !equal(public(one, jose.RS256), public(other, jose.PS512)) {
		t.Error("RS256 and PS512 do not share a key")
	}
	if _, err := one("none"); err == nil || !strings.Contains(err.Error(), `"none"`) {
		t.Errorf("algorithm none: error is %v", err)
	}
	if _, err := one(""); err == nil {
		t.Error("an empty algorithm got a key")
	}
	if _, err := other(jose.RS256); err != nil {
		t.Errorf("after an unknown algorithm: %v", err)
	}
}

func TestRotateEndsAtOverlap(t *testing.T) {
	t.Parallel()
	now := start
	iss := newIssuer(t, issuer.WithPreset("other"), issuer.WithNow(func() time.Time { return now }))
	count := func() int {
		set, err := iss.JWKS()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(set), `"kid"`)
	}
	steps := []struct {
		after   time.Duration
		rotate  bool
		publish bool
		want    int
	}{
		{0, true, true, 4},
		{time.Minute, true, false, 4},            // the third is not shown
		{10*time.Minute - 1, false, false, 4},    //
		{10 * time.Minute, false, false, 3},      // the first has gone
		{11 * time.Minute, false, false, 2},      // and the second
		{11 * time.Minute, true, true, 4},        // the third and the fourth
		{21*time.Minute - 1, false, false, 4},    //
		{21 * time.Minute, false, false, 3},      // two that never signed and the fourth
		{1000 * 24 * time.Hour, false, false, 3}, //
	}
	for n, step := range steps {
		now = start.Add(step.after)
		if step.rotate {
			if _, err := iss.Rotate(step.publish); err != nil {
				t.Fatal(err)
			}
		}
		if got := count(); got != step.want {
			t.Errorf("step %d: %d keys, want %d", n, got, step.want)
		}
	}
}

func TestTamper(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	iss.SetTampers(
		issuer.Tamper{Header: func(h map[string]any) { delete(h, "kid") }},
		issuer.Tamper{
			Serve: func(document string, w http.ResponseWriter, _ *http.Request) bool {
				if document == "jwks" {
					w.WriteHeader(http.StatusTeapot)
				}
				return document == "jwks"
			},
			Document: func(document string, body []byte) ([]byte, error) {
				if document == "jwks" {
					return nil, http.ErrAbortHandler
				}
				return append([]byte(" "), body...), nil
			},
			Token: func(compact string) (string, error) { return compact + "x", nil },
		})
	token := mint(t, iss, issuer.Request{})
	if _, has := token.Header["kid"]; has || !strings.HasSuffix(token.Raw, "x") {
		t.Errorf("token %v was not tampered with", token)
	}
	if header, _ := issuertest.Decode(t, token.Raw); header["kid"] != nil {
		t.Errorf("signed header is %v", header)
	}
	if w := get(iss, http.MethodGet, "/keys"); w.Code != http.StatusTeapot {
		t.Errorf("keys: %d, want 418", w.Code)
	}
	if body := get(iss, http.MethodGet, "/.well-known/openid-configuration").Body.String(); !strings.HasPrefix(body, ` {"issuer"`) {
		t.Errorf("discovery is %q", body)
	}
	if _, err := iss.JWKS(); err == nil {
		t.Error("jwks: no error")
	}
	iss.SetTampers()
	if w := get(iss, http.MethodGet, "/keys"); w.Code != http.StatusOK {
		t.Errorf("keys without faults: %d, want 200", w.Code)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]string{"job", "long", "elliptic", "other", "no-iss"}, platform.PresetNames()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s, err := platform.Service(""); err != nil || s != &platform.Services[0] {
		t.Errorf("main service: %v, %v", s, err)
	}
	iss := newIssuer(t)
	if iss.Platform() != platform || iss.URL() != "https://token.acme.example" {
		t.Errorf("issuer says %s %s", iss.Platform().Name, iss.URL())
	}
}

func FuzzWithURL(f *testing.F) {
	for _, seed := range []string{"https://h", "https://h/{a}", "https://h/{", "https://h/a%2Fb/", "https://h/:80", "//h", "https://h/ü", "https://[::1]:1/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		iss, err := issuer.New(platform, issuer.WithURL(address), issuer.WithKeys(pool.Keys()))
		if err != nil {
			return
		}
		doc, err := iss.Discovery()
		if err != nil {
			t.Fatal(err)
		}
		if w := get(iss, http.MethodGet, iss.DiscoveryURL()); w.Code != http.StatusOK {
			t.Errorf("GET %s: %d, want 200", iss.DiscoveryURL(), w.Code)
		}
		if got := issuertest.Object(t, doc)["issuer"]; got != address {
			t.Errorf("issuer is %q, want %q", got, address)
		}
	})
}
