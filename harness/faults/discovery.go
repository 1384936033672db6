package faults

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Discovery changes members of the discovery document.
type Discovery struct {
	Set map[string]any `json:"set" about:"by member; null removes it"`

	When
}

// Name is the fault's in scenarios.
func (Discovery) Name() string { return "discovery" }

// tamper implements the fault.
func (f Discovery) tamper() (issuer.Tamper, error) {
	if len(f.Set) == 0 {
		return issuer.Tamper{}, errors.New("set is empty: want {set: {member: value}}")
	}
	return issuer.Tamper{Covers: ofDiscovery, Document: func(_ string, body []byte) ([]byte, error) {
		var members map[string]any
		if err := json.Unmarshal(body, &members); err != nil {
			return nil, fmt.Errorf("the discovery document is not an object: %w", err)
		}
		change(members, f.Set)
		return json.Marshal(members)
	}}, nil
}

// change sets members; nil removes them.
func change(members, set map[string]any) {
	for name, value := range set {
		if value == nil {
			delete(members, name)
			continue
		}
		members[name] = value
	}
}
