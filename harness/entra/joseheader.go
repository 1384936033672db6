package entra

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"

	jose "github.com/go-jose/go-jose/v4"
	josejson "github.com/go-jose/go-jose/v4/json"
)

// supportedHeaders are the members of a JOSE header that AADSTS5002726 lists, in its order (cloudfoundry/uaa#2109).
// Which values they may have is not known: those that the emulator has no use for may have any.
var supportedHeaders = []string{"alg", "typ", "x5t", "x5c", "kid", "use", "enc", "ctx", "nonce", "rh", "kdf_ver"}

// documentedHeader is not in that list. Microsoft documents it for certificates.
const documentedHeader = "x5t#S256"

// supportedHeaderList is how the error prints them.
var supportedHeaderList = "'" + strings.Join(supportedHeaders, "','") + "'"

// joseHeader is the header of an assertion, member by member. go-jose's own drops members that are null.
type joseHeader map[string]josejson.RawMessage

// readHeader reads the first part of an assertion.
func readHeader(part string) (joseHeader, error) {
	raw, err := decodePart("header", part)
	if err != nil {
		return nil, err
	}
	var h joseHeader
	return h, decodeObject("header", raw, &h)
}

// text is a member that is a string, or "".
func (h joseHeader) text(name string) string {
	var s string
	_ = josejson.Unmarshal(h[name], &s) // what is missing or no string leaves s empty
	return s
}

// typ returns the member typ, and whether it is there. That null and everything else that is no string is an
// unsupported type is inferred, and the stricter of what may be.
func (h joseHeader) typ() (typ string, has bool) {
	_, has = h["typ"]
	return h.text("typ"), has
}

// unsupported returns the alphabetically first member that Entra does not support, or "".
func (h joseHeader) unsupported() string {
	var found []string
	for name := range h {
		if name != documentedHeader && !slices.Contains(supportedHeaders, name) {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		return ""
	}
	return slices.Min(found)
}

// thumbprint is a member that names a certificate, without padding, or "".
func (h joseHeader) thumbprint(name string) string { return strings.TrimRight(h.text(name), "=") }

// algorithm is the member alg.
func (h joseHeader) algorithm() jose.SignatureAlgorithm {
	return jose.SignatureAlgorithm(h.text("alg"))
}

// decodePart decodes a part of an assertion. Bits that encode nothing must be zero, which is inferred.
func decodePart(name, part string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return nil, errMalformed(name + ": not base64url")
	}
	return raw, nil
}

// decodeObject decodes a JSON object that is a part of an assertion. go-jose's JSON is used because it knows names by
// their case and refuses a name that occurs twice. That Entra refuses those, a byte order mark and white space around
// the object is inferred.
func decodeObject(name string, raw []byte, into any) error {
	switch {
	case !utf8.Valid(raw):
		return errMalformed(name + ": not UTF-8")
	case len(raw) == 0 || raw[0] != '{' || raw[len(raw)-1] != '}':
		return errMalformed(name + ": not a JSON object, or something before or after it")
	}
	if err := josejson.Unmarshal(raw, into); err != nil {
		return errMalformed(name + ": not a JSON object, or a name twice")
	}
	return nil
}
