package issuer_test

import (
	"crypto/sha1"
	"fmt"
	"regexp"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/issuers/issuer"
)

func TestKeyIDs(t *testing.T) {
	t.Parallel()
	var infos []issuer.KeyInfo
	for n := range 2 {
		key, err := issuer.GenerateTestKey(jose.ES256)
		if err != nil {
			t.Fatal(err)
		}
		infos = append(infos, issuer.KeyInfo{Public: key.Public(), Certificate: fmt.Append(nil, "certificate ", n), Number: n})
	}
	const uuid = `[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`
	for _, tt := range []struct {
		name          string
		kid           func(issuer.KeyInfo) string
		first, second string // regular expressions
	}{
		{"thumbprint", issuer.ThumbprintKID, `[0-9A-Za-z_-]{43}`, `[0-9A-Za-z_-]{43}`},
		{"pkix", issuer.PKIXKID, `[0-9A-Za-z_-]{43}`, `[0-9A-Za-z_-]{43}`},
		{"hex", issuer.HexKID, `[0-9a-f]{40}`, `[0-9a-f]{40}`},
		{"certificate", issuer.CertificateKID, fmt.Sprintf("%X", sha1.Sum([]byte("certificate 0"))), `[0-9A-F]{40}`},
		{"base64", issuer.Base64KID, `[0-9A-Za-z+/]{43}=`, `[0-9A-Za-z+/]{43}=`},
		{"alphanumeric", issuer.AlphanumericKID, `[0-9A-Za-z]{32}`, `[0-9A-Za-z]{32}`},
		{"numbered", issuer.NumberedKID("RSA_", 3), `RSA_3`, `RSA_4`},
		{"fixed uuid", issuer.UUIDKID("id"), `id`, uuid},
		{"uuid", issuer.UUIDKID(""), uuid, uuid},
	} {
		first, second := tt.kid(infos[0]), tt.kid(infos[1])
		if !regexp.MustCompile("^"+tt.first+"$").MatchString(first) || !regexp.MustCompile("^"+tt.second+"$").MatchString(second) {
			t.Errorf("%s: %q and %q, want %s and %s", tt.name, first, second, tt.first, tt.second)
		}
		if first == second || first != tt.kid(infos[0]) {
			t.Errorf("%s: %q and %q, want one id a key", tt.name, first, second)
		}
	}
}
