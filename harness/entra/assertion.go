package entra

import (
	"encoding/base64"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	jose "github.com/go-jose/go-jose/v4"
	josejson "github.com/go-jose/go-jose/v4/json"
)

// assertionAlgorithms are the algorithms of the 2025 report behind AADSTS5002738.
var assertionAlgorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512}

// assertionAlgorithmList is how the error prints them, and assertionAlgorithmListRSA how it did in 2023.
const (
	assertionAlgorithmList    = "RS256,RS384,RS512,PS256,PS384,PS512"
	assertionAlgorithmListRSA = "RS256,RS384,RS512"
)

// supportedHeaders are the members of a JOSE header that do not give AADSTS5002726: those of tokens that are known to work, and those
// that Microsoft documents for certificates. The real list is not known in full.
var supportedHeaders = []string{"alg", "kid", "typ", "x5c", "x5t", "x5t#S256"}

// supportedHeaderList is how the error prints them, which is inferred too.
var supportedHeaderList = strings.Join(supportedHeaders, ",")

// assertion is a parsed client_assertion, not yet verified.
type assertion struct {
	jws         *jose.JSONWebSignature // nil: the algorithm is not supported
	typ         any                    // the typ header; nil: none
	hasTyp      bool
	alg, kid    string
	unsupported string   // a header member that Entra does not support; "": none
	issuer      string   // "": missing
	subject     string   // "": missing
	audiences   []string // empty: missing
	issued      numericDate
	notBefore   numericDate
	expires     numericDate
	payload     []byte // which holds every claim
}

// numericDate is a claim in seconds since 1970, and whether it was there.
type numericDate struct {
	seconds int64
	set     bool
}

// maxSeconds bounds numericDates, so that sums and differences cannot overflow
// and every value can be printed as a date. It is the end of the year 9999.
const maxSeconds = 253402300799

// errMalformed is every reason for AADSTS50027; its text goes to the record of
// the check, never to the client.
type errMalformed string

func (e errMalformed) Error() string { return string(e) }

// parseAssertion reads a compact JWS. The returned error is an errMalformed
// and never quotes the assertion.
func parseAssertion(compact string) (*assertion, error) {
	// Go's base64 skips line breaks, Entra's is not known to: refuse them.
	for i := range len(compact) {
		if c := compact[i]; !isWord(rune(c)) && c != '-' && c != '_' && c != '.' {
			return nil, errMalformed("a character that is neither base64url nor a dot")
		}
	}
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return nil, errMalformed(strconv.Itoa(len(parts)) + " parts instead of 3")
	}
	a := new(assertion)
	var payload []byte
	jws, err := jose.ParseSignedCompact(compact, assertionAlgorithms)
	var unsupported *jose.ErrUnexpectedSignatureAlgorithm
	switch {
	case err == nil:
		header := jws.Signatures[0].Protected
		a.jws, a.alg, a.kid = jws, header.Algorithm, header.KeyID
		a.typ, a.hasTyp = header.ExtraHeaders[jose.HeaderType]
		a.unsupported = unsupportedHeader(header)
		payload = jws.UnsafePayloadWithoutVerification()
		// go-jose knows the extension of RFC 7797, Entra is not known to.
		for _, extension := range []jose.HeaderKey{"crit", "b64"} {
			if _, has := header.ExtraHeaders[extension]; has {
				return nil, errMalformed("header: " + string(extension))
			}
		}
	case errors.As(err, &unsupported):
		// Only to be refused: read just what the refusals print.
		if payload, err = a.readUnsupported(parts); err != nil {
			return nil, err
		}
	default:
		return nil, errMalformed("not a JWS")
	}
	a.payload = payload
	return a, a.readClaims(payload)
}

// thumbprint is a header member that names a certificate, without padding, or "".
func (a *assertion) thumbprint(name string) string {
	if a.jws == nil {
		return ""
	}
	text, _ := a.jws.Signatures[0].Protected.ExtraHeaders[jose.HeaderKey(name)].(string)
	return strings.TrimRight(text, "=")
}

// claims are all of them, as JSON has them. Most checks need none but those in the struct, so that these are read when they are asked for.
func (a *assertion) claims() map[string]any {
	var claims map[string]any
	if err := josejson.Unmarshal(a.payload, &claims); err != nil {
		return nil // readClaims has read it before
	}
	return claims
}

