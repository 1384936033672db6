package directory_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// TestCertificateRules: a certificate is in PEM, and has an RSA key.
func TestCertificateRules(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate := func(key crypto.Signer) string {
		template := &x509.Certificate{SerialNumber: big.NewInt(7), NotAfter: start}
		der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	good := certificate(rsaKey)
	for text, want := range map[string]string{
		"":      "not a certificate in PEM",
		"hello": "not a certificate in PEM",
		strings.ReplaceAll(good, "CERTIFICATE", "CERTIFICATE REQUEST"):       "not a certificate in PEM",
		"-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n": "x509: malformed certificate",
		certificate(ecKey): "the key is ECDSA, not RSA",
	} {
		_, err := directory.New().AddTenant(directory.Tenant{DisplayName: "x", Applications: []directory.Application{{Name: "a", Certificates: []string{good, text}}}})
		if err == nil || err.Error() != `directory: application "a": certificate: `+want {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		if rules := directory.BrokenRules(err); len(rules) != 1 || rules[0].Path != "applications[0].certificates[1]" {
			t.Errorf("%q: %v", text, rules)
		}
	}
}
