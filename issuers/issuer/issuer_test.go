package issuer_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

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
			Headers: issuer.DocumentTypes{JWKS: "application/jwk-set+json", Cache: "max-age=60", JWKSCache: "max-age=30"},
			CORS:    issuer.CORSAnyOrigin,
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
		{Name: "long", About: "a long job", Lifetime: time.Hour, NotYet: issuer.Seconds(0), Settings: map[string]any{"word": "long"}},
		{Name: "elliptic", About: "a job signed with ES384", Signer: issuer.Seconds(2)},
		{Name: "other", About: "a job elsewhere", Service: "other"},
		{Name: "no-iss", About: "a job without iss", Service: "other", Claims: issuer.Claims{"iss": nil}},
	},
	Claims: func(req issuer.Request) (issuer.Claims, error) {
		reader := issuer.ClaimReader{Platform: "acme", Claims: req.Claims}
		word, _ := req.Settings["word"].(string)
		return issuer.Claims{"sub": "job:" + reader.Text("job", "build") + word, "gone": "here", "aud": "a", "service": "s" + req.Service}, reader.Err
	},
}

func newIssuer(t testing.TB, opts ...issuer.Option) *issuer.Issuer {
	t.Helper()
	defaults := []issuer.Option{issuer.WithNow(func() time.Time { return start }), issuer.WithKeys(issuer.GenerateTestKey)}
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
		{"url with dots", platform, issuer.WithURL("https://h/a/%2e%2e/b"), `issuer: url "https://h/a/%2e%2e/b": want a path without . and .. in it, which clients resolve before they ask`},
		{"url with a space", platform, issuer.WithURL("https://h/a b"), `issuer: url "https://h/a b": want no space or control character in it, which clients escape before they ask`},
		{"url with a port too high", platform, issuer.WithURL("https://h:99999/a"), `issuer: url "https://h:99999/a": want a port of 1 to 65535`},
		{"url with a dot", platform, issuer.WithURL("https://h/."), `issuer: url "https://h/.": want a path without . and .. in it, which clients resolve before they ask`},
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
			Token: func(signed issuer.Signed) (string, error) { return signed.Compact + "x", nil },
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

// TestTamperNative puts a fault in front of a workload's token API.
func TestTamperNative(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	api := iss.Native(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	ask := func(path string) int {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code
	}
	iss.SetTampers(issuer.Tamper{}, issuer.Tamper{Native: func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" {
			w.WriteHeader(http.StatusTeapot)
		}
		return r.URL.Path == "/token"
	}})
	if got := ask("/token"); got != http.StatusTeapot {
		t.Errorf("what the fault answers: %d, want 418", got)
	}
	if got := ask("/other"); got != http.StatusNoContent {
		t.Errorf("what it leaves alone: %d, want 204", got)
	}
	iss.SetTampers()
	if got := ask("/token"); got != http.StatusNoContent {
		t.Errorf("without faults: %d, want 204", got)
	}
}

// TestAt has an issuer at a second URL, whose documents name that URL and list the keys of the first, also after a
// rotation.
func TestAt(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	const second = "https://acme.example/second"
	other, err := iss.At(second)
	if err != nil {
		t.Fatal(err)
	}
	iss.SetTampers(issuer.Tamper{Header: func(h map[string]any) { h["typ"] = "odd" }})
	for _, step := range []string{"at first", "after a rotation"} {
		usual := mint(t, iss, issuer.Request{Claims: issuer.Claims{"iss": second}})
		own := mint(t, other, issuer.Request{})
		if usual.Header["kid"] != own.Header["kid"] || own.Claims["iss"] != second {
			t.Errorf("%s: tokens %v and %v, want one key and iss %q", step, usual, own, second)
		}
		if own.Header["typ"] == "odd" {
			t.Errorf("%s: the first issuer's fault is in force at the second URL", step)
		}
		keys, err := iss.JWKS()
		if err != nil {
			t.Fatal(err)
		}
		if w := get(other, http.MethodGet, "/second/keys"); w.Body.String() != string(keys) {
			t.Errorf("%s: keys %q, want those of the first issuer, %q", step, w.Body, keys)
		}
		if _, err := iss.Rotate(true); err != nil {
			t.Fatal(err)
		}
	}
	body := get(other, http.MethodGet, "/second/.well-known/openid-configuration").Body.String()
	for _, want := range []string{`"issuer":"` + second + `"`, `"jwks_uri":"` + second + `/keys"`} {
		if !strings.Contains(body, want) {
			t.Errorf("discovery %s lacks %s", body, want)
		}
	}
	if _, err := iss.At("second"); err == nil {
		t.Error("made an issuer at no URL")
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
