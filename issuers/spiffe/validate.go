package spiffe

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

// signatureAlgorithms are those of the JWT-SVID standard, in SPIRE's order, which its error shows.
var signatureAlgorithms = []jose.SignatureAlgorithm{
	jose.ES256, jose.ES384, jose.ES512, jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
}

// validate checks a JWT-SVID with the order and the texts of spiffe/spire, pkg/common/jwtsvid/validate.go, and returns
// its claims.
func validate(token, audience string, domain spiffeid.TrustDomain, keys []jose.JSONWebKey, now time.Time) (spiffeid.ID, map[string]any, error) {
	none := spiffeid.ID{}
	parsed, err := jwt.ParseSigned(token, signatureAlgorithms)
	if err != nil {
		return none, nil, fmt.Errorf("unable to parse JWT token: %w", err)
	}
	if len(parsed.Headers) != 1 {
		return none, nil, fmt.Errorf("expected a single token header; got %d", len(parsed.Headers))
	}
	kid := parsed.Headers[0].KeyID
	if kid == "" {
		return none, nil, errors.New("token header missing key id")
	}
	var known jwt.Claims
	if err := parsed.UnsafeClaimsWithoutVerification(&known); err != nil {
		return none, nil, err
	}
	if known.Subject == "" {
		return none, nil, errors.New("token missing subject claim")
	}
	if known.Expiry == nil {
		return none, nil, errors.New("token missing exp claim")
	}
	id, err := spiffeid.FromString(known.Subject)
	if err != nil {
		return none, nil, fmt.Errorf("token has in invalid subject claim: %w", err) // SPIRE's spelling
	}
	if !id.MemberOf(domain) { // no other domain is federated
		return none, nil, fmt.Errorf("no keys found for trust domain %q", id.TrustDomain())
	}
	key, ok := keyNamed(keys, kid)
	if !ok {
		return none, nil, fmt.Errorf("public key %q not found in trust domain %q", kid, domain)
	}
	var claims map[string]any
	if err := parsed.Claims(key.Key, &claims); err != nil {
		return none, nil, err
	}
	err = known.Validate(jwt.Expected{AnyAudience: jwt.Audience{audience}, Time: now}) // with a minute's leeway
	switch {
	case errors.Is(err, jwt.ErrExpired):
		err = errors.New("token has expired")
	case errors.Is(err, jwt.ErrInvalidAudience):
		err = fmt.Errorf("expected audience in %q (audience=%q)", []string{audience}, []string(known.Audience))
	}
	if err != nil {
		return none, nil, err
	}
	if aud, ok := claims["aud"].(string); ok {
		claims["aud"] = []string{aud} // always an array
	}
	return id, claims, nil
}

func keyNamed(keys []jose.JSONWebKey, kid string) (jose.JSONWebKey, bool) {
	for _, key := range keys {
		if key.KeyID == kid {
			return key, true
		}
	}
	return jose.JSONWebKey{}, false
}

func toStruct(claims map[string]any) (*structpb.Struct, error) {
	text, err := json.Marshal(claims)
	if err != nil {
		return nil, err
	}
	members := new(structpb.Struct)
	return members, protojson.Unmarshal(text, members)
}
