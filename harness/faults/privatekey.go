package faults

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// PrivateKey lists one more key, with its private members, as somebody does who publishes the wrong file. It is a key
// of the fault's own, for ES256; those of the issuer stay as they are.
type PrivateKey struct {
	When
}

// Name is the fault's in scenarios.
func (PrivateKey) Name() string { return "private-key" }

// tamper implements the fault.
func (PrivateKey) tamper() (issuer.Tamper, error) {
	private := sync.OnceValues(func() (members map[string]any, err error) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		raw, err := jose.JSONWebKey{Key: key, KeyID: "private-key", Algorithm: "ES256", Use: "sig"}.MarshalJSON()
		if err != nil {
			return nil, err
		}
		return members, json.Unmarshal(raw, &members)
	})
	return issuer.Tamper{Covers: ofJWKS, Document: func(document string, body []byte) ([]byte, error) {
		members, err := private()
		if err != nil {
			return nil, fmt.Errorf("a private key: %w", err)
		}
		return changeKeys(func(keys []map[string]any) []map[string]any { return append(keys, members) }).Document(document, body)
	}}, nil
}
