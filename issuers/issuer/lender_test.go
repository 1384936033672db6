package issuer_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// TestLender has many borrow and give back at the same time: no key is with two of them.
func TestLender(t *testing.T) {
	t.Parallel()
	var lender issuer.Lender
	var mu sync.Mutex
	with := map[string]int{} // the borrower, by modulus
	made := map[string]bool{}
	var wg sync.WaitGroup
	for borrower := range 6 {
		wg.Go(func() {
			for range 20 {
				loan := lender.Borrow()
				var mine []string
				for range 3 {
					key, err := loan.Key(jose.RS256)
					if err != nil {
						t.Error(err)
						return
					}
					n := key.Public().(*rsa.PublicKey).N.String()
					mu.Lock()
					if other, lent := with[n]; lent {
						t.Errorf("borrower %d has a key of borrower %d", borrower, other)
					}
					with[n], made[n] = borrower, true
					mu.Unlock()
					mine = append(mine, n)
				}
				mu.Lock()
				for _, n := range mine {
					delete(with, n)
				}
				mu.Unlock()
				loan.End()
			}
		})
	}
	wg.Wait()
	if len(made) > 18 {
		t.Errorf("%d keys were made, want no more than were out at a time, 18", len(made))
	}
}

// TestReturnedKey signs with a key that is with somebody else now.
func TestReturnedKey(t *testing.T) {
	t.Parallel()
	var lender issuer.Lender
	one, other := lender.Borrow(), lender.Borrow()
	digest := make([]byte, 32)
	key, err := one.Key(jose.RS256)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := key.Sign(rand.Reader, digest, crypto.SHA256); err != nil {
		t.Fatal(err)
	}
	one.End()
	if _, err := key.Sign(rand.Reader, digest, crypto.SHA256); err == nil {
		t.Error("signed with a key after it was given back")
	}
	if _, err := one.Key(jose.RS256); err == nil {
		t.Error("borrowed a key after the end")
	}
	again, err := other.Key(jose.PS512)
	if err != nil {
		t.Fatal(err)
	}
	if !again.Public().(*rsa.PublicKey).Equal(key.Public()) {
		t.Error("made a key although one was free")
	}
	for _, alg := range []jose.SignatureAlgorithm{jose.ES256, "none"} {
		if key, err := other.Key(alg); (err == nil) != (alg == jose.ES256) {
			t.Errorf("%s: %v, %v", alg, key, err)
		}
	}
}

// TestLenderKeepsFew has more keys come back than are kept.
func TestLenderKeepsFew(t *testing.T) {
	t.Parallel()
	var lender issuer.Lender
	loan := lender.Borrow()
	before := map[string]bool{}
	take := func() string {
		key, err := loan.Key(jose.RS256)
		if err != nil {
			t.Fatal(err)
		}
		return key.Public().(*rsa.PublicKey).N.String()
	}
	for range 70 {
		before[take()] = true
	}
	loan.End()
	loan = lender.Borrow()
	known := 0
	for range 70 {
		if before[take()] {
			known++
		}
	}
	if known != 64 {
		t.Errorf("%d keys were kept, want 64", known)
	}
}
