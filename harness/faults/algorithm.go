package faults

import (
	"crypto"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Algorithm signs tokens with an algorithm that a relying party must refuse, and says so in their header: none at all;
// HS256 with the issuer's public key as the secret, which deceives one that takes any algorithm with the key that it
// has; ES256 with a key of nobody's.
type Algorithm struct {
	Alg string `json:"alg" about:"none, HS256 or ES256; empty: none" values:"none HS256 ES256"`

	When
}

// Name is the fault's in scenarios.
func (Algorithm) Name() string { return "algorithm" }

// tamper implements the fault.
func (f Algorithm) tamper() (issuer.Tamper, error) {
	alg := f.Alg
	if alg == "" {
		alg = "none"
	}
	sign := map[string]func(input string, key crypto.PublicKey) ([]byte, error){
		"none":  func(string, crypto.PublicKey) ([]byte, error) { return nil, nil },
		"HS256": signWithPublicKey,
		"ES256": signAsNobody(jose.ES256),
	}[alg]
	return issuer.Tamper{Token: func(signed issuer.Signed) (string, error) {
		header, payload, _, err := parts(signed.Compact)
		if err != nil {
			return "", err
		}
		if header, err = setMembers(header, map[string]any{"alg": alg}); err != nil {
			return "", err
		}
		input := compact(header, payload)
		signature, err := sign(input, signed.Key)
		return input + "." + encode(signature), err
	}}, nil
}

// signWithPublicKey is an HMAC whose secret is the PEM of a public key, as in a file that a relying party may have.
func signWithPublicKey(input string, key crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("the public key: %w", err)
	}
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	mac.Write([]byte(input)) // it does not fail
	return mac.Sum(nil), nil
}

// signAsNobody signs with a key that is made when it is first needed, and that no issuer has.
func signAsNobody(alg jose.SignatureAlgorithm) func(string, crypto.PublicKey) ([]byte, error) {
	key := sync.OnceValues(func() (crypto.Signer, error) { return issuer.GenerateTestKey(alg) })
	return func(input string, _ crypto.PublicKey) ([]byte, error) {
		signer, err := key()
		if err != nil {
			return nil, err
		}
		return sign(signer, alg, input)
	}
}
