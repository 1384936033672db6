package ca

import (
	"bytes"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRestoredAuthority restores an authority that was kept: who trusts the first one's root trusts the leaves of both.
func TestRestoredAuthority(t *testing.T) {
	t.Parallel()
	a := testAuthority(t, "login.example", "10.1.2.3")
	kept, err := a.Keep()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Restore(kept, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.RootPEM(), again.RootPEM()) {
		t.Error("the root is another one")
	}
	if diff := cmp.Diff([]string{"login.example", "10.1.2.3"}, again.Hosts()); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
	if !again.End().Equal(a.intermediate.NotAfter) {
		t.Errorf("it ends at %s, want %s", again.End(), a.intermediate.NotAfter)
	}
	for host, may := range map[string]bool{"login.example": true, "www.login.example": true, "10.1.2.3": true, "127.0.0.1": true, "other.example": false} {
		if got := again.MaySign(host); got != may {
			t.Errorf("may it sign for %s: %t", host, got)
		}
		leaf, err := again.leaf(host)
		if err == nil != may {
			t.Errorf("a leaf for %s: %v", host, err)
		}
		if err == nil {
			if err := verify(a, leaf.Leaf, host); err != nil {
				t.Errorf("who trusts the first authority does not trust the leaf for %s: %v", host, err)
			}
		}
	}
	if again2, err := again.Keep(); err != nil || cmp.Diff(kept, again2) != "" {
		t.Errorf("kept again it differs (%v): %s", err, cmp.Diff(kept, again2))
	}
}

// TestRestoreRefuses restores what is not one authority.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	keep := func(a *Authority) Kept {
		kept, err := a.Keep()
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}
	kept, other := keep(testAuthority(t)), keep(testAuthority(t))
	for name, change := range map[string]func(*Kept){
		"no root":               func(k *Kept) { k.Root = nil },
		"no intermediate":       func(k *Kept) { k.Intermediate = nil },
		"another root":          func(k *Kept) { k.Root = other.Root },
		"another key":           func(k *Kept) { k.Key = other.Key },
		"no key":                func(k *Kept) { k.Key = nil },
		"no leaf key":           func(k *Kept) { k.LeafKey = nil },
		"a changed certificate": func(k *Kept) { k.Intermediate[len(k.Intermediate)-1] ^= 1 },
		"a bad host":            func(k *Kept) { k.Hosts = []string{""} },
	} {
		changed := kept
		changed.Intermediate = slices.Clone(kept.Intermediate)
		change(&changed)
		if _, err := Restore(changed, time.Now); err == nil {
			t.Errorf("%s: restored", name)
		}
	}
	if _, err := x509.ParsePKCS8PrivateKey(kept.Key); err != nil {
		t.Error(err)
	}
}
