package issuer_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/issuers/issuer"
)

func newTestKey(t testing.TB) *issuer.TestKey {
	t.Helper()
	key, err := issuer.NewTestKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestTestKeyLength makes many keys: each has 2048 bits, an exponent as others have, and its own n.
func TestTestKeyLength(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for n := range 50 {
		public := newTestKey(t).Public().(*rsa.PublicKey)
		if public.N.BitLen() != 2048 || public.E != 65537 {
			t.Errorf("key %d: %d bits, e is %d", n, public.N.BitLen(), public.E)
		}
		if seen[public.N.String()] {
			t.Errorf("key %d was made before", n)
		}
		seen[public.N.String()] = true
	}
}

// TestTestKeyFromRandomness makes the same key from the same bytes, and none from a source that ends.
func TestTestKeyFromRandomness(t *testing.T) {
	t.Parallel()
	key := func(seed byte) *issuer.TestKey {
		key, err := issuer.NewTestKey(mathrand.NewChaCha8([32]byte{seed}))
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	if !key(1).Public().(*rsa.PublicKey).Equal(key(1).Public()) || key(1).Public().(*rsa.PublicKey).Equal(key(2).Public()) {
		t.Error("the bytes that the source gives do not decide the key")
	}
	if _, err := issuer.NewTestKey(bytes.NewReader(make([]byte, 100))); err == nil {
		t.Error("made a key from 100 bytes")
	}
	// One number again and again: the second prime must be another one.
	same := bytes.Repeat(prime(t), 20)
	if _, err := issuer.NewTestKey(bytes.NewReader(same)); err == nil {
		t.Error("made a key whose primes are one")
	}
}

// prime is a prime as NewTestKey reads it.
func prime(t *testing.T) []byte {
	for {
		raw := make([]byte, 32)
		_, _ = rand.Read(raw)
		raw[0] |= 0xf0
		raw[31] |= 1
		if new(big.Int).SetBytes(raw).ProbablyPrime(20) {
			return raw
		}
	}
}

// digests are those of the algorithms of JWA.
var digests = []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}

// TestTestKeySigns verifies with crypto/rsa, which knows nothing of the primes.
func TestTestKeySigns(t *testing.T) {
	t.Parallel()
	key := newTestKey(t)
	public := key.Public().(*rsa.PublicKey)
	for _, hash := range digests {
		for n := range 20 {
			h := hash.New()
			fmt.Fprintf(h, "message %d", n)
			digest := h.Sum(nil)
			other := append([]byte{digest[0] ^ 1}, digest[1:]...)
			signature, err := key.Sign(nil, digest, hash)
			if err != nil {
				t.Fatal(err)
			}
			if err := rsa.VerifyPKCS1v15(public, hash, digest, signature); err != nil {
				t.Errorf("%v: %v", hash, err)
			}
			if rsa.VerifyPKCS1v15(public, hash, other, signature) == nil {
				t.Errorf("%v: the signature is good for another digest", hash)
			}
			for _, salt := range []struct{ ask, want int }{
				{rsa.PSSSaltLengthEqualsHash, hash.Size()}, {rsa.PSSSaltLengthAuto, 256 - hash.Size() - 2}, {1, 1}, {20, 20},
			} {
				signature, err := key.Sign(rand.Reader, digest, &rsa.PSSOptions{SaltLength: salt.ask, Hash: hash})
				if err != nil {
					t.Fatal(err)
				}
				want := &rsa.PSSOptions{SaltLength: salt.want}
				if err := rsa.VerifyPSS(public, hash, digest, signature, want); err != nil {
					t.Errorf("%v, salt of %d: %v", hash, salt.want, err)
				}
				if rsa.VerifyPSS(public, hash, other, signature, want) == nil {
					t.Errorf("%v, salt of %d: the signature is good for another digest", hash, salt.want)
				}
			}
		}
	}
}

func TestTestKeyRefuses(t *testing.T) {
	t.Parallel()
	key := newTestKey(t)
	sum := sha1.Sum(nil)
	for name, sign := range map[string]func() ([]byte, error){
		"SHA-1":          func() ([]byte, error) { return key.Sign(nil, sum[:], crypto.SHA1) },
		"no hash":        func() ([]byte, error) { return key.Sign(nil, make([]byte, 32), crypto.Hash(0)) },
		"a short digest": func() ([]byte, error) { return key.Sign(nil, make([]byte, 31), crypto.SHA256) },
		"a salt too long": func() ([]byte, error) {
			return key.Sign(rand.Reader, make([]byte, 32), &rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: 223})
		},
		"a salt of no size": func() ([]byte, error) {
			return key.Sign(rand.Reader, make([]byte, 32), &rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: -2})
		},
		"a source that ends": func() ([]byte, error) {
			return key.Sign(strings.NewReader(""), make([]byte, 32), &rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: 32})
		},
	} {
		if signature, err := sign(); err == nil || signature != nil {
			t.Errorf("%s: got %d bytes, error %v", name, len(signature), err)
		}
	}
}

