package entra

import (
	"bytes"
	"errors"
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

// assertion is a parsed client_assertion, not yet verified.
type assertion struct {
	jws       *jose.JSONWebSignature // nil: the algorithm or a member of the header is not supported
	header    joseHeader
	alg, kid  string   // of the header; "": no kid
	issuer    string   // "": missing
	subject   string   // "": missing
	audiences []string // empty: missing
	issued    numericDate
	notBefore numericDate
	expires   numericDate
	claims    map[string]any // all of them, as JSON has them
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

// compactCharacters are those of a compact JWS: base64url, and the dots between its parts.
const compactCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

// parseAssertion reads a compact JWS. The returned error is an errMalformed
// and never quotes the assertion.
func parseAssertion(compact string) (*assertion, error) {
	// Go's base64 skips line breaks, Entra's is not known to: refuse them.
	for i := range len(compact) {
		if strings.IndexByte(compactCharacters, compact[i]) < 0 {
			return nil, errMalformed("a character that is neither base64url nor a dot")
		}
	}
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return nil, errMalformed(strconv.Itoa(len(parts)) + " parts instead of 3")
	}
	a := new(assertion)
	var err error
	if a.header, err = readHeader(parts[0]); err != nil {
		return nil, err
	}
	a.alg, a.kid = string(a.header.algorithm()), a.header.text("kid")
	if a.alg == "" {
		return nil, errMalformed("header: no alg")
	}
	payload, err := decodePart("payload", parts[1])
	if err != nil {
		return nil, err
	}
	if _, err = decodePart("signature", parts[2]); err != nil {
		return nil, err
	}
	// Others are only to be refused, by what is known of them already.
	if slices.Contains(assertionAlgorithms, a.header.algorithm()) && a.header.unsupported() == "" {
		if a.jws, err = jose.ParseSignedCompact(compact, assertionAlgorithms); err != nil {
			return nil, errMalformed("not a JWS")
		}
	}
	if err := decodeObject("payload", payload, &a.claims); err != nil {
		return nil, err // also for a name that occurs twice below a claim
	}
	return a, a.readClaims(payload)
}

// readClaims reads the claims Entra looks at.
func (a *assertion) readClaims(payload []byte) error {
	var claims struct {
		Issuer    josejson.RawMessage `json:"iss"`
		Subject   josejson.RawMessage `json:"sub"`
		Audience  josejson.RawMessage `json:"aud"`
		Issued    josejson.RawMessage `json:"iat"`
		NotBefore josejson.RawMessage `json:"nbf"`
		Expires   josejson.RawMessage `json:"exp"`
	}
	if err := decodeObject("payload", payload, &claims); err != nil {
		return err
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

// stringClaim reads a claim of text; null counts as missing.
func stringClaim(name string, raw josejson.RawMessage) (string, error) {
	if len(raw) == 0 {
		return "", nil
	}
	var s string
	if err := josejson.Unmarshal(raw, &s); err != nil {
		return "", errMalformed("claim " + name + ": not a string")
	}
	return s, validateText(name, s)
}

// validateText refuses the replacement character. It is what Go makes of an escaped half of a character, such as
// \ud800, which could be taken for another text. That Entra refuses it is inferred.
func validateText(name, s string) error {
	if strings.ContainsRune(s, utf8.RuneError) {
		return errMalformed("claim " + name + ": a character that is none")
	}
	return nil
}

// audienceClaim reads aud, a string or a list of strings.
func audienceClaim(raw josejson.RawMessage) ([]string, error) {
	if bytes.HasPrefix(raw, []byte("[")) {
		var list []*string
		if err := josejson.Unmarshal(raw, &list); err != nil {
			return nil, errMalformed("claim aud: not a list of strings")
		}
		values := make([]string, 0, len(list))
		for _, value := range list {
			if value == nil {
				return nil, errMalformed("claim aud: null in the list")
			}
			if err := validateText("aud", *value); err != nil {
				return nil, err
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

// dateClaim reads a whole number of seconds. A fraction, an exponent, a string and null are refused: that Entra takes
// none of them is inferred, and the stricter of what may be (SPIRE's fractions were refused by AWS, spiffe/spire#4982).
func dateClaim(name string, raw josejson.RawMessage) (numericDate, error) {
	if len(raw) == 0 {
		return numericDate{}, nil
	}
	seconds, err := strconv.ParseInt(string(raw), 10, 64)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return numericDate{}, errMalformed("claim " + name + ": not a whole number")
	case seconds > maxSeconds || seconds < -maxSeconds: // also those of more than 64 bits, which are the largest or smallest then
		return numericDate{}, errMalformed("claim " + name + ": out of range")
	}
	return numericDate{seconds, true}, nil
}
