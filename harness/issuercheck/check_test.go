package issuercheck_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/issuerd/issuerd/harness/issuercheck"
)

// site is an issuer that says what a row wants. {url} is its URL in both documents.
type site struct {
	discovery, jwks string
	kind            string // Content-Type; empty: application/json
	redirect        bool   // of the discovery document
	slash           bool   // the issuer's URL ends with one
}

// jwk is a public key as a member of a set, with further members.
func jwk(t *testing.T, key any, kid string, members map[string]any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(jose.JSONWebKey{Key: key, KeyID: kid})
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	for name, value := range members {
		out[name] = value
	}
	return out
}

func set(t *testing.T, keys ...map[string]any) string {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// start serves a site.
func (s site) start(t *testing.T) (url string, client *http.Client) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := s.discovery
		if r.URL.Path == "/keys" {
			body = s.jwks
		} else if s.redirect {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
			return
		}
		if body == "" {
			http.NotFound(w, r)
			return
		}
		kind := s.kind
		if kind == "" {
			kind = "application/json"
		}
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write([]byte(strings.ReplaceAll(body, "{url}", url))) // a failure shows as a finding
	})
	server.StartTLS()
	t.Cleanup(server.Close)
	url = server.URL
	if s.slash {
		url += "/"
	}
	return url, server.Client()
}

const good = `{"issuer":"{url}","jwks_uri":"{url}/keys","subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}`

func TestCheck(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	one := jwk(t, &rsaKey.PublicKey, "one", map[string]any{"use": "sig", "alg": "RS256"})
	two := jwk(t, &rsaKey.PublicKey, "two", nil)
	ec := jwk(t, &ecKey.PublicKey, "ec", nil)
	var many []map[string]any
	for i := range 101 {
		many = append(many, jwk(t, &rsaKey.PublicKey, fmt.Sprint("k", i), nil))
	}
	for _, tt := range []struct {
		name     string
		site     site
		previous string
		codes    []int    // of the bad findings
		says     []string // in any finding
	}{
		{"good", site{discovery: good, jwks: set(t, one, two)}, "", nil, []string{"byte for byte", "2 keys, of which 2 can verify tokens"}},
		{"one key", site{discovery: good, jwks: set(t, one)}, "", nil, []string{"there is one key"}},
		{"a slash too few", site{discovery: `{"issuer":"{url}","jwks_uri":"{url}keys"}`, jwks: set(t, one), slash: true}, "", nil, []string{"ends with a slash"}},
		{"a slash too many", site{discovery: `{"issuer":"{url}/","jwks_uri":"{url}/keys"}`, jwks: set(t, one)}, "", []int{501661}, []string{"differ in the final slash", "1 key, of which 1"}},
		{"no discovery document", site{jwks: set(t, one)}, "", []int{501661}, []string{"HTTP status 404"}},
		{"HTML", site{discovery: "<html>", kind: "text/html"}, "", []int{501661}, []string{"there is HTML", `content type "text/html"`}},
		{"a redirect", site{redirect: true}, "", nil, []string{"is a redirect (302) to https://elsewhere.example/"}},
		{"no key set", site{discovery: good}, "", []int{90061}, []string{"jwks: HTTP status 404"}},
		{"keys over http", site{discovery: `{"issuer":"{url}","jwks_uri":"http://keys.example"}`}, "", []int{90061}, []string{"no https URL"}},
		{"an empty list", site{discovery: `{"issuer":"{url}","jwks_uri":"{url}/keys","subject_types_supported":[]}`, jwks: set(t, one)}, "", []int{501661}, []string{"subject_types_supported is empty"}},
		{"SPIRE's empty endpoint", site{discovery: `{"issuer":"{url}","jwks_uri":"{url}/keys","authorization_endpoint":""}`, jwks: set(t, one)}, "", nil, []string{"authorization_endpoint is empty"}},
		{"a set that is none", site{discovery: good, jwks: `{"keys":1}`}, "", []int{900612}, []string{"not a JSON object with a list of keys"}},
		{"an empty set", site{discovery: good, jwks: `{"keys":[]}`}, "", []int{7000272}, []string{"the key set is empty"}},
		{"elliptic curves only", site{discovery: good, jwks: set(t, ec)}, "", []int{5002738}, []string{"it is no RSA key"}},
		{"a key for encryption", site{discovery: good, jwks: set(t, jwk(t, &rsaKey.PublicKey, "one", map[string]any{"use": "enc"}))}, "", []int{7000272}, []string{`its use is "enc"`}},
		{"no kid", site{discovery: good, jwks: set(t, jwk(t, &rsaKey.PublicKey, "", nil))}, "", []int{7000272}, []string{"it has no kid"}},
		{"too many", site{discovery: good, jwks: set(t, many...)}, "", nil, []string{"101 signing keys: Entra looks at the first 100", `the key "k100" signs: it comes after the first 100 keys`}},
		{"a private key", site{discovery: good, jwks: set(t, jwk(t, rsaKey, "one", nil), two)}, "", nil, []string{"private members"}},
		{"rotated with overlap", site{discovery: good, jwks: set(t, one, two)}, set(t, one), nil, []string{"every key of the earlier set is still there"}},
		{"rotated without", site{discovery: good, jwks: set(t, two)}, set(t, one), []int{7000272}, []string{"no key of the earlier set"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url, client := tt.site.start(t)
			o := issuercheck.Options{Client: client, Private: true}
			if tt.previous != "" {
				o.Previous = []byte(tt.previous)
			}
			r, err := issuercheck.Check(t.Context(), url, o)
			if err != nil {
				t.Fatal(err)
			}
			var codes []int
			var text strings.Builder
			for _, f := range r.Findings {
				fmt.Fprintln(&text, f.Level, f.About, f.Text, f.Code)
				if f.Level == issuercheck.Bad {
					codes = append(codes, f.Code)
				}
			}
			if !slices.Equal(codes, tt.codes) || (r.Verdict() == issuercheck.Refused) != (len(tt.codes) > 0) || !r.Answered {
				t.Errorf("codes %v, want %v; verdict %s, answered %t\n%s", codes, tt.codes, r.Verdict(), r.Answered, &text)
			}
			for _, want := range tt.says {
				if !strings.Contains(text.String(), want) {
					t.Errorf("no finding says %q:\n%s", want, &text)
				}
			}
		})
	}
}

