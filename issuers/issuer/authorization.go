package issuer

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// Credential is what a request's Authorization header has after a scheme, whose letter case does not matter; ok tells
// whether it has that scheme.
func Credential(r *http.Request, scheme string) (credential string, ok bool) {
	got, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(got, scheme) {
		return "", false
	}
	return credential, true
}

// Shows tells whether a request shows a secret in its Authorization header, after one of the schemes. It takes the same
// time for every wrong one of the right length.
func Shows(r *http.Request, secret string, schemes ...string) bool {
	for _, scheme := range schemes {
		if shown, ok := Credential(r, scheme); ok {
			return subtle.ConstantTimeCompare([]byte(shown), []byte(secret)) == 1
		}
	}
	return false
}
