package faults

import (
	"encoding/json"
	"errors"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// NativeReply changes members of the answers of the platform's own token API that are JSON objects. Others stay as they
// are.
type NativeReply struct {
	Set map[string]any `json:"set" about:"by member; null removes it"`

	When
}

// Name is the fault's in scenarios.
func (NativeReply) Name() string { return "native-reply" }

// tamper implements the fault.
func (f NativeReply) tamper() (issuer.Tamper, error) {
	if len(f.Set) == 0 {
		return issuer.Tamper{}, errors.New("set is empty: want {set: {value: null}}")
	}
	return issuer.Tamper{Reply: func(body []byte) []byte {
		var members map[string]any
		if json.Unmarshal(body, &members) != nil || members == nil {
			return body
		}
		change(members, f.Set)
		changed, err := json.Marshal(members)
		if err != nil { // what was read can be written, and what is set was JSON
			return body
		}
		return changed
	}}, nil
}
