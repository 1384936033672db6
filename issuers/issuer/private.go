package issuer

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
)

// keptKey is a private key as it can be kept beyond the process.
type keptKey struct {
	PKCS8  []byte   `json:"pkcs8,omitempty"`
	Primes [][]byte `json:"primes,omitempty"` // of a TestKey, in their order
}

// MarshalPrivateKey writes a private key that an issuer has, whether it was made, given or lent, so that
// [ParsePrivateKey] reads it. The text is as secret as the key.
func MarshalPrivateKey(key crypto.Signer) ([]byte, error) {
	if borrowed, ok := key.(lent); ok {
		key = borrowed.Signer
	}
	var kept keptKey
	if test, ok := key.(*TestKey); ok {
		for _, part := range test.parts {
			kept.Primes = append(kept.Primes, part.prime.Bytes())
		}
	} else {
		var err error
		if kept.PKCS8, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
			return nil, fmt.Errorf("issuer: keep a key: %w", err)
		}
	}
	return json.Marshal(kept)
}

// ParsePrivateKey reads what MarshalPrivateKey wrote.
func ParsePrivateKey(text []byte) (crypto.Signer, error) {
	var kept keptKey
	if err := json.Unmarshal(text, &kept); err != nil {
		return nil, errors.New("issuer: a kept key is not readable") // the text may be quoted in JSON's error
	}
	if kept.Primes != nil {
		return restoreTestKey(kept.Primes)
	}
	key, err := x509.ParsePKCS8PrivateKey(kept.PKCS8)
	if err != nil {
		return nil, fmt.Errorf("issuer: a kept key is not readable: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("issuer: a kept key is a %T, which does not sign", key)
	}
	return signer, nil
}
