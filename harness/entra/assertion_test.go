package entra

import (
	"encoding/base64"
	"strings"
	"testing"
)

// TestMalformedAssertions: the record of a sign-in says what of the assertion can't be read, and where.
func TestMalformedAssertions(t *testing.T) {
	t.Parallel()
	part := base64.RawURLEncoding.EncodeToString
	header, signature := part([]byte(`{"alg":"RS256","kid":"k"}`)), part([]byte("signature"))
	payload := func(members string) string {
		return header + "." + part([]byte(`{"iss":"i","sub":"s"`+members+`}`)) + "." + signature
	}
	for _, tt := range []struct{ assertion, want string }{
		{header + ".\n." + signature, "a character that is neither base64url nor a dot"},
		{header + "." + signature, "2 parts instead of 3"},
		{payload("") + "." + signature, "4 parts instead of 3"},
		{"A." + payload("")[len(header)+1:], "header: not base64url"},
		{part([]byte(`[]`)) + payload("")[len(header):], "header: not a JSON object, or something before or after it"},
		{part([]byte(`{"alg":"RS256","alg":"RS256"}`)) + payload("")[len(header):], "header: not a JSON object, or a name twice"},
		{part([]byte(`{"kid":"k"}`)) + payload("")[len(header):], "header: no alg"},
		{header + ".A." + signature, "payload: not base64url"},
		{payload("") + "A", "signature: not base64url"},
		{part([]byte(`{"alg":"RS256","kid":"k","x5c":1}`)) + payload("")[len(header):], "not a JWS"},
		{header + "." + part([]byte("{\"iss\":\"\xff\"}")) + "." + signature, "payload: not UTF-8"},
		{header + ".." + signature, "payload: not a JSON object, or something before or after it"},
		{payload(`,"a":{"b":1,"b":1}`), "payload: not a JSON object, or a name twice"},
		{payload(`,"sub":"s"`), "payload: not a JSON object, or a name twice"},
		{strings.Replace(payload(""), part([]byte(`{"iss":"i","sub":"s"}`)), part([]byte(`{"iss":1}`)), 1), "claim iss: not a string"},
		{strings.Replace(payload(""), part([]byte(`{"iss":"i","sub":"s"}`)), part([]byte(`{"iss":"\ud800"}`)), 1), "claim iss: a character that is none"},
		{strings.Replace(payload(""), part([]byte(`{"iss":"i","sub":"s"}`)), part([]byte(`{"sub":true}`)), 1), "claim sub: not a string"},
		{payload(`,"aud":1`), "claim aud: not a string"},
		{payload(`,"aud":"\ud800"`), "claim aud: a character that is none"},
		{payload(`,"aud":[1]`), "claim aud: not a list of strings"},
		{payload(`,"aud":["a",null]`), "claim aud: null in the list"},
		{payload(`,"aud":["a","\ud800"]`), "claim aud: a character that is none"},
		{payload(`,"iat":"1"`), "claim iat: not a whole number"},
		{payload(`,"nbf":1.5`), "claim nbf: not a whole number"},
		{payload(`,"exp":1e3`), "claim exp: not a whole number"},
		{payload(`,"exp":null`), "claim exp: not a whole number"},
		{payload(`,"exp":253402300800`), "claim exp: out of range"},
		{payload(`,"exp":-253402300800`), "claim exp: out of range"},
		{payload(`,"exp":99999999999999999999`), "claim exp: out of range"},
	} {
		if a, err := parseAssertion(tt.assertion); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %+v, %v; want %q", tt.assertion, a, err, tt.want)
		}
	}
}

// TestReadableAssertions: what counts as missing, and the last values that are in range.
func TestReadableAssertions(t *testing.T) {
	t.Parallel()
	part := base64.RawURLEncoding.EncodeToString
	read := func(payload string) *assertion {
		a, err := parseAssertion(part([]byte(`{"alg":"RS256","kid":"k"}`)) + "." + part([]byte(payload)) + "." + part([]byte("signature")))
		if err != nil {
			t.Fatalf("%s: %v", payload, err)
		}
		return a
	}
	if a := read(`{"iss":null,"sub":null,"aud":null}`); a.issuer != "" || a.subject != "" || a.audiences != nil || a.jws == nil {
		t.Errorf("null is not missing: %+v", a)
	}
	if a := read(`{"aud":""}`); a.audiences != nil {
		t.Errorf("an empty audience is not missing: %+v", a.audiences)
	}
	a := read(`{"iat":-253402300799,"exp":253402300799}`)
	if want := (numericDate{-maxSeconds, true}); a.issued != want {
		t.Errorf("iat is %+v, want %+v", a.issued, want)
	}
	if want := (numericDate{maxSeconds, true}); a.expires != want {
		t.Errorf("exp is %+v, want %+v", a.expires, want)
	}
	if a.notBefore != (numericDate{}) {
		t.Errorf("nbf is %+v, want none", a.notBefore)
	}
}
