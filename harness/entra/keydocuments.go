package entra

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"

	jose "github.com/go-jose/go-jose/v4"
	josejson "github.com/go-jose/go-jose/v4/json"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// readDiscovery returns the jwks_uri. An empty subject_types_supported is refused as Entra does (reported once, of a
// document of SPIRE's whose authorization_endpoint was empty too); the issuer's equality and the other rules are
// inferred. oidc.DiscoveryConfiguration cannot tell an empty member from a missing one, which Entra accepts. go-jose's
// JSON knows names by their case, and refuses a name that occurs twice.
func readDiscovery(document []byte, issuer string, o directory.Options) (jwksURI string, err error) {
	var d struct {
		Issuer        string   `json:"issuer"`
		JWKSURI       string   `json:"jwks_uri"`
		Authorization *string  `json:"authorization_endpoint"`
		SubjectTypes  textList `json:"subject_types_supported"`
		ResponseTypes textList `json:"response_types_supported"`
		Algorithms    textList `json:"id_token_signing_alg_values_supported"`
	}
	if err := josejson.Unmarshal(document, &d); err != nil {
		return "", errors.New("not a JSON object with members of the right types")
	}
	switch {
	case d.Issuer != issuer && !o.AnyDiscoveryIssuer:
		return "", fmt.Errorf("issuer is %q, expected %q", d.Issuer, issuer)
	case d.JWKSURI == "":
		return "", errors.New("no jwks_uri")
	case o.RefuseEmptyAuthorizationEndpoint && d.Authorization != nil && *d.Authorization == "":
		return "", errors.New("authorization_endpoint is empty; option refuseEmptyAuthorizationEndpoint refuses it")
	}
	for _, list := range []struct {
		name string
		list textList
	}{
		{"subject_types_supported", d.SubjectTypes},
		{"response_types_supported", d.ResponseTypes},
		{"id_token_signing_alg_values_supported", d.Algorithms},
	} {
		if list.list.given && len(list.list.values) == 0 {
			return "", fmt.Errorf("%s is empty", list.name)
		}
	}
	return d.JWKSURI, nil
}

// textList is a member of a document that is a list. null is an empty one, as servers in Go write it, which is
// inferred.
type textList struct {
	given  bool
	values []string
}

// UnmarshalJSON reads a list of strings, or null.
func (l *textList) UnmarshalJSON(raw []byte) error {
	l.given = true
	return josejson.Unmarshal(raw, &l.values)
}

// readKeys reads the first hundred signing keys of a JWKS: keys for another use or other operations, such as
// encryption, do not count, and keys that name neither do. One entry that is no object, that is a broken RSA key, or
// that has the kid of another key, refuses them all. Keys of other types than RSA are kept as nil, so that one which a
// kid names can be refused for its type; keys without kid cannot be found and are dropped. What is refused, and what
// counts, is inferred.
func readKeys(document []byte, o directory.Options) (map[string]*jose.JSONWebKey, error) {
	var set struct {
		Keys []josejson.RawMessage `json:"keys"`
	}
	if err := josejson.Unmarshal(document, &set); err != nil {
		return nil, errors.New("not a JSON object with a list of keys")
	}
	if set.Keys == nil {
		return nil, errors.New("no keys member")
	}
	keys := make(map[string]*jose.JSONWebKey)
	signing := 0
	for i, raw := range set.Keys {
		var head *keyHead
		if err := josejson.Unmarshal(raw, &head); err != nil || head == nil {
			return nil, fmt.Errorf("key %d: not a JSON object with members of the right types", i)
		}
		var key *jose.JSONWebKey
		if head.Type == "RSA" {
			if key = readRSA(raw, head); key == nil {
				return nil, fmt.Errorf("key %d (kid %q): not a valid RSA key", i, head.ID)
			}
		}
		if head.Use == nil && o.RefuseKeysWithoutUse || head.Use != nil && *head.Use != oidc.KeyUseSignature ||
			head.Operations != nil && !slices.Contains(head.Operations, "verify") {
			continue
		}
		if signing++; signing > maxKeys || head.ID == "" {
			continue
		}
		if other, twice := keys[head.ID]; twice && !sameKey(other, key) {
			return nil, fmt.Errorf("key %d: another key has its kid %q", i, head.ID)
		}
		keys[head.ID] = key
	}
	return keys, nil
}

// sameKey tells whether two entries are one RSA key for one algorithm.
func sameKey(a, b *jose.JSONWebKey) bool {
	if a == nil || b == nil || a.Algorithm != b.Algorithm {
		return false
	}
	first, isRSA := a.Key.(*rsa.PublicKey)
	return isRSA && first.Equal(b.Key)
}

// keyHead is what is asked of every key of a JWKS.
type keyHead struct {
	Type       string   `json:"kty"`
	ID         string   `json:"kid"`
	Use        *string  `json:"use"`
	Operations []string `json:"key_ops"`
	Modulus    string   `json:"n"`
	Exponent   string   `json:"e"`
}

// readRSA returns the public part of an RSA key, or nil when it is broken. go-jose takes line breaks in base64url, an
// empty modulus, and even numbers, which no RSA key has: those are broken too.
func readRSA(raw []byte, head *keyHead) *jose.JSONWebKey {
	for _, text := range []string{head.Modulus, head.Exponent} {
		if _, err := decodePart("", text); err != nil || strings.ContainsAny(text, "\r\n") {
			return nil
		}
	}
	key := new(jose.JSONWebKey)
	if err := key.UnmarshalJSON(raw); err != nil {
		return nil
	}
	public := key.Public() // a private key published by mistake
	rsaKey, isRSA := public.Key.(*rsa.PublicKey)
	if !isRSA || rsaKey.N.Bit(0) == 0 || rsaKey.E%2 == 0 {
		return nil
	}
	return &public
}
