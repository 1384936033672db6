package control

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/wording"
)

// DecodeToken reads what a compact JWT says, as Minted has it, without verifying it: for those who show tokens and
// compare them. Whole numbers are exact, see issuer.DecodeJSON. The error does not repeat the token.
func DecodeToken(compact string) (header, claims map[string]any, err error) {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return nil, nil, fmt.Errorf("it has %s, want 3", wording.Count(len(parts), "part"))
	}
	for i, out := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return nil, nil, errors.New("a part of it is not base64url")
		}
		value, err := issuer.DecodeJSON(text)
		members, ok := value.(map[string]any)
		if err != nil || !ok {
			return nil, nil, errors.New("a part of it is not a JSON object")
		}
		*out = members
	}
	return header, claims, nil
}
