package issuer_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// newKey is a key of the standard library's for an algorithm.
func newKey(t *testing.T, alg jose.SignatureAlgorithm) crypto.Signer {
	t.Helper()
	key, err := issuer.GenerateKey(alg)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestSigningKeys has two issuers, a year apart, given the same keys: what they publish must be the same, also where a
// key id is made from a certificate.
func TestSigningKeys(t *testing.T) {
	t.Parallel()
	keys := []issuer.SigningKey{{Key: newKey(t, jose.ES384)}, {Key: newKey(t, jose.RS256)}, {Key: newKey(t, jose.RS256), ID: "mine"}}
	var sets [2]string
	for n := range sets {
		now := start.AddDate(n, 0, 0)
		iss := newIssuer(t, issuer.WithSigningKeys(keys...), issuer.WithNow(func() time.Time { return now }))
		body, err := iss.JWKS()
		if err != nil {
			t.Fatal(err)
		}
		sets[n] = string(body)
		listed := published(t, iss)
		for spot, want := range []int{2, 1, 0} { // the first RSA key is the one that signs
			if !listed.Keys[spot].Key.(interface{ Equal(crypto.PublicKey) bool }).Equal(keys[want].Key.Public()) {
				t.Errorf("key %d of the set is not key %d of those given", spot, want)
			}
		}
		if listed.Keys[0].KeyID != "mine" {
			t.Errorf("kid %q, want that of the key", listed.Keys[0].KeyID)
		}
		token := mint(t, iss, issuer.Request{})
		jws, err := jose.ParseSignedCompact(token.Raw, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jws.Verify(keys[1].Key.Public()); err != nil || token.Header["kid"] != listed.Keys[1].KeyID {
			t.Errorf("kid %v, error %v: not signed by the key given", token.Header["kid"], err)
		}
		kid, err := iss.Rotate(true)
		if err != nil || kid == listed.Keys[1].KeyID {
			t.Errorf("rotated to %q, error %v: want another key", kid, err)
		}
	}
	if diff := cmp.Diff(sets[0], sets[1]); diff != "" {
		t.Errorf("key sets of two issuers with the same keys (-one +other):\n%s", diff)
	}
}

// TestSigningKeyForAnotherAlgorithm has the certificate, whose hash is the key id, signed by ECDSA.
func TestSigningKeyForAnotherAlgorithm(t *testing.T) {
	t.Parallel()
	key := issuer.SigningKey{Key: newKey(t, jose.ES256)}
	var ids [2]any
	for n := range ids {
		ids[n] = mint(t, newIssuer(t, issuer.WithAlg("ES256"), issuer.WithSigningKeys(key)), issuer.Request{}).Header["kid"]
	}
	if ids[0] != ids[1] {
		t.Errorf("kids %v of the same key", ids)
	}
}

// TestSigningKeyWithCertificate publishes a certificate that came with the key.
func TestSigningKeyWithCertificate(t *testing.T) {
	t.Parallel()
	key := newKey(t, jose.RS256)
	template := &x509.Certificate{SerialNumber: big.NewInt(42), NotBefore: start, NotAfter: start.AddDate(1, 0, 0)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	given, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	iss := newIssuer(t, issuer.WithSigningKeys(issuer.SigningKey{Key: key, Certificate: given}))
	if signer := published(t, iss).Keys[1]; len(signer.Certificates) != 1 || !signer.Certificates[0].Equal(given) {
		t.Errorf("x5c of the key that signs has %d certificates, want the one given", len(signer.Certificates))
	}
}

func TestSigningKeysRefused(t *testing.T) {
	t.Parallel()
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := newKey(t, jose.RS256)
	tests := []struct {
		name string
		keys []issuer.SigningKey
		want string
	}{
		{"short", []issuer.SigningKey{{Key: short}}, "an RSA key of 1024 bits: want 2048 bits or more"},
		{"curve", []issuer.SigningKey{{Key: p224}}, "an ECDSA key on P-224: want RSA, or ECDSA on P-256, P-384 or P-521"},
		{"EdDSA", []issuer.SigningKey{{Key: edwards}}, "a key of type ed25519.PublicKey: want RSA"},
		{"none", []issuer.SigningKey{{ID: "mine"}}, `no key with kid "mine": want RSA`},
		{"nil", []issuer.SigningKey{{Key: (*rsa.PrivateKey)(nil)}}, "no key: want RSA"},
		{"nil of a curve", []issuer.SigningKey{{Key: (*ecdsa.PrivateKey)(nil)}}, "no key: want RSA"},
		{"zero", []issuer.SigningKey{{Key: &rsa.PrivateKey{}}}, "no key: want RSA"},
		{"zero of a curve", []issuer.SigningKey{{Key: &ecdsa.PrivateKey{}}}, "no key: want RSA"},
		{"other curve", []issuer.SigningKey{{Key: newKey(t, jose.ES256)}}, "acme: no place for an ECDSA key on P-256: its keys are for RS256, RS256, ES384"},
		{"too many", []issuer.SigningKey{{Key: good}, {Key: good}, {Key: good}}, "acme: no place for an RSA key of 2048 bits"},
		{"not the one that signs", []issuer.SigningKey{{Key: newKey(t, jose.ES384)}}, "acme signs with RS256, and none of the keys given is for it"},
		{"for another algorithm", []issuer.SigningKey{{Key: good, Alg: jose.PS256}}, "no place for an RSA key of 2048 bits for PS256"},
		{"one kid", []issuer.SigningKey{{Key: good, ID: "a"}, {Key: newKey(t, jose.ES384), ID: "a"}}, `two of the keys given have the kid "a"`},
		{"unknown algorithm", []issuer.SigningKey{{Key: good, Alg: "RSA-OAEP"}}, "for RSA-OAEP: want"},
	}
	for _, tt := range tests {
		if _, err := issuer.New(platform, issuer.WithSigningKeys(tt.keys...)); err == nil || !strings.HasPrefix(err.Error(), "issuer: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q in it", tt.name, err, tt.want)
		}
	}
}

// TestSigningKeysOfOthers asks for an issuer that is there with other keys, at its URL and at another address.
func TestSigningKeysOfOthers(t *testing.T) {
	t.Parallel()
	mine := issuer.WithSigningKeys(issuer.SigningKey{Key: newKey(t, jose.RS256)})
	others := issuer.WithSigningKeys(issuer.SigningKey{Key: newKey(t, jose.RS256)})
	there := newIssuer(t, mine)
	for name, tt := range map[string]struct {
		opts []issuer.Option
		want bool
	}{
		"the same": {[]issuer.Option{mine}, true}, "none": {nil, true}, "another": {[]issuer.Option{others}, false},
	} {
		if err := newIssuer(t, tt.opts...).Join(there); (err == nil) != tt.want {
			t.Errorf("%s: join: error %v", name, err)
		}
		byPath := newIssuer(t, append(tt.opts, issuer.WithURL("https://127.0.0.1:8443/acme"), issuer.WithHome(there.URL()))...)
		if shared, err := byPath.ShareKeys(there); (err == nil) != tt.want || shared != tt.want {
			t.Errorf("%s: share keys: %v, error %v", name, shared, err)
		}
	}
	if err := newIssuer(t, mine).Join(newIssuer(t)); err == nil || !strings.Contains(err.Error(), "with other keys than those given") {
		t.Errorf("join of one with keys that it made: error %v", err)
	}
}

// TestSigningKeysAreNotPrinted prints them with every verb.
func TestSigningKeysAreNotPrinted(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	given := issuer.SigningKey{Key: key, ID: "mine"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("key", "key", given)
	text := fmt.Sprintf("%v %+v %#v %s %d %x", given, &given, given, []issuer.SigningKey{given}, given, given) + log.String()
	for _, secret := range []string{key.D.String(), key.D.Text(16), key.Primes[0].String()} {
		if strings.Contains(text, secret) {
			t.Errorf("a part of the key is printed: %s", text)
		}
	}
	if strings.Count(text, "an RSA key of 2048 bits") != 7 {
		t.Errorf("it does not say which key it is: %s", text)
	}
}
