package entra_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// strictRefusals are assertions and documents that some decoders take and others do not.
var strictRefusals = []refusal{
	{name: "typ null", code: 5002727, oauth: "invalid_request", status: 400, request: joseHeader(`{"alg":"RS256","kid":"k1","typ":null}`)},
	{name: "typ empty", code: 5002727, oauth: "invalid_request", status: 400, prepare: header("typ", "")},
	{name: "typ in another case", code: 5002727, oauth: "invalid_request", status: 400, prepare: header("typ", "jwt")},
	{name: "white space before the header", code: 50027, oauth: "invalid_request", status: 400, request: joseHeader(` {"alg":"RS256","kid":"k1"}`)},
	{name: "white space after the header", code: 50027, oauth: "invalid_request", status: 400, request: joseHeader(`{"alg":"RS256","kid":"k1"}` + "\n")},
	{name: "byte order mark before the header", code: 50027, oauth: "invalid_request", status: 400, request: joseHeader("\ufeff" + `{"alg":"RS256","kid":"k1"}`)},
	{name: "header member twice", code: 50027, oauth: "invalid_request", status: 400, request: joseHeader(`{"alg":"RS256","kid":"k2","kid":"k1"}`)},
	{name: "header not UTF-8", code: 50027, oauth: "invalid_request", status: 400, request: joseHeader("{\"alg\":\"RS256\",\"kid\":\"k1\",\"ctx\":\"\xff\"}")},
	{name: "header with more behind it", code: 50027, oauth: "invalid_request", status: 400, request: joseHeader(`{"alg":"RS256","kid":"k1"}{}`)},
	{name: "header without alg", code: 50027, oauth: "invalid_request", status: 400, request: joseHeader(`{"Alg":"RS256","kid":"k1"}`)},
	{name: "alg null", code: 50027, oauth: "invalid_request", status: 400, request: joseHeader(`{"alg":null,"kid":"k1"}`)},
	{name: "white space before the payload", code: 50027, oauth: "invalid_request", status: 400, request: around(" ", "")},
	{name: "white space after the payload", code: 50027, oauth: "invalid_request", status: 400, request: around("", "\n")},
	{name: "byte order mark before the payload", code: 50027, oauth: "invalid_request", status: 400, request: around("\ufeff", "")},
	{name: "payload with more behind it", code: 50027, oauth: "invalid_request", status: 400, request: around("", "{}")},
	{name: "padding", code: 50027, oauth: "invalid_request", status: 400, request: assertion(func(s string) string { return s + "==" })},
	{name: "bits that encode nothing", code: 50027, oauth: "invalid_request", status: 400, request: assertion(otherBits)},
	{name: "exp with a fraction", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"exp": float64(start.Unix()) + 60.5}},
	{name: "iat with a fraction of zero", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"iat": json.RawMessage(fmt.Sprint(start.Unix(), ".0"))}},
	{name: "exp with an exponent", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"exp": json.RawMessage("1770510878e0")}},
	{name: "nbf null", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"nbf": json.RawMessage("null")}},
	{name: "nbf a string", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"nbf": "0"}},
	{name: "half a character in sub", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"sub": json.RawMessage(`"x\ud800"`)}, prepare: func(r *rig) {
		r.addCredential(r.app, directory.Credential{Name: "half", Issuer: r.issuer.url, Subject: "x\ufffd", Audiences: []string{exchangeAudience}})
	}},
	{name: "half a character in a list of aud", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"sub": "other", "aud": json.RawMessage(`["x\udc00"]`)}, prepare: func(r *rig) {
		r.addCredential(r.app, directory.Credential{Name: "half", Issuer: r.issuer.url, Subject: "other", Audiences: []string{"x\ufffd"}})
	}},
	{name: "exp negative", code: 700024, oauth: "invalid_client", status: 401, claims: map[string]any{"exp": -1, "iat": -2, "nbf": nil},
		says: []string{"assertion valid from 1969-12-31T23:59:58.0000000Z, expiry time of assertion 1969-12-31T23:59:59.0000000Z."}},
	{name: "key in the header", code: 5002726, oauth: "invalid_request", status: 400, request: joseHeader(`{"alg":"RS256","kid":"k1","jwk":null}`)},
	{name: "header name in another case", code: 5002726, oauth: "invalid_request", status: 400, request: joseHeader(`{"alg":"RS256","kid":"k1","Typ":"JWT"}`)},
	{name: "unsupported header of a kind no library reads", code: 5002726, oauth: "invalid_request", status: 400, request: joseHeader(`{"alg":"RS256","kid":"k1","jwk":{"kty":"?"}}`)},
	{name: "keys with more behind them", code: 900612, oauth: "invalid_request", status: 400, prepare: keysBecome(func(s string) string { return s + "{}" })},
	{name: "byte order mark before the keys", code: 900612, oauth: "invalid_request", status: 400, prepare: keysBecome(func(s string) string { return "\ufeff" + s })},
	{name: "RSA key without n beside", code: 900612, oauth: "invalid_request", status: 400, prepare: besideKey(`{"kty":"RSA","kid":"x","e":"AQAB"}`)},
	{name: "RSA key with an empty n beside", code: 900612, oauth: "invalid_request", status: 400, prepare: besideKey(`{"kty":"RSA","kid":"x","n":"","e":"AQAB"}`)},
	{name: "RSA key with an n of zero beside", code: 900612, oauth: "invalid_request", status: 400, prepare: besideKey(`{"kty":"RSA","kid":"x","n":"AA","e":"AQAB"}`)},
	{name: "RSA key with n in lines beside", code: 900612, oauth: "invalid_request", status: 400, prepare: besideKey(`{"kty":"RSA","kid":"x","n":"AQ\nAB","e":"AQAB"}`)},
	{name: "RSA key with padded n beside", code: 900612, oauth: "invalid_request", status: 400, prepare: besideKey(`{"kty":"RSA","kid":"x","n":"AQ==","e":"AQAB"}`)},
	{name: "RSA key without e beside", code: 900612, oauth: "invalid_request", status: 400, prepare: besideKey(`{"kty":"RSA","kid":"x","n":"AQAB"}`)},
	{name: "RSA key with an e of one beside", code: 900612, oauth: "invalid_request", status: 400, prepare: besideKey(`{"kty":"RSA","kid":"x","n":"AQAB","e":"AQ"}`)},
	{name: "RSA key with an even e beside", code: 900612, oauth: "invalid_request", status: 400, prepare: besideKey(`{"kty":"RSA","kid":"x","n":"AQAB","e":"BA"}`)},
	{name: "RSA key with an even n beside", code: 900612, oauth: "invalid_request", status: 400, prepare: besideKey(`{"kty":"RSA","kid":"x","n":"AQAC","e":"AQAB"}`)},
	{name: "broken RSA key for encryption beside", code: 900612, oauth: "invalid_request", status: 400, prepare: besideKey(`{"kty":"RSA","use":"enc","kid":"x","n":"","e":"AQAB"}`)},
	{name: "broken RSA key without kid beside", code: 900612, oauth: "invalid_request", status: 400, prepare: besideKey(`{"kty":"RSA","n":"","e":"AQAB"}`)},
	{name: "kid of two keys", code: 900612, oauth: "invalid_request", status: 400, prepare: func(r *rig) {
		publish(r, issuerKey().Public(), anotherKey().Public())
	}},
	{name: "kid of two keys of two types", code: 900612, oauth: "invalid_request", status: 400, prepare: func(r *rig) {
		publish(r, issuerKey().Public(), ecKey().Public())
	}},
	{name: "key for encrypting", code: 7000272, oauth: "invalid_client", status: 401, prepare: keysBecome(func(s string) string {
		return strings.Replace(s, `"use":"sig"`, `"key_ops":["encrypt"]`, 1)
	})},
	{name: "key for nothing", code: 7000272, oauth: "invalid_client", status: 401, prepare: keysBecome(func(s string) string {
		return strings.Replace(s, `"use":"sig"`, `"use":"sig","key_ops":[]`, 1)
	})},
	{name: "key of 2047 bits", code: 5002730, oauth: "invalid_request", status: 400, prepare: func(r *rig) {
		key, err := rsa.GenerateKey(rand.Reader, 2047)
		if err != nil {
			r.t.Fatal(err)
		}
		r.issuer.key = key
		publish(r, key.Public())
	}},
	{name: "name twice below a claim", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"kubernetes.io": json.RawMessage(`{"namespace":"a","namespace":"b"}`)}},
	{name: "number that is none", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"run_number": json.RawMessage(`1e999`)}},
	{name: "line break behind the scope", code: 1002012, oauth: "invalid_scope", status: 400, params: map[string]string{"scope": "https://graph.microsoft.com/.default\n"}},
	{name: "tab between scopes", code: 1002012, oauth: "invalid_scope", status: 400, params: map[string]string{"scope": "https://graph.microsoft.com/.default\topenid"}},
	{name: "no-break space between scopes", code: 1002012, oauth: "invalid_scope", status: 400, params: map[string]string{"scope": "https://graph.microsoft.com/.default\u00a0openid"}},
	{name: "null among the keys", code: 900612, oauth: "invalid_request", status: 400, prepare: besideKey(`null`)},
	{name: "text among the keys", code: 900612, oauth: "invalid_request", status: 400, prepare: besideKey(`"k1"`)},
	{name: "kid a number beside", code: 900612, oauth: "invalid_request", status: 400, prepare: besideKey(`{"kty":"EC","kid":7}`)},
	{name: "empty use", code: 7000272, oauth: "invalid_client", status: 401, prepare: keysBecome(func(s string) string { return strings.Replace(s, `"use":"sig"`, `"use":""`, 1) })},
	{name: "discovery with more behind it", code: 501661, oauth: "invalid_request", status: 400, prepare: discoveryBecomes(func(s string) string { return s + "{}" })},
	{name: "byte order mark before the discovery", code: 501661, oauth: "invalid_request", status: 400, prepare: discoveryBecomes(func(s string) string { return "\ufeff" + s })},
	{name: "subject_types_supported null", code: 501661, oauth: "invalid_request", status: 400, prepare: document(map[string]any{"subject_types_supported": json.RawMessage("null")})},
	{name: "discovery member twice", code: 501661, oauth: "invalid_request", status: 400, prepare: discoveryBecomes(func(s string) string { return `{"issuer":"x",` + s[1:] })},
}

