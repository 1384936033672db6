package faults

import (
	"crypto"
	"sync"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// ForeignSignature signs tokens with a key of another issuer's, while their header names this one's, as somebody does
// who forges a token.
type ForeignSignature struct {
	When
}

// Name is the fault's in scenarios.
func (ForeignSignature) Name() string { return "foreign-signature" }

// tamper implements the fault.
func (ForeignSignature) tamper() (issuer.Tamper, error) {
	var mu sync.Mutex
	signers := map[string]func(string, crypto.PublicKey) ([]byte, error){} // by algorithm
	return issuer.Tamper{Token: func(signed issuer.Signed) (string, error) {
		header, payload, _, err := parts(signed.Compact)
		if err != nil {
			return "", err
		}
		alg, err := algorithmOf(header)
		if err != nil {
			return "", err
		}
		mu.Lock()
		sign := signers[string(alg)]
		if sign == nil {
			sign = signAsNobody(alg)
			signers[string(alg)] = sign
		}
		mu.Unlock()
		input := compact(header, payload)
		signature, err := sign(input, nil)
		return input + "." + encode(signature), err
	}}, nil
}
