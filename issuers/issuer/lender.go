package issuer

import (
	"crypto"
	"errors"
	"io"
	"sync"

	"github.com/go-jose/go-jose/v4"
)

// Lender makes test keys and lends them, so that many short lives cost few keys: a key that one borrower has given back
// goes to the next one, and never to two at a time. The zero value is ready for use; it is safe for concurrent use.
type Lender struct {
	mu   sync.Mutex
	free []crypto.Signer // RSA keys; others cost too little to be kept
}

// maxFree bounds the keys that are kept for the next borrower.
const maxFree = 64

// Loan is what one borrower has.
type Loan struct {
	lender *Lender

	mu    sync.RWMutex // held for reading by every signature
	ended bool
	keys  []crypto.Signer
}

// errReturned is what a signature with a returned key fails with.
var errReturned = errors.New("issuer: this key has been given back: what signed with it has ended")

// Borrow begins a loan.
func (l *Lender) Borrow() *Loan { return &Loan{lender: l} }

// Key is a NewKeyFunc: it yields a key for an algorithm that no other loan has, and never yields one twice.
func (b *Loan) Key(alg jose.SignatureAlgorithm) (crypto.Signer, error) {
	if !isRSA(alg) {
		return GenerateTestKey(alg)
	}
	key := b.lender.take()
	if key == nil {
		var err error
		if key, err = GenerateTestKey(alg); err != nil {
			return nil, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		b.lender.put(key)
		return nil, errReturned
	}
	b.keys = append(b.keys, key)
	return lent{key, b}, nil
}

// End gives the keys back. Signatures under way are waited for; later ones fail.
func (b *Loan) End() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	b.lender.put(b.keys...)
	b.keys = nil
}

func (l *Lender) take() crypto.Signer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.free) == 0 {
		return nil
	}
	key := l.free[0] // the one that has lain longest
	l.free = append([]crypto.Signer(nil), l.free[1:]...)
	return key
}

func (l *Lender) put(keys ...crypto.Signer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, keys[:min(len(keys), maxFree-len(l.free))]...)
}

// lent is a key on loan.
type lent struct {
	crypto.Signer
	loan *Loan
}

func (k lent) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	k.loan.mu.RLock()
	defer k.loan.mu.RUnlock()
	if k.loan.ended {
		return nil, errReturned
	}
	return k.Signer.Sign(random, digest, opts)
}