// around puts something before and after a good payload.
func around(before, after string) func(*rig) *http.Request {
	return func(r *rig) *http.Request {
		return r.present(r.issuer.sign(before + string(mustJSON(r.claims(nil))) + after))
	}
}

// joseHeader signs good claims under a header of which every byte is given.
func joseHeader(header string) func(*rig) *http.Request {
	return func(r *rig) *http.Request {
		encode := base64.RawURLEncoding.EncodeToString
		input := encode([]byte(header)) + "." + encode(mustJSON(r.claims(nil)))
		hash := sha256.Sum256([]byte(input))
		signature, err := rsa.SignPKCS1v15(nil, issuerKey(), crypto.SHA256, hash[:])
		if err != nil {
			panic(err)
		}
		return r.present(input + "." + encode(signature))
	}
}

// otherBits changes the last character of a token so that it decodes to the same bytes for those who do not look.
func otherBits(token string) string {
	last := token[len(token)-1]
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return token[:len(token)-1] + string(alphabet[strings.IndexByte(alphabet, last)+1])
}

// publish makes these the issuer's keys, of one kid.
func publish(r *rig, keys ...any) {
	set := make([]jose.JSONWebKey, len(keys))
	for i, key := range keys {
		set[i] = jose.JSONWebKey{Key: key, KeyID: "k1", Use: "sig"}
	}
	r.issuer.jwks = keySet(set...)
}

// keysBecome changes the issuer's JWKS.
func keysBecome(change func(string) string) func(*rig) {
	return func(r *rig) { r.issuer.jwks = []byte(change(string(r.issuer.jwks.([]byte)))) }
}

// besideKey puts an entry after the good key.
func besideKey(entry string) func(*rig) {
	return keysBecome(func(s string) string { return strings.TrimSuffix(s, "]}") + "," + entry + "]}" })
}

// discoveryBecomes changes the issuer's discovery document.
func discoveryBecomes(change func(string) string) func(*rig) {
	return func(r *rig) { r.issuer.discovery = []byte(change(string(r.issuer.discovery.([]byte)))) }
}
