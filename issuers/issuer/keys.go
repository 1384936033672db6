package issuer

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
)

// KeySpec describes one key of a JWKS.
type KeySpec struct {
	Alg         jose.SignatureAlgorithm // what it signs with; an RSA key has 2048 bits
	KID         func(KeyInfo) string    // the style of the key id
	Certificate *Certificate            // nil: the JWK has neither x5c nor x5t
	NoAlg       bool                    // the JWK has no alg
	NoUse       bool                    // the JWK has no use
}

// KeyInfo is what a key id may be made from.
type KeyInfo struct {
	Public      crypto.PublicKey
	Certificate []byte // DER; nil without one
	Number      int    // 0 for the first key of its KeySpec, 1 after the first rotation, …
}

// issuerKey is one signing key of an issuer.
type issuerKey struct {
	ID        string
	Alg       jose.SignatureAlgorithm
	spec      KeySpec
	spot      int // index of spec in the service's list
	created   time.Time
	retired   time.Time // when another key took over; zero: it still signs, or never did
	published bool      // the JWKS lists it, until its time is over
	withdrawn bool      // it was taken out of the JWKS, and no rotation brings it back
	kept      bool      // it was put into the JWKS, and stays for longer than the platform's retired keys do
	cert      *x509.Certificate
	private   crypto.Signer
	signer    jose.OpaqueSigner
	public    crypto.PublicKey
}

// NewKeyFunc makes a private key that fits an algorithm. It must be safe for concurrent use.
type NewKeyFunc func(jose.SignatureAlgorithm) (crypto.Signer, error)

// GenerateKey makes a new private key for an algorithm: RSA of 2048 bits for RS* and PS*, the matching curve for ES*.
func GenerateKey(alg jose.SignatureAlgorithm) (crypto.Signer, error) {
	if isRSA(alg) {
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	switch alg {
	case jose.ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.ES384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case jose.ES512:
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	}
	return nil, fmt.Errorf("issuer: no key for algorithm %q (have RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512)", alg)
}

// GenerateTestKey is GenerateKey for issuers that nobody outside the machine may trust: its RSA keys are a [TestKey].
func GenerateTestKey(alg jose.SignatureAlgorithm) (crypto.Signer, error) {
	if isRSA(alg) {
		return NewTestKey(rand.Reader)
	}
	return GenerateKey(alg)
}

func isRSA(alg jose.SignatureAlgorithm) bool {
	return slices.Contains([]jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512}, alg)
}

// newKey makes a key of an issuer, of what it was given unless that is nil.
func newKey(spec KeySpec, spot, number int, now time.Time, source NewKeyFunc, given *SigningKey) (k *issuerKey, err error) {
	var private crypto.Signer
	if given != nil {
		private = given.Key
	} else if private, err = source(spec.Alg); err != nil {
		return nil, err
	}
	k = &issuerKey{Alg: spec.Alg, spec: spec, spot: spot, created: now, private: private, signer: cryptosigner.Opaque(jwaSigner{private}), public: private.Public()}
	info := KeyInfo{Public: k.public, Number: number}
	if spec.Certificate != nil {
		switch {
		case given == nil:
			k.cert, err = spec.Certificate.sign(private, now)
		case given.Certificate != nil:
			k.cert = given.Certificate
		default:
			k.cert, err = spec.Certificate.signAlike(private)
		}
		if err != nil {
			return nil, err
		}
		info.Certificate = k.cert.Raw
	}
	k.ID = spec.KID(info)
	if given != nil {
		k.ID = cmp.Or(given.ID, k.ID)
	}
	return k, nil
}

// jwaSigner makes PSS signatures with a salt as long as the digest, which is the only length that JWA allows (RFC 7518,
// section 3.5); go-jose asks for the longest there is.
type jwaSigner struct{ crypto.Signer }

func (s jwaSigner) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if pss, ok := opts.(*rsa.PSSOptions); ok {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: pss.Hash}
	}
	return s.Signer.Sign(random, digest, opts)
}

// jwk returns the members of the public JWK. go-jose writes them; what the platform leaves out is taken away.
func (k *issuerKey) jwk() (map[string]any, error) {
	jwk := jose.JSONWebKey{Key: k.public, KeyID: k.ID, Algorithm: string(k.Alg), Use: "sig"}
	if k.cert != nil {
		jwk.Certificates = []*x509.Certificate{k.cert}
		sum := sha1.Sum(k.cert.Raw)
		jwk.CertificateThumbprintSHA1 = sum[:]
	}
	if k.spec.NoAlg {
		jwk.Algorithm = ""
	}
	if k.spec.NoUse {
		jwk.Use = ""
	}
	raw, err := jwk.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("issuer: key %q: %w", k.ID, err)
	}
	var members map[string]any
	return members, json.Unmarshal(raw, &members)
}

// thumbprint is the x5t of the key's certificate, or empty.
func (k *issuerKey) thumbprint() string {
	if k.cert == nil {
		return ""
	}
	sum := sha1.Sum(k.cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
