package faults

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Tampered changes members of the JOSE header after the token was signed, so that the signature is bad.
type Tampered struct {
	Set map[string]any `json:"set" about:"by member; null removes it"`

	When
}

// Name is the fault's in scenarios.
func (Tampered) Name() string { return "tampered" }

// tamper implements the fault.
func (f Tampered) tamper() (issuer.Tamper, error) {
	if len(f.Set) == 0 {
		return issuer.Tamper{}, errors.New("set is empty: want {set: {typ: null}}")
	}
	return issuer.Tamper{Token: func(compact string) (string, error) { return Tamper(compact, f.Set, nil) }}, nil
}

// Tamper changes members of a compact token's JOSE header and of its claims, and leaves the signature as it was; nil
// removes a member. What is not named keeps its value, and a part without changes its bytes.
func Tamper(compact string, header, claims map[string]any) (string, error) {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return "", errors.New("the token is not in compact form")
	}
	for i, set := range []map[string]any{header, claims} {
		if len(set) == 0 {
			continue
		}
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return "", errors.New("a part of the token is not base64url")
		}
		var members map[string]json.RawMessage // so that numbers stay as they are written
		if err := json.Unmarshal(raw, &members); err != nil {
			return "", errors.New("a part of the token is not a JSON object")
		}
		for name, value := range set {
			if value == nil {
				delete(members, name)
				continue
			}
			if members[name], err = json.Marshal(value); err != nil {
				return "", fmt.Errorf("member %q: %w", name, err)
			}
		}
		if raw, err = json.Marshal(members); err != nil {
			return "", err
		}
		parts[i] = base64.RawURLEncoding.EncodeToString(raw)
	}
	return strings.Join(parts, "."), nil
}