// TestToken has tokens of an issuer, one that is as it must be and ones that are not.
func TestToken(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	url, client := site{discovery: good, jwks: set(t, jwk(t, &key.PublicKey, "one", nil))}.start(t)
	sign := func(key *rsa.PrivateKey, kid string, change map[string]any) string {
		claims := map[string]any{"iss": url, "sub": "a", "aud": "api://AzureADTokenExchange", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
		for name, value := range change {
			claims[name] = value
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		token, err := jwt.Signed(signer).Claims(claims).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for _, tt := range []struct {
		name, token string
		codes       []int
		says        string
	}{
		{"good", sign(key, "one", nil), nil, "all 10 checks"},
		{"another audience", sign(key, "one", map[string]any{"aud": "sts.amazonaws.com"}), nil, `its audience is "sts.amazonaws.com"`},
		{"another issuer", sign(key, "one", map[string]any{"iss": url + "/"}), []int{700211}, "differ in the final slash"},
		{"another kid", sign(key, "two", nil), []int{7000272}, `want "one", got "two"`},
		{"another key", sign(other, "one", nil), []int{7000274}, "signature"},
		{"expired", sign(key, "one", map[string]any{"iat": now.Add(-3 * time.Hour).Unix(), "exp": now.Add(-2 * time.Hour).Unix()}), []int{700024}, "valid time"},
		{"no iat", sign(key, "one", map[string]any{"iat": 0}), []int{70023}, "lifetime"},
		{"no token", "x", []int{50027}, "assertion format"},
	} {
		r, err := issuercheck.Check(t.Context(), url, issuercheck.Options{Client: client, Private: true, Token: tt.token, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		var codes []int
		said := false
		for _, f := range r.Findings {
			if f.Level == issuercheck.Bad {
				codes = append(codes, f.Code)
			}
			said = said || f.About == "token" && strings.Contains(f.Text, tt.says)
		}
		if !slices.Equal(codes, tt.codes) || !said {
			t.Errorf("%s: codes %v, want %v; says %q: %t; %+v", tt.name, codes, tt.codes, tt.says, said, r.Findings)
		}
		if raw, err := json.Marshal(r); err != nil || len(tt.token) > 1 && strings.Contains(string(raw), tt.token[strings.LastIndexByte(tt.token, '.'):]) {
			t.Errorf("%s: the report has the token's signature, or %v", tt.name, err)
		}
	}
}

// TestCertificates has servers whose certificates Entra would not take.
func TestCertificates(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, tt := range []struct {
		name     string
		host     string
		ends     time.Duration
		trusted  bool
		ok       bool
		says     string
		answered bool
	}{
		{"good", "127.0.0.1", 90 * 24 * time.Hour, true, true, "has a valid certificate", true},
		{"soon over", "127.0.0.1", 3 * 24 * time.Hour, true, true, "in 2 days", true},
		{"over", "127.0.0.1", -time.Hour, true, false, "is not valid now", true},
		{"of another name", "other.example", time.Hour, true, false, "the certificate is not for", true},
		{"of nobody", "127.0.0.1", time.Hour, false, false, "of no authority that is known here", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			template := &x509.Certificate{
				SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a test"}, NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(tt.ends),
				IsCA: true, BasicConstraintsValid: true,
			}
			if ip := net.ParseIP(tt.host); ip != nil {
				template.IPAddresses = []net.IP{ip}
			} else {
				template.DNSNames = []string{tt.host}
			}
			der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
			if err != nil {
				t.Fatal(err)
			}
			certificate, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewUnstartedServer(http.NotFoundHandler())
			server.Config.ErrorLog = nil
			server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
			server.StartTLS()
			defer server.Close()
			roots := x509.NewCertPool()
			if tt.trusted {
				roots.AddCert(certificate)
			}
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
			r, err := issuercheck.Check(t.Context(), server.URL, issuercheck.Options{Client: client, Private: true, Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(r.Findings, func(f issuercheck.Finding) bool { return f.About == "tls" && strings.Contains(f.Text, tt.says) })
			if i < 0 || (r.Findings[i].Level == issuercheck.Bad) == tt.ok || r.Answered != tt.answered {
				t.Errorf("no finding about the certificate says %q as it should, or answered is %t: %+v", tt.says, r.Answered, r.Findings)
			}
		})
	}
}

// TestAddresses has URLs that are none, and addresses that Entra cannot reach.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "foo", "ftp://x.example", "https://", "https://user:pass@x.example", "https://a b.example"} {
		if _, err := issuercheck.Check(t.Context(), url, issuercheck.Options{}); err == nil {
			t.Errorf("%q: no error", url)
		} else if strings.Contains(err.Error(), "pass@") {
			t.Errorf("%q: the error repeats a password: %v", url, err)
		}
	}
	url, client := site{discovery: good, jwks: `{"keys":[]}`}.start(t)
	r, err := issuercheck.Check(t.Context(), url+"/.well-known/openid-configuration", issuercheck.Options{Client: client})
	if err != nil {
		t.Fatal(err)
	}
	if r.Issuer != url || !slices.ContainsFunc(r.Findings, func(f issuercheck.Finding) bool {
		return f.Level == issuercheck.Bad && f.About == "address" && strings.Contains(f.Text, "no address of the internet")
	}) {
		t.Errorf("issuer %q, want %q; no finding about the address: %+v", r.Issuer, url, r.Findings)
	}
	if _, err := issuercheck.Check(t.Context(), url, issuercheck.Options{Client: client, Previous: []byte("AADSTS700213")}); err == nil || !strings.Contains(err.Error(), "JWK Set") {
		t.Errorf("an earlier key set that is none: error %v", err)
	}
	r, err = issuercheck.Check(t.Context(), "http://issuer.example", issuercheck.Options{Client: client})
	if err != nil || r.Asked || r.Verdict() != issuercheck.Refused {
		t.Errorf("an issuer that is not https: error %v, asked %t, verdict %s", err, r.Asked, r.Verdict())
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	r, err = issuercheck.Check(t.Context(), strings.Replace(gone.URL, "http:", "https:", 1), issuercheck.Options{Client: client})
	if err != nil || r.Answered || r.Verdict() != issuercheck.NotKnown {
		t.Errorf("nobody there: error %v, answered %t, verdict %s", err, r.Answered, r.Verdict())
	}
}
