package issuer

import (
	"crypto"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"
)

// Certificate describes the self-signed certificate that a platform publishes with a key as x5c.
type Certificate struct {
	CommonName string
	Age, Life  time.Duration // how long before the key's first use it began; from begin to end
}

func (c *Certificate) sign(key crypto.Signer, now time.Time) (*x509.Certificate, error) {
	serial := sha1.Sum(der(key.Public())) // a serial number per key, and the same one each time
	serial[0] &= 0x7f                     // RFC 5280: positive, at most 20 octets
	begin := now.Add(-c.Age).UTC().Truncate(time.Second)
	template := &x509.Certificate{
		SerialNumber:       new(big.Int).SetBytes(serial[:]),
		Subject:            pkix.Name{CommonName: c.CommonName},
		NotBefore:          begin,
		NotAfter:           begin.Add(c.Life),
		SignatureAlgorithm: x509.UnknownSignatureAlgorithm,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("issuer: certificate %q: %w", c.CommonName, err)
	}
	return x509.ParseCertificate(raw)
}
