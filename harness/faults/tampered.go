package faults

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Tampered changes members of the JOSE header after the token was signed, so that the signature is bad.
type Tampered struct {
	Set map[string]any `json:"set" about:"by member; null removes it"`
}

// Name is the fault's in scenarios.
func (Tampered) Name() string { return "tampered" }

// tamper implements the fault.
func (f Tampered) tamper() (issuer.Tamper, error) {
	if len(f.Set) == 0 {
		return issuer.Tamper{}, errors.New("set is empty: want {set: {typ: null}}")
	}
	return issuer.Tamper{Token: func(compact string) (string, error) {
		head, rest, ok := strings.Cut(compact, ".")
		if !ok {
			return "", errors.New("the token is not in compact form")
		}
		raw, err := base64.RawURLEncoding.DecodeString(head)
		if err != nil {
			return "", err
		}
		var header map[string]any
		if err := json.Unmarshal(raw, &header); err != nil {
			return "", err
		}
		change(header, f.Set)
		if raw, err = json.Marshal(header); err != nil {
			return "", err
		}
		return base64.RawURLEncoding.EncodeToString(raw) + "." + rest, nil
	}}, nil
}
