package issuer_test

import (
	"net/http"
	"testing"

	"github.com/issuerd/issuerd/issuers/issuer"
)

func TestAuthorization(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		header     string
		credential string // after Bearer
		bearer     bool
		shows      bool // secret, after Bearer or token
	}{
		{"", "", false, false},
		{"Bearer secret", "secret", true, true},
		{"bEARER secret", "secret", true, true},
		{"token secret", "", false, true},
		{"Basic secret", "", false, false},
		{"Bearer", "", true, false},
		{"Bearer secret ", "secret ", true, false},
		{"Bearer  secret", " secret", true, false},
		{"Bearer secre", "secre", true, false},
		{"secret", "", false, false},
	} {
		r := &http.Request{Header: http.Header{"Authorization": {tt.header}}}
		credential, ok := issuer.Credential(r, "Bearer")
		if credential != tt.credential || ok != tt.bearer {
			t.Errorf("%q: credential %q, %t, want %q, %t", tt.header, credential, ok, tt.credential, tt.bearer)
		}
		if got := issuer.Shows(r, "secret", "Bearer", "token"); got != tt.shows {
			t.Errorf("%q shows the secret: %t, want %t", tt.header, got, tt.shows)
		}
	}
}
