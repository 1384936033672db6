package faults

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// DuplicateMembers has a member twice in the header or the payload of a token, first with another value, and signs
// that. Readers of JSON differ in which one they take.
type DuplicateMembers struct {
	Part   string `json:"part" about:"header or payload; empty: payload" values:"header payload"`
	Member string `json:"member" about:"which; empty: alg of the header, sub of the payload"`
	Value  string `json:"value" about:"what it is first; empty: none for alg, and other"`

	When
}

// Name is the fault's in scenarios.
func (DuplicateMembers) Name() string { return "duplicate-members" }

// tamper implements the fault.
func (f DuplicateMembers) tamper() (issuer.Tamper, error) {
	inHeader := f.Part == "header"
	member, value := cmp.Or(f.Member, "sub"), cmp.Or(f.Value, "other")
	if inHeader {
		if member = cmp.Or(f.Member, "alg"); member == "alg" {
			value = cmp.Or(f.Value, "none")
		}
	}
	return issuer.Tamper{Token: func(signed issuer.Signed) (string, error) {
		header, payload, _, err := parts(signed.Compact)
		if err != nil {
			return "", err
		}
		if inHeader {
			header, err = before(header, member, value)
		} else {
			payload, err = before(payload, member, value)
		}
		if err != nil {
			return "", err
		}
		input := compact(header, payload)
		signature, err := signed.Sign(input)
		return input + "." + encode(signature), err
	}}, nil
}

// before is a JSON object with one more member, which comes first.
func before(object []byte, member, value string) ([]byte, error) {
	name, err := json.Marshal(member)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(object, []byte("{"))
	if !ok || len(rest) < 2 {
		return nil, errors.New("a part of the token is not a JSON object with members")
	}
	return fmt.Appendf(nil, "{%s:%s,%s", name, text, rest), nil
}
