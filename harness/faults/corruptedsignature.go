package faults

import "github.com/issuerd/issuerd/issuers/issuer"

// CorruptedSignature changes a bit of every token's signature. The rest stays as it is, and can be read.
type CorruptedSignature struct {
	When
}

// Name is the fault's in scenarios.
func (CorruptedSignature) Name() string { return "corrupted-signature" }

// tamper implements the fault.
func (CorruptedSignature) tamper() (issuer.Tamper, error) {
	return issuer.Tamper{Token: func(signed issuer.Signed) (string, error) {
		header, payload, signature, err := parts(signed.Compact)
		if err != nil {
			return "", err
		}
		if len(signature) > 0 {
			signature[len(signature)/2] ^= 1
		}
		return compact(header, payload) + "." + encode(signature), nil
	}}, nil
}
