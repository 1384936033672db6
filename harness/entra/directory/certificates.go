package directory

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// ParseCertificate reads a certificate of an application, which has an RSA key.
func ParseCertificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("not a certificate in PEM")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	if _, isRSA := certificate.PublicKey.(*rsa.PublicKey); !isRSA {
		return nil, fmt.Errorf("the key is %s, not RSA", certificate.PublicKeyAlgorithm)
	}
	return certificate, nil
}

// validateCertificates validates the certificates of applications.
func (r *tenantRecord) validateCertificates(rules rules) {
	for i, a := range r.tenant.Applications {
		for j, text := range a.Certificates {
			if _, err := ParseCertificate(text); err != nil {
				rules.item("applications", i, "application %q: certificate: ", a.Name).item("certificates", j, "").add("", "%w", err)
			}
		}
	}
}
