package keyfile_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"math/big"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/keyfile"
)

// The keys of the tests.
var (
	rsaKey = made(rsa.GenerateKey(rand.Reader, 2048))
	ecKey  = made(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
)

func made[T any](key T, err error) T {
	if err != nil {
		panic(err)
	}
	return key
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func jwk(key any, id, alg, use string) string {
	return string(made(json.Marshal(jose.JSONWebKey{Key: key, KeyID: id, Algorithm: alg, Use: use})))
}

func certificate(key crypto.Signer) []byte {
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	return made(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
}

func TestParse(t *testing.T) {
	t.Parallel()
	pkcs8 := block("PRIVATE KEY", made(x509.MarshalPKCS8PrivateKey(rsaKey)))
	sec1 := block("EC PRIVATE KEY", made(x509.MarshalECPrivateKey(ecKey)))
	tests := []struct {
		name, src string
		want      string // what each key prints as, with + for a certificate
	}{
		{"PKCS #8", pkcs8, "an RSA key of 2048 bits"},
		{"PKCS #1", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)), "an RSA key of 2048 bits"},
		{"SEC 1, as OpenSSL writes it", block("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}) + sec1, "an ECDSA key on P-256"},
		{"two, with text around", "my keys\n" + pkcs8 + "and\n" + sec1 + "end\n", "an RSA key of 2048 bits, an ECDSA key on P-256"},
		{"with a byte order mark", "\ufeff" + pkcs8, "an RSA key of 2048 bits"},
		{"JWK with a byte order mark", "\ufeff" + jwk(ecKey, "", "", ""), "an ECDSA key on P-256"},
		{"with a certificate", block("CERTIFICATE", certificate(ecKey)) + pkcs8 + sec1, "an RSA key of 2048 bits, an ECDSA key on P-256+"},
		{"JWK", jwk(rsaKey, "a", "PS256", "sig"), `an RSA key of 2048 bits with kid "a" for PS256`},
		{"JWK in lines", "\n" + jwk(ecKey, "", "", "") + "\n", "an ECDSA key on P-256"},
		{"set", `{"keys": [` + jwk(rsaKey, "a", "", "") + "," + jwk(ecKey, "b", "ES256", "sig") + "]}",
			`an RSA key of 2048 bits with kid "a", an ECDSA key on P-256 with kid "b" for ES256`},
	}
	for _, tt := range tests {
		keys, err := keyfile.Parse([]byte(tt.src))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for _, key := range keys {
			text := key.String()
			if key.Certificate != nil {
				text += "+"
			}
			got = append(got, text)
		}
		if got := strings.Join(got, ", "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8 := func(key any) string { return block("PRIVATE KEY", made(x509.MarshalPKCS8PrivateKey(key))) }
	mixed := *ecKey
	mixed.PublicKey = made(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)).PublicKey
	broken := *rsaKey
	broken.D = new(big.Int).Add(rsaKey.D, big.NewInt(2))
	tests := []struct{ name, src, want string }{
		{"empty", "", "want a private key, as PEM (-----BEGIN PRIVATE KEY-----) or as a JSON Web Key; this is neither"},
		{"text", "ssh-rsa AAAA me@example", "this is neither"},
		{"DER", string(x509.MarshalPKCS1PrivateKey(rsaKey)), "this is neither"},
		{"public key", block("PUBLIC KEY", made(x509.MarshalPKIXPublicKey(rsaKey.Public()))), "want a private key (PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY); the PEM blocks are PUBLIC KEY"},
		{"certificate alone", block("CERTIFICATE", certificate(ecKey)), "the PEM blocks are CERTIFICATE"},
		{"a kind twice", strings.Repeat(block("PUBLIC KEY", made(x509.MarshalPKIXPublicKey(rsaKey.Public()))), 2) + block("OPENSSH PRIVATE KEY", []byte("x")), "the PEM blocks are PUBLIC KEY, OPENSSH PRIVATE KEY"},
		{"OpenSSH", block("OPENSSH PRIVATE KEY", []byte("x")), "the PEM blocks are OPENSSH PRIVATE KEY"},
		{"cut off", pkcs8(rsaKey)[:200], "the PEM block can't be decoded"},
		{"damaged", block("PRIVATE KEY", []byte("x")), "PEM block 1, PRIVATE KEY: "},
		{"encrypted", block("ENCRYPTED PRIVATE KEY", []byte("x")), "the key is encrypted: write it without a passphrase"},
		{"encrypted as of old", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\neHg=\n-----END RSA PRIVATE KEY-----\n", "the key is encrypted"},
		{"EdDSA", pkcs8(edwards), "key 1: issuer: a key of type ed25519.PublicKey: want RSA"},
		{"X25519", pkcs8(made(ecdh.X25519().GenerateKey(rand.Reader))), "a key of type *ecdh.PrivateKey can't sign"},
		{"short", pkcs8(made(rsa.GenerateKey(rand.Reader, 1024))), "key 1: issuer: an RSA key of 1024 bits: want 2048"},
		{"object", "{}", "JSON Web Key 1: "},
		{"not JSON", `{"kty": "RSA"`, "a JSON Web Key: unexpected end of JSON input"},
		{"empty set", `{"keys": []}`, "the set of JSON Web Keys is empty"},
		{"public JWK", jwk(rsaKey.Public(), "a", "RS256", "sig"), "JSON Web Key 1: want a private key; this is a public one"},
		{"second is public", `{"keys": [` + jwk(ecKey, "", "", "") + "," + jwk(ecKey.Public(), "", "", "") + "]}", "JSON Web Key 2: want a private key"},
		{"symmetric JWK", `{"kty": "oct", "k": "c2VjcmV0"}`, "JSON Web Key 1: want kty RSA or EC"},
		{"JWK for encryption", jwk(rsaKey, "", "", "enc"), `JSON Web Key 1: want a key for signatures; its use is "enc"`},
		{"JWK for another algorithm", jwk(rsaKey, "", "RSA-OAEP", ""), "for RSA-OAEP: want RSA"},
		{"JWK of two keys", jwk(&mixed, "", "", ""), "its private part (d) is not that of its public part (x, y)"},
		{"JWK with another exponent", jwk(&broken, "", "", ""), "JSON Web Key 1: crypto/rsa: "},
	}
	for _, tt := range tests {
		keys, err := keyfile.Parse([]byte(tt.src))
		if err == nil || keys != nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %d keys and error %v, want %q in it", tt.name, len(keys), err, tt.want)
		}
		for _, secret := range []string{rsaKey.D.String(), "c2VjcmV0"} {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error shows a part of the key: %v", tt.name, err)
			}
		}
	}
}

// TestRead warns of a file that others may read.
func TestRead(t *testing.T) {
	t.Parallel()
	src := []byte(block("EC PRIVATE KEY", made(x509.MarshalECPrivateKey(ecKey))))
	for mode, warned := range map[fs.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o644: true, 0o610: true} {
		keys, warning, err := keyfile.Read(fstest.MapFS{"key.pem": {Data: src, Mode: mode}}, "key.pem")
		if err != nil || len(keys) != 1 {
			t.Errorf("mode %o: %d keys, error %v", mode, len(keys), err)
		}
		want := ""
		if warned && runtime.GOOS != "windows" {
			want = fmt.Sprintf("key.pem: others on this machine may have the private key in it, as its mode is %04o: chmod 600 key.pem", mode)
		}
		if warning != want {
			t.Errorf("mode %o: warning %q, want %q", mode, warning, want)
		}
	}
	for name, want := range map[string]string{"missing.pem": "file does not exist", "a": "want a regular file", "large": "want at most 1048576 bytes", "text": "text: want a private key"} {
		fsys := fstest.MapFS{"a/b": {}, "large": {Data: make([]byte, 1<<20+1)}, "text": {Data: []byte("text")}}
		if _, _, err := keyfile.Read(fsys, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", name, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(block("PRIVATE KEY", made(x509.MarshalPKCS8PrivateKey(ecKey)))))
	f.Add([]byte(jwk(ecKey, "a", "ES256", "sig")))
	f.Add([]byte(`{"keys": [{"kty": "RSA"}, null]}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		keys, err := keyfile.Parse(src)
		if (err == nil) != (len(keys) > 0) {
			t.Errorf("%d keys and error %v", len(keys), err)
		}
		for _, key := range keys {
			if err := key.Validate(); err != nil {
				t.Error(err)
			}
		}
	})
}
