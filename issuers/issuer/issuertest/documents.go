package issuertest

import (
	"crypto"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/issuers/issuer"
)

func testDescribed(b *bench) {
	switch {
	case b.preset.About == "" || strings.Contains(b.preset.About, "\n"):
		b.Errorf("About is %q, want one line", b.preset.About)
	case strings.ToLower(b.preset.Name) != b.preset.Name || strings.ContainsAny(b.preset.Name, "_ ."):
		b.Errorf("preset %q: want lower-case words joined by -", b.preset.Name)
	}
}

func testDiscovery(b *bench) {
	iss := b.issuer()
	client := serve(b, iss)
	body := b.get(client, iss.DiscoveryURL(), b.service.Headers.Discovery, b.service.Headers.Cache)
	doc := Object(b, body)
	if doc["issuer"] != iss.URL() {
		b.Errorf("discovery: issuer is %q, want %q", doc["issuer"], iss.URL())
	}
	if doc["jwks_uri"] != iss.JWKSURL() {
		b.Errorf("discovery: jwks_uri is %q, want %q", doc["jwks_uri"], iss.JWKSURL())
	}
	if strings.Contains(string(body), "{issuer}") {
		b.Errorf("discovery: the text {issuer} is left in %s", body)
	}

	_, claims := Decode(b, b.mint(iss, nil).Raw)
	got, has := claims["iss"]
	if !has && !b.removes("iss") {
		b.Error("token has no iss, and the preset does not remove it")
	}
	if has && got != doc["issuer"] {
		b.Errorf("token: iss is %q, discovery says %q", got, doc["issuer"])
	}
}

func testDiscoveryNeedsNoKey(b *bench) {
	var made atomic.Int32
	iss := b.issuer(issuer.WithKeys(func(alg jose.SignatureAlgorithm) (crypto.Signer, error) {
		made.Add(1)
		return issuer.GenerateTestKey(alg)
	}))
	client := serve(b, iss)
	b.get(client, iss.DiscoveryURL(), b.service.Headers.Discovery, b.service.Headers.Cache)
	if n := made.Load(); n != 0 {
		b.Errorf("discovery made %d keys, want 0", n)
	}
	b.mint(iss, nil)
	if n, want := int(made.Load()), len(b.service.Keys); n != want {
		b.Errorf("the first token made %d keys, want %d", n, want)
	}
}

func testJWKS(b *bench) {
	iss := b.issuer()
	client := serve(b, iss)
	cache := b.service.Headers.JWKSCache
	if cache == "" {
		cache = b.service.Headers.Cache
	}
	keys := jwks(b, b.get(client, iss.JWKSURL(), b.service.Headers.JWKS, cache))
	if len(keys) != len(b.service.Keys) {
		b.Errorf("jwks: %d keys, want %d", len(keys), len(b.service.Keys))
	}
	header, _ := Decode(b, b.mint(iss, nil).Raw)
	seen := map[string]bool{}
	for _, key := range keys {
		kid, _ := key["kid"].(string)
		if seen[kid] || kid == "" {
			b.Errorf("jwks: kid %q is empty or there twice", kid)
		}
		seen[kid] = true
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if _, has := key[private]; has {
				b.Errorf("jwks: key %q holds the private member %q", kid, private)
			}
		}
		testThumbprint(b, key)
		if kid == header["kid"] && key["x5t"] != header["x5t"] {
			b.Errorf("header: x5t is %q, the key's %q", header["x5t"], key["x5t"])
		}
	}
	if kid, _ := header["kid"].(string); !seen[kid] {
		b.Errorf("the token's kid %q is not in the jwks", kid)
	}
}

// testThumbprint wants x5t = base64url(SHA-1(x5c[0])). That the certificate holds the key is checked by go-jose when it
// parses.
func testThumbprint(b *bench, key map[string]any) {
	b.Helper()
	text, err := json.Marshal(key)
	if err != nil {
		b.Fatal(err)
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(text); err != nil || !jwk.Valid() || !jwk.IsPublic() {
		b.Fatalf("jwks: key %q: not a valid public key: %v", key["kid"], err)
	}
	if len(jwk.Certificates) == 0 {
		if key["x5t"] != nil {
			b.Errorf("jwks: key %q has x5t but no x5c", key["kid"])
		}
		return
	}
	sum := sha1.Sum(jwk.Certificates[0].Raw)
	if want := base64.RawURLEncoding.EncodeToString(sum[:]); key["x5t"] != want {
		b.Errorf("jwks: key %q: x5t is %q, want %q", key["kid"], key["x5t"], want)
	}
}

// testMoved wants an issuer at another URL to have everything there.
func testMoved(b *bench) {
	const base = "https://127.0.0.1:8443/a/b"
	iss := b.issuer(issuer.WithURL(base))
	client := serve(b, iss)
	doc := Object(b, b.get(client, base+"/.well-known/openid-configuration", b.service.Headers.Discovery, b.service.Headers.Cache))
	if doc["issuer"] != base {
		b.Errorf("discovery: issuer is %q, want %q", doc["issuer"], base)
	}
	if uri, _ := doc["jwks_uri"].(string); !strings.HasPrefix(uri, base+"/") {
		b.Errorf("discovery: jwks_uri is %q, want it below %q", uri, base)
	}
	token := b.mint(iss, nil)
	if err := verifySignature(client, iss, token); err != nil {
		b.Error(err)
	}
	if token.Claims["iss"] != base && !b.removes("iss") {
		b.Errorf("token: iss is %q, want %q", token.Claims["iss"], base)
	}
}

// get fetches a document and checks what HTTP says about it. An empty want means application/json.
func (b *bench) get(client *http.Client, url, contentType, cache string) []byte {
	b.Helper()
	response, err := client.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	if contentType == "" {
		contentType = "application/json"
	}
	if got := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || got != contentType {
		b.Fatalf("GET %s: %s, Content-Type %q, want 200 and %q", url, response.Status, got, contentType)
	}
	if got := response.Header.Get("Cache-Control"); got != cache {
		b.Errorf("GET %s: Cache-Control is %q, want %q", url, got, cache)
	}
	return body
}

func jwks(b *bench, text []byte) []map[string]any {
	b.Helper()
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(text, &set); err != nil {
		b.Fatalf("jwks: %v", err)
	}
	return set.Keys
}
