package entra_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
)

// BenchmarkExchange is one exchange with warm keys. Compare with
// BenchmarkSignAndVerify, what it cannot do without.
func BenchmarkExchange(b *testing.B) {
	r := newRig(b)
	server := entra.New(entra.Config{
		Directory: r.dir, Now: r.clock, Client: &http.Client{Transport: r.issuer},
		NewKey: func() (entra.SigningKey, error) { return entra.SigningKey{Key: entraKey()}, nil },
	})
	body := r.params(r.issuer.mint(r.claims(nil)), nil).Encode()
	b.ReportAllocs()
	for b.Loop() {
		req := httptest.NewRequest(http.MethodPost, tokenURL, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, req)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}

// BenchmarkSignAndVerify is one RSA-2048 signature and one verification.
func BenchmarkSignAndVerify(b *testing.B) {
	key := entraKey()
	digest := sha256.Sum256(nil)
	for b.Loop() {
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
		if err != nil {
			b.Fatal(err)
		}
		if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
			b.Fatal(err)
		}
	}
}
