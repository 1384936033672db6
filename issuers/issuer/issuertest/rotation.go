package issuertest

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// testRotation rotates without and with publishing.
func testRotation(b *bench) {
	iss := b.issuer()
	client := serve(b, iss)
	old := b.mint(iss, nil)
	if err := verifySignature(client, iss, old); err != nil {
		b.Fatal(err)
	}
	hidden := b.rotate(iss, old, false)
	if err := verifySignature(client, iss, hidden); err == nil {
		b.Error("a token of an unpublished key verifies")
	}
	if err := verifySignature(client, iss, old); err != nil {
		b.Errorf("after a rotation without publishing: %v", err)
	}
	shown := b.rotate(iss, hidden, true)
	for _, token := range []issuer.Token{old, hidden, shown} {
		if err := verifySignature(client, iss, token); err != nil {
			b.Errorf("after a rotation with publishing: %v", err)
		}
	}
}

// rotate rotates and returns a token of the new key.
func (b *bench) rotate(iss *issuer.Issuer, last issuer.Token, publish bool) issuer.Token {
	b.Helper()
	kid, err := iss.Rotate(publish)
	if err != nil {
		b.Fatal(err)
	}
	token := b.mint(iss, nil)
	if token.Header["kid"] != kid || kid == last.Header["kid"] {
		b.Errorf("after a rotation tokens say kid %q, want %q and not %q", token.Header["kid"], kid, last.Header["kid"])
	}
	return token
}

// testOverlap wants the JWKS to list a key after its rotation for as long as the service says.
func testOverlap(b *bench) {
	iss := b.issuer()
	client := serve(b, iss)
	old := b.mint(iss, nil)
	b.rotate(iss, old, true)
	last := b.service.Overlap - time.Second
	if b.service.Overlap == 0 {
		last = 10 * 365 * 24 * time.Hour
	}
	b.now = start.Add(last)
	if !published(b, client, iss, old.Header["kid"]) {
		b.Errorf("key %q has gone %v after its rotation", old.Header["kid"], last)
	}
	if b.service.Overlap == 0 {
		return
	}
	b.now = start.Add(b.service.Overlap)
	if published(b, client, iss, old.Header["kid"]) {
		b.Errorf("key %q is there %v after its rotation", old.Header["kid"], b.service.Overlap)
	}
	if now := b.mint(iss, nil); !published(b, client, iss, now.Header["kid"]) {
		b.Errorf("key %q, which signs, has gone", now.Header["kid"])
	}
}

// testConcurrency is for the race detector; each token must have come from a key that is then published.
func testConcurrency(b *bench) {
	iss := b.issuer()
	client := serve(b, iss)
	var wg sync.WaitGroup
	tokens := make([]issuer.Token, 8)
	errs := make([]error, 3*len(tokens)+1)
	for n := range tokens {
		wg.Go(func() { tokens[n], errs[n] = iss.Mint(issuer.Request{}) })
		wg.Go(func() { _, errs[len(tokens)+n] = iss.JWKS() })
		wg.Go(func() { _, errs[2*len(tokens)+n] = iss.Discovery() })
	}
	wg.Go(func() { _, errs[3*len(tokens)] = iss.Rotate(true) })
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			b.Fatal(err)
		}
	}
	for _, token := range tokens {
		if err := verifySignature(client, iss, token); err != nil {
			b.Error(err)
		}
	}
}

func decode(b *bench, r io.Reader, into any) {
	b.Helper()
	if err := json.NewDecoder(r).Decode(into); err != nil {
		b.Fatal(err)
	}
}
