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
func (r *tenantRecord) validateCertificates() error {
	var broken []error
	for i := range r.tenant.Applications {
		for j, text := range r.tenant.Applications[i].Certificates {
			if _, err := ParseCertificate(text); err != nil {
				path := fmt.Sprintf("applications[%d].certificates[%d]", i, j)
				broken = append(broken, at(path, fmt.Errorf("directory: application %q: certificate: %w", r.tenant.Applications[i].Name, err)))
			}
		}
	}
	return errors.Join(broken...)
}
