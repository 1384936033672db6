package issuer

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// SigningKey is a private key that an issuer is given in place of one that it makes; see [WithSigningKeys].
type SigningKey struct {
	// RSA of 2048 bits or more, or ECDSA on P-256, P-384 or P-521; safe for concurrent use
	Key crypto.Signer
	ID  string                  // the kid; empty: one in the platform's style, made from the key
	Alg jose.SignatureAlgorithm // the only algorithm that it may sign with; empty: any that fits it
	// for x5c, where the platform publishes one; nil: a self-signed one, the same for the same key
	Certificate *x509.Certificate
}

// Format prints what kind of key it is, and no part of it.
func (k SigningKey) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, k.String()) }

// String names the kind of the key, and its kid if it was given one.
func (k SigningKey) String() string {
	text := k.kind()
	if k.ID != "" {
		text += fmt.Sprintf(" with kid %q", k.ID)
	}
	if k.Alg != "" {
		text += " for " + string(k.Alg)
	}
	return text
}

// minRSA is how short an RSA key may be: RFC 7518, section 3.3, and Entra refuses shorter ones.
const minRSA = 2048

// Validate says what is wrong with a key that no platform can sign with.
func (k SigningKey) Validate() error {
	if rsaKey, ok := k.public().(*rsa.PublicKey); ok && rsaKey.N.BitLen() < minRSA {
		return fmt.Errorf("issuer: %s: want %d bits or more", k, minRSA)
	}
	if !slices.ContainsFunc(Algorithms, k.Fits) {
		return fmt.Errorf("issuer: %s: want RSA, or ECDSA on P-256, P-384 or P-521", k)
	}
	return nil
}

// Fits tells whether the key may sign with an algorithm.
func (k SigningKey) Fits(alg jose.SignatureAlgorithm) bool {
	if k.Alg != "" && k.Alg != alg {
		return false
	}
	switch public := k.public().(type) {
	case *rsa.PublicKey:
		return isRSA(alg)
	case *ecdsa.PublicKey:
		return alg == map[elliptic.Curve]jose.SignatureAlgorithm{
			elliptic.P256(): jose.ES256, elliptic.P384(): jose.ES384, elliptic.P521(): jose.ES512,
		}[public.Curve]
	}
	return false
}

// public is nil without a key, and of a key with nothing in it.
func (k SigningKey) public() crypto.PublicKey {
	switch key := k.Key.(type) {
	case nil:
		return nil
	case *rsa.PrivateKey:
		if key == nil || key.N == nil {
			return nil
		}
	case *ecdsa.PrivateKey:
		if key == nil || key.Curve == nil {
			return nil
		}
	}
	return k.Key.Public()
}

func (k SigningKey) kind() string {
	switch public := k.public().(type) {
	case nil:
		return "no key"
	case *rsa.PublicKey:
		return fmt.Sprintf("an RSA key of %d bits", public.N.BitLen())
	case *ecdsa.PublicKey:
		return "an ECDSA key on " + public.Curve.Params().Name
	default:
		return fmt.Sprintf("a key of type %T", public)
	}
}

// WithSigningKeys gives the issuer private keys in place of those that it would make: the first that fits is the one
// that signs, and the others take the places of the platform's other keys, each by its algorithm. A rotation makes new
// keys as ever. It comes after WithPreset and WithAlg. The error says which key has no place, or that none is for the
// algorithm that the issuer signs with.
func WithSigningKeys(keys ...SigningKey) Option {
	return func(i *Issuer) error {
		specs, signer := i.service.Keys, i.spot(i.preset)
		order := []int{signer}
		for n := range specs {
			if n != signer {
				order = append(order, n)
			}
		}
		given := make([]*SigningKey, len(specs))
		for _, key := range keys {
			if err := key.Validate(); err != nil {
				return err
			}
			if key.ID != "" && slices.ContainsFunc(given, func(other *SigningKey) bool { return other != nil && other.ID == key.ID }) {
				return fmt.Errorf("issuer: two of the keys given have the kid %q: a verifier finds a key by it", key.ID)
			}
			place := slices.IndexFunc(order, func(n int) bool { return given[n] == nil && key.Fits(specs[n].Alg) })
			if place < 0 {
				return fmt.Errorf("issuer: %s: no place for %s: its keys are for %s", cmp.Or(i.service.Name, i.platform.Name), key, i.keyAlgorithms())
			}
			given[order[place]] = &key
		}
		if len(keys) > 0 && given[signer] == nil {
			return fmt.Errorf("issuer: %s signs with %s, and none of the keys given is for it", cmp.Or(i.service.Name, i.platform.Name), specs[signer].Alg)
		}
		i.given = given
		return nil
	}
}

// otherKeys tells whether the issuer was given keys that the other one was not.
func (i *Issuer) otherKeys(other *Issuer) bool {
	for n, key := range i.given {
		if key == nil {
			continue
		}
		if n >= len(other.given) || other.given[n] == nil {
			return true
		}
		public, ok := key.public().(interface{ Equal(crypto.PublicKey) bool })
		if !ok || !public.Equal(other.given[n].public()) || key.ID != other.given[n].ID {
			return true
		}
	}
	return false
}

// keyAlgorithms are those of the keys, in their order.
func (i *Issuer) keyAlgorithms() string {
	return strings.Join(names(i.service.Keys, func(k KeySpec) string { return string(k.Alg) }), ", ")
}
