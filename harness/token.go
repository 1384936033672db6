package harness

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// MintSpec asks an issuer for a token. The zero value is what the platform does by itself.
type MintSpec struct {
	Preset   string         // another preset of the same issuer; empty: the issuer's
	Audience []string       // empty: what the platform does then
	Lifetime time.Duration  // zero: the platform's; negative: it ended before it began
	Expired  bool           // minted so long ago that it has been expired for an hour
	Claims   map[string]any // over the preset's; nil removes one
	Header   map[string]any // members of the JOSE header, before it is signed; nil removes one
	Tampered *Tampering     // what is changed after it was signed
}

// Mint has the issuer sign a token. Whole numbers in what it says are an int64, or a uint64 if they need one.
func (i *Issuer) Mint(spec MintSpec) (Token, error) {
	return change(i.farm, func() (Token, error) {
		token, err := i.farm.world.Mint(control.MintSpec{
			Issuer: i.ref, Preset: spec.Preset, Audience: spec.Audience, Lifetime: control.Duration(spec.Lifetime), Expired: spec.Expired,
			Claims: spec.Claims, Header: spec.Header, Tampered: spec.Tampered,
		})
		if err != nil {
			return Token{}, err
		}
		for _, members := range []*map[string]any{&token.Header, &token.Claims} {
			if *members, err = decoded(*members); err != nil {
				return Token{}, err
			}
		}
		return token, nil
	})
}

// decoded is what a reader of the token sees of what the issuer put in it.
func decoded(members map[string]any) (map[string]any, error) {
	raw, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	value, err := issuer.DecodeJSON(raw)
	out, _ := value.(map[string]any)
	return out, err
}

// Decode reads what a compact token says, of an issuer's or of Entra's, without verifying it. The error does not repeat
// the token.
func Decode(token string) (Decoded, error) {
	decoded, err := control.Decode(token)
	if err != nil {
		err = fmt.Errorf("harness: %w", err)
	}
	return decoded, err
}