// TestTestKeyHides prints no prime, however it is asked.
func TestTestKeyHides(t *testing.T) {
	t.Parallel()
	raw := prime(t)
	source := io.MultiReader(bytes.NewReader(raw), rand.Reader)
	key, err := issuer.NewTestKey(source)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		if text := fmt.Sprintf(form, key); strings.Contains(text, new(big.Int).SetBytes(raw).String()) || strings.Contains(text, hex.EncodeToString(raw)) {
			t.Errorf("%s prints a prime", form)
		}
	}
}

// signedBy returns a token of an issuer whose keys are from the source, and its key in PEM.
func signedBy(t *testing.T, source issuer.NewKeyFunc, alg string) (token string, public []byte) {
	t.Helper()
	iss := newIssuer(t, issuer.WithAlg(alg), issuer.WithKeys(source))
	token = mint(t, iss, issuer.Request{}).Raw
	keys := published(t, iss)
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		t.Fatal(err)
	}
	key := keys.Key(jws.Signatures[0].Header.KeyID)
	if len(key) != 1 {
		t.Fatalf("%d keys %q", len(key), jws.Signatures[0].Header.KeyID)
	}
	if _, err := jws.Verify(key[0]); err != nil {
		t.Errorf("go-jose: %v", err)
	}
	if public, err = x509.MarshalPKIXPublicKey(key[0].Key); err != nil {
		t.Fatal(err)
	}
	return token, public
}

// TestSaltOfPSS has tokens signed by both kinds of keys: their salt is as long as the digest, which strict verifiers
// want.
func TestSaltOfPSS(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]issuer.NewKeyFunc{"crypto/rsa": issuer.GenerateKey, "test key": issuer.GenerateTestKey} {
		for n, alg := range []string{"PS256", "PS384", "PS512"} {
			token, raw := signedBy(t, source, alg)
			public, err := x509.ParsePKIXPublicKey(raw)
			if err != nil {
				t.Fatal(err)
			}
			signed, signature := split(t, token)
			h := digests[n].New()
			h.Write(signed)
			if err := rsa.VerifyPSS(public.(*rsa.PublicKey), digests[n], h.Sum(nil), signature, &rsa.PSSOptions{SaltLength: digests[n].Size()}); err != nil {
				t.Errorf("%s, %s: %v", name, alg, err)
			}
		}
	}
}

func split(t *testing.T, token string) (signed, signature []byte) {
	t.Helper()
	dot := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		t.Fatal(err)
	}
	return []byte(token[:dot]), signature
}

// TestTestKeyOpenSSL verifies every algorithm with OpenSSL's command.
func TestTestKeyOpenSSL(t *testing.T) {
	t.Parallel()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("ISSUERD_REQUIRE_CLIENTS") != "" {
			t.Fatal(err)
		}
		t.Skip("there is no openssl")
	}
	for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"} {
		token, public := signedBy(t, issuer.GenerateTestKey, alg)
		signed, signature := split(t, token)
		dir := t.TempDir()
		write := func(name string, data []byte) string {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		args := []string{"dgst", "-sha" + alg[2:], "-verify", write("key", public), "-keyform", "DER", "-signature", write("signature", signature)}
		if alg[0] == 'P' {
			args = append(args, "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest")
		}
		if out, err := exec.CommandContext(t.Context(), openssl, append(args, write("signed", signed))...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", alg, err, out)
		}
		if out, err := exec.CommandContext(t.Context(), openssl, append(args, write("other", append(signed, '.')))...).CombinedOutput(); err == nil {
			t.Errorf("%s: another text verifies\n%s", alg, out)
		}
	}
}

func BenchmarkMakeKey(b *testing.B) {
	for name, source := range keySources {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := source(jose.RS256); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSign(b *testing.B) {
	digest := make([]byte, 32)
	for name, source := range keySources {
		key, err := source(jose.RS256)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := key.Sign(rand.Reader, digest, crypto.SHA256); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

var keySources = map[string]issuer.NewKeyFunc{"cryptorsa": issuer.GenerateKey, "testkey": issuer.GenerateTestKey}
