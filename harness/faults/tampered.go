package faults

import (
	"errors"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Tampered changes members of the JOSE header and claims after the token was signed, so that the signature is bad.
type Tampered struct {
	Set    map[string]any `json:"set" about:"members of the header; null removes one"`
	Claims map[string]any `json:"claims" about:"claims; null removes one"`

	When
}

// Name is the fault's in scenarios.
func (Tampered) Name() string { return "tampered" }

// tamper implements the fault.
func (f Tampered) tamper() (issuer.Tamper, error) {
	if len(f.Set) == 0 && len(f.Claims) == 0 {
		return issuer.Tamper{}, errors.New("set is empty: want {set: {typ: null}} or {claims: {sub: other}}")
	}
	return issuer.Tamper{Token: func(signed issuer.Signed) (string, error) { return Tamper(signed.Compact, f.Set, f.Claims) }}, nil
}

// Tamper changes members of a compact token's JOSE header and of its claims, and leaves the signature as it was; nil
// removes a member. What is not named keeps its value, and a part without changes its bytes.
func Tamper(compact string, header, claims map[string]any) (string, error) {
	head, payload, _, err := parts(compact)
	if err != nil {
		return "", err
	}
	split := strings.Split(compact, ".")
	for i, part := range []struct {
		object []byte
		set    map[string]any
	}{{head, header}, {payload, claims}} {
		if len(part.set) == 0 {
			continue
		}
		changed, err := setMembers(part.object, part.set)
		if err != nil {
			return "", err
		}
		split[i] = encode(changed)
	}
	return strings.Join(split, "."), nil
}
