package entra

import (
	"errors"
	"fmt"

	jose "github.com/go-jose/go-jose/v4"
	josejson "github.com/go-jose/go-jose/v4/json"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// readDiscovery returns the jwks_uri. An empty authorization_endpoint and an
// empty subject_types_supported are refused as Entra does (reported for SPIRE);
// the issuer's equality and the other rules are inferred. oidc.DiscoveryConfiguration
// cannot tell an empty member from a missing one, which Entra accepts. go-jose's JSON knows names by their case, and refuses a
// name that occurs twice.
func readDiscovery(document []byte, issuer string, o Options) (jwksURI string, err error) {
	var d struct {
		Issuer        string    `json:"issuer"`
		JWKSURI       string    `json:"jwks_uri"`
		Authorization *string   `json:"authorization_endpoint"`
		SubjectTypes  *[]string `json:"subject_types_supported"`
		ResponseTypes *[]string `json:"response_types_supported"`
		Algorithms    *[]string `json:"id_token_signing_alg_values_supported"`
	}
	if err := josejson.Unmarshal(document, &d); err != nil {
		return "", errors.New("not a JSON object with members of the right types")
	}
	switch {
	case d.Issuer != issuer && !o.AnyDiscoveryIssuer:
		return "", fmt.Errorf("issuer is %q, expected %q", d.Issuer, issuer)
	case d.JWKSURI == "":
		return "", errors.New("no jwks_uri")
	case d.Authorization != nil && *d.Authorization == "":
		return "", errors.New("authorization_endpoint is empty")
	}
	for _, list := range []struct {
		name   string
		values *[]string
	}{
		{"subject_types_supported", d.SubjectTypes},
		{"response_types_supported", d.ResponseTypes},
		{"id_token_signing_alg_values_supported", d.Algorithms},
	} {
		if list.values != nil && len(*list.values) == 0 {
			return "", fmt.Errorf("%s is empty", list.name)
		}
	}
	return d.JWKSURI, nil
}

// readKeys reads the first hundred keys of a JWKS. Keys of other types than RSA are kept as
// nil, so that one which a kid names can be refused for its type; keys for
// another use than signing, and without kid, cannot be found and are dropped.
func readKeys(document []byte, o Options) (map[string]*jose.JSONWebKey, error) {
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
	for i, raw := range set.Keys[:min(len(set.Keys), maxKeys)] {
		var head struct {
			Type string `json:"kty"`
			ID   string `json:"kid"`
			Use  string `json:"use"`
		}
		if err := josejson.Unmarshal(raw, &head); err != nil {
			return nil, fmt.Errorf("key %d: not a JSON object", i)
		}
		if head.ID == "" || head.Use != oidc.KeyUseSignature && (head.Use != "" || o.RefuseKeysWithoutUse) {
			continue
		}
		if _, twice := keys[head.ID]; twice {
			continue // the first one counts, which is inferred
		}
		if head.Type != "RSA" {
			keys[head.ID] = nil
			continue
		}
		key := new(jose.JSONWebKey)
		if err := key.UnmarshalJSON(raw); err != nil || !key.Valid() {
			return nil, fmt.Errorf("key %d (kid %q): not a valid RSA key", i, head.ID)
		}
		public := key.Public() // a private key published by mistake
		keys[head.ID] = &public
	}
	return keys, nil
}
