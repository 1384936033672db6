package harness_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness"
)

func newRSAKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signedBy tells whether a key has signed a token.
func signedBy(t *testing.T, token string, public crypto.PublicKey) bool {
	t.Helper()
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	_, err = jws.Verify(public)
	return err == nil
}

// TestKey signs in with a token that the caller's own key has signed, and with one after a rotation.
func TestKey(t *testing.T) {
	t.Parallel()
	key := newRSAKey(t)
	farm := harness.New(t)
	issuer := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github", Preset: "environment", Key: key, KeyID: "mine"})
	app := farm.MustAddApp("deployer", harness.Credential{Name: "production", Issuer: issuer.URL, Subject: subject})
	token := issuer.MustMint(harness.MintSpec{Audience: []string{audience}})
	if token.Header["kid"] != "mine" || !signedBy(t, token.Token, key.Public()) {
		t.Errorf("header %v: not signed by the key given", token.Header)
	}
	if _, err := app.Exchange(token.Token); err != nil {
		t.Error(err)
	}
	issuer.MustRotate(true)
	rotated := issuer.MustMint(harness.MintSpec{Audience: []string{audience}})
	if signedBy(t, rotated.Token, key.Public()) || rotated.Header["kid"] == "mine" {
		t.Errorf("header %v: still signed by the key given", rotated.Header)
	}
	// In another farm the issuer has keys of its own, although it has the same name.
	if other := harness.New(t).MustAddIssuer(harness.IssuerSpec{Platform: "github"}).MustMint(harness.MintSpec{}); signedBy(t, other.Token, key.Public()) {
		t.Error("a key that one farm was given signs in another")
	}
}

// TestKeyRefused asks for what can't be.
func TestKeyRefused(t *testing.T) {
	t.Parallel()
	mine, other := newRSAKey(t), newRSAKey(t)
	elliptic, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, []byte("not a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	farm := harness.New(t)
	farm.MustAddIssuer(harness.IssuerSpec{Platform: "github", Key: mine})
	tests := []struct {
		name string
		spec harness.IssuerSpec
		want string
	}{
		{"kind", harness.IssuerSpec{Platform: "gcp", Key: elliptic}, "gcp: no place for an ECDSA key on P-256: its keys are for RS256, RS256"},
		{"nil", harness.IssuerSpec{Platform: "gcp", Key: (*rsa.PrivateKey)(nil)}, "no key: want RSA"},
		{"zero", harness.IssuerSpec{Platform: "gcp", Key: &rsa.PrivateKey{}}, "no key: want RSA"},
		{"both", harness.IssuerSpec{Platform: "gcp", Key: mine, KeyFile: bad}, "both Key and KeyFile"},
		{"kid alone", harness.IssuerSpec{Platform: "gcp", KeyID: "a"}, "a KeyID without Key"},
		{"file", harness.IssuerSpec{Platform: "gcp", KeyFile: bad}, bad + ": want a private key"},
		{"no file", harness.IssuerSpec{Platform: "gcp", KeyFile: bad + "x"}, "no such file"},
		{"other key at the same URL", harness.IssuerSpec{Platform: "github", Key: other}, "is there already, with other keys than those given"},
		{"other key at another address", harness.IssuerSpec{Platform: "github", ByPath: true, Key: other}, "which is there already with others than those given"},
		{"other platform at the same URL", harness.IssuerSpec{Platform: "gcp", URL: "https://token.actions.githubusercontent.com"}, "is one of platform github"},
		{"two addresses", harness.IssuerSpec{Platform: "gcp", ByPath: true, URL: "https://a.example"}, "both a URL and byPath"},
	}
	for _, tt := range tests {
		if _, err := farm.AddIssuer(tt.spec); err == nil || !strings.HasPrefix(err.Error(), "harness: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q in it", tt.name, err, tt.want)
		}
	}
	for name, spec := range map[string]harness.IssuerSpec{
		"the same key": {Platform: "github", Key: mine}, "no key": {Platform: "github"}, "another address": {Platform: "github", ByPath: true},
	} {
		if token := farm.MustAddIssuer(spec).MustMint(harness.MintSpec{}); !signedBy(t, token.Token, mine.Public()) {
			t.Errorf("%s: not signed by the key that the issuer was given first", name)
		}
	}
}

// TestKeyFileWithoutLog has nothing written about a file that others may read.
func TestKeyFileWithoutLog(t *testing.T) {
	t.Parallel()
	key := newRSAKey(t)
	file := filepath.Join(t.TempDir(), "github.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o644); err != nil {
		t.Fatal(err)
	}
	farm := harness.New(t, harness.WithLog(nil))
	if token := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github", KeyFile: file}).MustMint(harness.MintSpec{}); !signedBy(t, token.Token, key.Public()) {
		t.Error("not signed by the key of the file")
	}
}

// TestKeyFile makes an issuer of the same file in two farms, and warns when others may read it.
func TestKeyFile(t *testing.T) {
	t.Parallel()
	key := newRSAKey(t)
	file := filepath.Join(t.TempDir(), "github.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600); err != nil {
		t.Fatal(err)
	}
	var ids []any
	for _, mode := range []fs.FileMode{0o600, 0o644} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		farm := harness.New(t, harness.WithLog(slog.New(slog.NewTextHandler(&log, nil))))
		token := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github", KeyFile: file}).MustMint(harness.MintSpec{})
		if !signedBy(t, token.Token, key.Public()) {
			t.Error("not signed by the key of the file")
		}
		ids = append(ids, token.Header["kid"])
		if warned := strings.Contains(log.String(), "others on this machine may have the private key in it"); warned != (mode == 0o644 && runtime.GOOS != "windows") {
			t.Errorf("mode %o: the log says %q", mode, log.String())
		}
	}
	if ids[0] != ids[1] {
		t.Errorf("kids %v of the same key", ids)
	}
}
