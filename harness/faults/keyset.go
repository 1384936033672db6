package faults

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// changeKeys makes a fault of what changes the keys of the JWKS. The members of a key are in the order of their names
// then.
func changeKeys(change func(keys []map[string]any) []map[string]any) issuer.Tamper {
	return issuer.Tamper{Covers: ofJWKS, Document: func(_ string, body []byte) ([]byte, error) {
		var set map[string]any
		if err := json.Unmarshal(body, &set); err != nil {
			return nil, fmt.Errorf("the JWKS is not an object: %w", err)
		}
		var list struct {
			Keys []map[string]any `json:"keys"`
		}
		if err := json.Unmarshal(body, &list); err != nil {
			return nil, fmt.Errorf("the JWKS has no list of keys: %w", err)
		}
		set["keys"] = change(list.Keys)
		return json.Marshal(set)
	}}
}

// nobodysKey is an RSA key for signatures that nobody has the private part of: its modulus is made up.
func nobodysKey(kid string, number int) map[string]any {
	modulus := make([]byte, 256)
	for i := range modulus {
		modulus[i] = 0xa5
	}
	binary.BigEndian.PutUint64(modulus[len(modulus)-9:], uint64(number))
	modulus[len(modulus)-1] = 1 // odd, as every RSA modulus
	return map[string]any{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": base64.RawURLEncoding.EncodeToString(modulus), "e": "AQAB"}
}
