package spiffe

import (
	"encoding/base64"
	"fmt"

	"github.com/google/uuid"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// claims are those of a JWT-SVID: whose it is, for whom, and with the setting jti an id.
func claims(req issuer.Request) (issuer.Claims, error) {
	own := issuer.Claims{"aud": audience(req.Audience), "sub": req.Settings["id"]}
	if req.Settings["jti"] == true {
		id, err := tokenID(req.NewID())
		if err != nil {
			return nil, err
		}
		own["jti"] = id
	}
	return own, nil
}

// tokenID writes a UUID as SPIRE does: its 16 bytes in base64url, 22 characters (spiffe/spire,
// pkg/server/credtemplate/builder.go).
func tokenID(jti string) (string, error) {
	id, err := uuid.Parse(jti)
	if err != nil {
		return "", fmt.Errorf("spiffe: claim \"jti\": %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(id[:]), nil
}

// audience is always an array.
func audience(asked []string) []any {
	if len(asked) == 0 {
		return []any{"api://AzureADTokenExchange"}
	}
	return issuer.AudienceArray(asked)
}
