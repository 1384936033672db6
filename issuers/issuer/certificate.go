package issuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"time"
)

// Certificate describes the self-signed certificate that a platform publishes with a key as x5c.
type Certificate struct {
	CommonName string
	Age, Life  time.Duration // how long before the key's first use it began; from begin to end
}

// sign makes the certificate of a key that was made now.
func (c *Certificate) sign(key crypto.Signer, now time.Time) (*x509.Certificate, error) {
	begin := now.Add(-c.Age).UTC().Truncate(time.Second)
	return c.signFor(key, begin, begin.Add(c.Life), rand.Reader)
}

// signAlike makes the certificate of a key that outlives its issuer: the same one each time, since a key id may be made
// from it. The dates are such that no test's clock is likely to leave them.
func (c *Certificate) signAlike(key crypto.Signer) (*x509.Certificate, error) {
	random := rand.Reader
	if _, ok := key.(*ecdsa.PrivateKey); ok {
		random = nil // a signature that depends on the key and the message alone (RFC 6979)
	}
	return c.signFor(key, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), random)
}

func (c *Certificate) signFor(key crypto.Signer, begin, end time.Time, random io.Reader) (*x509.Certificate, error) {
	serial := sha1.Sum(der(key.Public())) // a serial number per key, and the same one each time
	serial[0] &= 0x7f                     // RFC 5280: positive, at most 20 octets
	template := &x509.Certificate{
		SerialNumber:       new(big.Int).SetBytes(serial[:]),
		Subject:            pkix.Name{CommonName: c.CommonName},
		NotBefore:          begin,
		NotAfter:           end,
		SignatureAlgorithm: x509.UnknownSignatureAlgorithm,
	}
	raw, err := x509.CreateCertificate(random, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("issuer: certificate %q: %w", c.CommonName, err)
	}
	return x509.ParseCertificate(raw)
}