// unsupportedHeader returns the alphabetically first member that Entra does not support, or "". go-jose takes some members apart.
func unsupportedHeader(h jose.Header) string {
	var found []string
	if h.JSONWebKey != nil {
		found = append(found, "jwk")
	}
	if h.Nonce != "" {
		found = append(found, "nonce")
	}
	for name := range h.ExtraHeaders {
		if !slices.Contains(supportedHeaders, string(name)) {
			found = append(found, string(name))
		}
	}
	if len(found) == 0 {
		return ""
	}
	return slices.Min(found)
}

// readUnsupported reads header and payload of a JWS whose algorithm go-jose
// was told not to accept.
func (a *assertion) readUnsupported(parts []string) (payload []byte, err error) {
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		return nil, errMalformed("header: not base64url")
	}
	var members map[string]any
	if err := josejson.Unmarshal(header, &members); err != nil {
		return nil, errMalformed("header: not a JSON object")
	}
	a.typ, a.hasTyp = members["typ"]
	for name := range members {
		if !slices.Contains(supportedHeaders, name) && (a.unsupported == "" || name < a.unsupported) {
			a.unsupported = name
		}
	}
	a.alg, _ = members["alg"].(string)
	a.kid, _ = members["kid"].(string)
	if a.alg == "" {
		return nil, errMalformed("header: no alg")
	}
	if payload, err = base64.RawURLEncoding.DecodeString(parts[1]); err != nil {
		return nil, errMalformed("payload: not base64url")
	}
	return payload, nil
}

// readClaims reads the claims Entra looks at. go-jose's JSON is used because
// it knows names by their case and refuses a name that occurs twice.
func (a *assertion) readClaims(payload []byte) error {
	if !utf8.Valid(payload) {
		return errMalformed("payload: not UTF-8")
	}
	var claims struct {
		Issuer    josejson.RawMessage `json:"iss"`
		Subject   josejson.RawMessage `json:"sub"`
		Audience  josejson.RawMessage `json:"aud"`
		Issued    josejson.RawMessage `json:"iat"`
		NotBefore josejson.RawMessage `json:"nbf"`
		Expires   josejson.RawMessage `json:"exp"`
	}
	if len(payload) == 0 || payload[0] != '{' {
		return errMalformed("payload: not a JSON object")
	}
	if err := josejson.Unmarshal(payload, &claims); err != nil {
		return errMalformed("payload: not a JSON object, or a name twice")
	}
	var err error
	if a.issuer, err = stringClaim("iss", claims.Issuer); err != nil {
		return err
	}
	if a.subject, err = stringClaim("sub", claims.Subject); err != nil {
		return err
	}
	if a.audiences, err = audienceClaim(claims.Audience); err != nil {
		return err
	}
	if a.issued, err = dateClaim("iat", claims.Issued); err != nil {
		return err
	}
	if a.notBefore, err = dateClaim("nbf", claims.NotBefore); err != nil {
		return err
	}
	a.expires, err = dateClaim("exp", claims.Expires)
	return err
}

// absent says whether a claim is missing; null counts as missing.
func absent(raw josejson.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func stringClaim(name string, raw josejson.RawMessage) (string, error) {
	if absent(raw) {
		return "", nil
	}
	var s string
	if err := josejson.Unmarshal(raw, &s); err != nil {
		return "", errMalformed("claim " + name + ": not a string")
	}
	return s, nil
}

// audienceClaim reads aud, a string or a list of strings.
func audienceClaim(raw josejson.RawMessage) ([]string, error) {
	if absent(raw) {
		return nil, nil
	}
	if raw[0] == '[' {
		var list []*string
		if err := josejson.Unmarshal(raw, &list); err != nil {
			return nil, errMalformed("claim aud: not a list of strings")
		}
		values := make([]string, 0, len(list))
		for _, value := range list {
			if value == nil {
				return nil, errMalformed("claim aud: null in the list")
			}
			values = append(values, *value)
		}
		return values, nil
	}
	one, err := stringClaim("aud", raw)
	if err != nil || one == "" {
		return nil, err
	}
	return []string{one}, nil
}

// dateClaim reads a JSON number; a fraction is cut off. Strings are refused,
// which is inferred.
func dateClaim(name string, raw josejson.RawMessage) (numericDate, error) {
	if absent(raw) {
		return numericDate{}, nil
	}
	text := string(raw)
	if c := text[0]; c != '-' && (c < '0' || c > '9') {
		return numericDate{}, errMalformed("claim " + name + ": not a number")
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		float, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Abs(float) > maxSeconds {
			return numericDate{}, errMalformed("claim " + name + ": out of range")
		}
		seconds = int64(float)
	}
	if seconds > maxSeconds || seconds < -maxSeconds {
		return numericDate{}, errMalformed("claim " + name + ": out of range")
	}
	return numericDate{seconds, true}, nil
}
