package issuer

import (
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// The styles of key ids that platforms use. Each is a value for KeySpec.KID and depends on the key alone, so that an id
// never names two keys.

// ThumbprintKID is the RFC 7638 thumbprint of the key, 43 base64url characters.
func ThumbprintKID(info KeyInfo) string {
	jwk := jose.JSONWebKey{Key: info.Public}
	sum, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil { // only for key types that GenerateKey does not make
		return PKIXKID(info)
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// PKIXKID is the base64url SHA-256 of the DER public key, 43 characters: what kube-apiserver uses.
func PKIXKID(info KeyInfo) string {
	sum := sha256.Sum256(der(info.Public))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// HexKID is 40 lower-case hex digits, as EKS and Google show. What the real ones hash is not known; here it is the
// SHA-1 of the DER public key.
func HexKID(info KeyInfo) string {
	sum := sha1.Sum(der(info.Public))
	return hex.EncodeToString(sum[:])
}

// CertificateKID is the upper-case hex SHA-1 of the certificate: the style of Azure DevOps and of GitHub's older keys.
func CertificateKID(info KeyInfo) string {
	sum := sha1.Sum(info.Certificate)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// Base64KID is 44 characters of padded standard base64, as Cognito user pools show.
func Base64KID(info KeyInfo) string {
	sum := sha256.Sum256(der(info.Public))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// AlphanumericKID is 32 letters and digits, the style of SPIRE, where they are random.
func AlphanumericKID(info KeyInfo) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	sum := sha256.Sum256(der(info.Public))
	id := make([]byte, len(sum))
	for i, b := range sum {
		id[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(id)
}

// NumberedKID counts the keys: NumberedKID("RSA_", 0) gives RSA_0, then RSA_1 after a rotation.
func NumberedKID(prefix string, first int) func(KeyInfo) string {
	return func(info KeyInfo) string { return fmt.Sprintf("%s%d", prefix, first+info.Number) }
}

// UUIDKID is a fixed id for the first key and a UUID made from the key (version 5 layout) for those that follow. An
// empty first makes a UUID for the first key too.
func UUIDKID(first string) func(KeyInfo) string {
	return func(info KeyInfo) string {
		if info.Number == 0 && first != "" {
			return first
		}
		sum := sha1.Sum(der(info.Public))
		return UUIDFrom(sum[:], 5)
	}
}

// der is the PKIX form of a key that GenerateKey made, which always has one.
func der(public crypto.PublicKey) []byte {
	b, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil
	}
	return b
}
