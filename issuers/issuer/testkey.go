package issuer

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"math/big"
)

// TestKey is an RSA key of 2048 bits for issuers that only tests trust. Its public key is like any other (e is 65537),
// but n is the product of eight primes instead of two, so that it is made and signs in a fraction of the time.
//
// That has a price. It is weaker against factoring: the work of the elliptic curve method depends on the size of the
// prime, and it found one of 79 digits in 2012 (of 11^306+1, S. Wagstaff); these have 78. And math/big is not
// constant-time: who measures how long signatures take may learn the key. So it is for no issuer that anyone outside
// the machine may trust. It signs with SHA-256, SHA-384 and SHA-512 and is safe for concurrent use.
type TestKey struct {
	public rsa.PublicKey
	parts  [8]struct{ prime, exponent, product, inverse *big.Int } // product: of the primes before; inverse: of that
}

// NewTestKey makes a key from a source of randomness, such as crypto/rand's Reader; the same bytes make the same key.
func NewTestKey(random io.Reader) (*TestKey, error) {
	k := &TestKey{public: rsa.PublicKey{N: big.NewInt(1), E: 65537}}
	raw := make([]byte, 32)
	for n := 0; n < len(k.parts); {
		if _, err := io.ReadFull(random, raw); err != nil {
			return nil, fmt.Errorf("issuer: test key: %w", err)
		}
		raw[0], raw[31] = raw[0]|0xf0, raw[31]|1 // odd, at least 15/16 of 2^256: (15/16)^8 > 1/2, so n has 2048 bits
		p := new(big.Int).SetBytes(raw)
		if !p.ProbablyPrime(0) { // no composite number passes that is known, and Sign would notice
			continue
		}
		if k.set(n, p) {
			n++
		}
	}
	return k, nil
}

// set puts a prime into the key, after those before it, or tells that it does not fit.
func (k *TestKey) set(n int, p *big.Int) bool {
	e := big.NewInt(int64(k.public.E))
	d := new(big.Int).ModInverse(e, new(big.Int).Sub(p, big.NewInt(1)))
	inverse := new(big.Int).ModInverse(k.public.N, p)
	if d == nil || inverse == nil { // e divides p-1, or p is there already
		return false
	}
	k.parts[n].prime, k.parts[n].exponent, k.parts[n].product, k.parts[n].inverse = p, d, k.public.N, inverse
	k.public.N = new(big.Int).Mul(k.public.N, p)
	return true
}

// restoreTestKey makes the key that has these primes in this order.
func restoreTestKey(primes [][]byte) (*TestKey, error) {
	k := &TestKey{public: rsa.PublicKey{N: big.NewInt(1), E: 65537}}
	if len(primes) != len(k.parts) {
		return nil, fmt.Errorf("issuer: a kept test key has %d primes, want %d", len(primes), len(k.parts))
	}
	for n, raw := range primes {
		p := new(big.Int).SetBytes(raw)
		if p.BitLen() != 256 || !p.ProbablyPrime(0) || !k.set(n, p) {
			return nil, errors.New("issuer: a number of a kept test key is not one of its primes")
		}
	}
	return k, nil
}

// Public returns an *rsa.PublicKey, which nobody may change.
func (k *TestKey) Public() crypto.PublicKey { return &k.public }

// Format prints no part of the key.
func (k *TestKey) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, "an RSA test key") }

// digestInfo is what PKCS #1 v1.5 (RFC 8017, section 9.2) writes before the digest.
var digestInfo = map[crypto.Hash]string{
	crypto.SHA256: "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
	crypto.SHA384: "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
	crypto.SHA512: "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
}

// Sign signs a digest, with PSS when the options are *rsa.PSSOptions and else with PKCS #1 v1.5. Only PSS reads random,
// for its salt. Each signature is verified by crypto/rsa before it leaves.
func (k *TestKey) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) (signature []byte, err error) {
	hash, em := opts.HashFunc(), make([]byte, k.public.Size())
	prefix, known := digestInfo[hash]
	if !known || len(digest) != hash.Size() {
		return nil, fmt.Errorf("issuer: test key: %v of %d bytes: want SHA-256, SHA-384 or SHA-512", hash, len(digest))
	}
	if pss, ok := opts.(*rsa.PSSOptions); ok {
		longest := len(em) - hash.Size() - 2 // of a salt
		length, ok := map[int]int{rsa.PSSSaltLengthEqualsHash: hash.Size(), rsa.PSSSaltLengthAuto: longest}[pss.SaltLength]
		if !ok {
			length = pss.SaltLength
		}
		if length < 0 || length > longest {
			return nil, fmt.Errorf("issuer: test key: a salt of %d bytes: want 0 to %d", length, longest)
		}
		db := em[:longest+1] // RFC 8017, 9.1.1: zeros, 1, the salt, all masked; then the seed and 0xbc
		if _, err := io.ReadFull(random, db[len(db)-length:]); err != nil {
			return nil, fmt.Errorf("issuer: test key: salt: %w", err)
		}
		h := sum(hash, make([]byte, 8), digest, db[len(db)-length:])
		copy(em[len(db):], append(h, 0xbc))
		db[len(db)-length-1] = 1
		for n, part := byte(0), db; len(part) > 0; n++ {
			part = part[subtle.XORBytes(part, part, sum(hash, h, []byte{0, 0, 0, n})):]
		}
		db[0] &= 0x7f
		signature = k.private(em)
		err = rsa.VerifyPSS(&k.public, hash, digest, signature, &rsa.PSSOptions{SaltLength: length})
	} else {
		copy(em, append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, len(em))...))
		copy(em[len(em)-1-len(prefix)-len(digest):], "\x00"+prefix+string(digest))
		signature = k.private(em)
		err = rsa.VerifyPKCS1v15(&k.public, hash, digest, signature)
	}
	if err != nil {
		return nil, fmt.Errorf("issuer: test key: the signature does not verify: %w", err)
	}
	return signature, nil
}

func sum(hash crypto.Hash, parts ...[]byte) []byte {
	h := hash.New()
	h.Write(bytes.Join(parts, nil)) // it does not fail
	return h.Sum(nil)
}

// private raises to the private exponent, modulo each prime, and puts the results together by Garner's method.
func (k *TestKey) private(em []byte) []byte {
	m, out, t := new(big.Int).SetBytes(em), new(big.Int), new(big.Int)
	for _, p := range k.parts {
		t.Exp(t.Mod(m, p.prime), p.exponent, p.prime)
		t.Sub(t, out).Mul(t, p.inverse).Mod(t, p.prime)
		out.Add(out, t.Mul(t, p.product))
	}
	return out.FillBytes(em)
}
