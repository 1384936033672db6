package faults

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
)

// parts are the decoded parts of a compact token.
func parts(compact string) (header, payload, signature []byte, err error) {
	split := strings.Split(compact, ".")
	if len(split) != 3 {
		return nil, nil, nil, errors.New("the token is not in compact form")
	}
	var decoded [3][]byte
	for i, part := range split {
		if decoded[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			return nil, nil, nil, errors.New("a part of the token is not base64url")
		}
	}
	return decoded[0], decoded[1], decoded[2], nil
}

func encode(part []byte) string { return base64.RawURLEncoding.EncodeToString(part) }

// compact is what is signed of a token, the encoded header and payload.
func compact(header, payload []byte) string { return encode(header) + "." + encode(payload) }

// setMembers changes members of a JSON object; nil removes one. What is not named keeps its value as it is written.
func setMembers(object []byte, set map[string]any) ([]byte, error) {
	var members map[string]json.RawMessage // so that numbers stay as they are written
	if err := json.Unmarshal(object, &members); err != nil || members == nil {
		return nil, errors.New("a part of the token is not a JSON object")
	}
	for name, value := range set {
		if value == nil {
			delete(members, name)
			continue
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("member %q: %w", name, err)
		}
		members[name] = raw
	}
	return json.Marshal(members)
}

// algorithmOf is what the header of a token says that it is signed with.
func algorithmOf(header []byte) (jose.SignatureAlgorithm, error) {
	var members struct {
		Algorithm jose.SignatureAlgorithm `json:"alg"`
	}
	if err := json.Unmarshal(header, &members); err != nil {
		return "", errors.New("a part of the token is not a JSON object")
	}
	return members.Algorithm, nil
}

func sign(key crypto.Signer, alg jose.SignatureAlgorithm, input string) ([]byte, error) {
	return cryptosigner.Opaque(key).SignPayload([]byte(input), alg)
}
