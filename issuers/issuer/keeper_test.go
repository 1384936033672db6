package issuer_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/gcp"
	"github.com/issuerd/issuerd/issuers/github"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/terraform"
)

// shelf is a Keeper in memory.
type shelf struct {
	records map[string]map[string][]byte
	kept    int // records
	err     error
}

func (s *shelf) Kept(issuerURL string) (map[string][]byte, error) { return s.records[issuerURL], nil }

func (s *shelf) Keep(issuerURL string, records map[string][]byte) error {
	if s.err != nil {
		return s.err
	}
	if s.records == nil {
		s.records = map[string]map[string][]byte{}
	}
	if s.records[issuerURL] == nil {
		s.records[issuerURL] = map[string][]byte{}
	}
	maps.Copy(s.records[issuerURL], records)
	s.kept += len(records)
	return nil
}

func document(t *testing.T, iss *issuer.Issuer) []byte {
	t.Helper()
	jwks, err := iss.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	return jwks
}

// signature verifies a token with the keys of a JWKS.
func signature(t *testing.T, jwks []byte, token string) {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(jwks, &set); err != nil {
		t.Fatal(err)
	}
	parsed, err := jose.ParseSignedCompact(token, issuer.Algorithms)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parsed.Verify(set); err != nil {
		t.Errorf("the token with kid %s: %v", parsed.Signatures[0].Header.KeyID, err)
	}
}

// TestKeysComeBack changes the keys of issuers in every way. After each, an issuer that takes up what was kept lists the
// same keys, byte by byte, signs with the same one, and verifies the tokens of before.
func TestKeysComeBack(t *testing.T) {
	t.Parallel()
	for name, platform := range map[string]*issuer.Platform{"github": github.Platform, "gcp": gcp.Platform} { // one with a certificate, one without
		for kind, source := range map[string]issuer.NewKeyFunc{
			"keys of the standard library": issuer.GenerateKey, "test keys": issuer.GenerateTestKey, "borrowed keys": new(issuer.Lender).Borrow().Key,
		} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				now := time.Date(2026, 11, 1, 9, 0, 0, 123456789, time.UTC)
				kept := &shelf{}
				start := func() *issuer.Issuer {
					iss, err := issuer.New(platform, issuer.WithKeys(source), issuer.WithKeeper(kept), issuer.WithNow(func() time.Time { return now }))
					if err != nil {
						t.Fatal(err)
					}
					return iss
				}
				iss := start()
				var tokens []string
				for _, change := range []struct {
					step string
					do   func() error
				}{
					{"first use", func() error { _, err := iss.Discovery(); return err }},
					{"rotation", func() error { _, err := iss.Rotate(true); return err }},
					{"rotation without publishing", func() error { _, err := iss.Rotate(false); return err }},
					{"publishing", func() error {
						keys, err := iss.Keys()
						return errors.Join(err, iss.Publish(keys[len(keys)-1].ID, true))
					}},
					{"withdrawal", func() error { return iss.Publish("", false) }},
				} {
					step := change.step
					if err := change.do(); err != nil {
						t.Fatalf("%s: %v", step, err)
					}
					want := document(t, iss)
					minted, err := iss.Mint(issuer.Request{Audience: []string{"api://AzureADTokenExchange"}})
					if err != nil {
						t.Fatal(err)
					}
					tokens = append(tokens, minted.Raw)
					again := start()
					if got := document(t, again); !bytes.Equal(want, got) {
						t.Errorf("%s: the JWKS is\n%s\nwant\n%s", step, got, want)
					}
					wantKeys, err := iss.Keys()
					if err != nil {
						t.Fatal(err)
					}
					if keys, err := again.Keys(); err != nil || cmp.Diff(wantKeys, keys) != "" {
						t.Errorf("%s: the keys (%v) (-want +got):\n%s", step, err, cmp.Diff(wantKeys, keys))
					}
					next, err := again.Mint(issuer.Request{Audience: []string{"api://AzureADTokenExchange"}})
					if err != nil {
						t.Fatal(err)
					}
					if minted.Header["kid"] != next.Header["kid"] {
						t.Errorf("%s: signs with %v, want %v", step, next.Header["kid"], minted.Header["kid"])
					}
					iss = again
					now = now.Add(time.Minute)
				}
				if err := iss.Publish("", true); err != nil {
					t.Fatal(err)
				}
				keys, err := iss.Keys()
				if err != nil {
					t.Fatal(err)
				}
				for _, k := range keys {
					if err := iss.Publish(k.ID, true); err != nil {
						t.Fatal(err)
					}
				}
				for _, token := range tokens {
					signature(t, document(t, start()), token)
				}
			})
		}
	}
}

// TestKeepsWhatChanged counts the records of a rotation: the new key, and what changes in all.
func TestKeepsWhatChanged(t *testing.T) {
	t.Parallel()
	kept := &shelf{}
	iss, err := issuer.New(github.Platform, issuer.WithKeys(issuer.GenerateTestKey), issuer.WithKeeper(kept))
	if err != nil {
		t.Fatal(err)
	}
	document(t, iss)
	for range 20 {
		before := kept.kept
		if _, err := iss.Rotate(true); err != nil {
			t.Fatal(err)
		}
		if wrote := kept.kept - before; wrote != 2 {
			t.Errorf("a rotation wrote %d records", wrote)
		}
	}
	before := kept.kept
	document(t, iss)
	if kept.kept != before {
		t.Error("reading the JWKS wrote something")
	}
}

// TestKeysThatCantBeKept has the keeper fail: no key is shown that would not come back.
func TestKeysThatCantBeKept(t *testing.T) {
	t.Parallel()
	kept := &shelf{err: errors.New("the disk is full")}
	iss, err := issuer.New(github.Platform, issuer.WithKeys(issuer.GenerateTestKey), issuer.WithKeeper(kept))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := iss.JWKS(); !errors.Is(err, kept.err) {
		t.Errorf("the first use: %v", err)
	}
	kept.err = nil
	before := document(t, iss)
	kept.err = errors.New("the disk is full again")
	if _, err := iss.Rotate(true); !errors.Is(err, kept.err) {
		t.Errorf("a rotation: %v", err)
	}
	keys, err := iss.Keys()
	if err != nil {
		t.Fatal(err)
	}
	if err := iss.Publish(keys[0].ID, false); !errors.Is(err, kept.err) {
		t.Errorf("a withdrawal: %v", err)
	}
	if after := document(t, iss); !bytes.Equal(before, after) {
		t.Errorf("the JWKS has changed:\n%s\nwant\n%s", after, before)
	}
}

// TestOtherAlgorithm takes up the keys of an issuer that has another algorithm now, and then of the one of before: each
// time it has new keys, and keeps them.
func TestOtherAlgorithm(t *testing.T) {
	t.Parallel()
	kept := &shelf{}
	seen := map[string]bool{}
	for _, alg := range []string{"ES256", "ES384", "ES256"} {
		var before []byte
		for range 2 {
			iss, err := issuer.New(terraform.Platform, issuer.WithAlg(alg), issuer.WithKeeper(kept))
			if err != nil {
				t.Fatal(err)
			}
			minted, err := iss.Mint(issuer.Request{})
			if err != nil {
				t.Fatal(err)
			}
			if minted.Header["alg"] != alg {
				t.Errorf("signs with %v, want %s", minted.Header["alg"], alg)
			}
			jwks := document(t, iss)
			signature(t, jwks, minted.Raw)
			if before == nil && seen[string(jwks)] {
				t.Error("the keys of before have come back")
			}
			if before != nil && !bytes.Equal(before, jwks) {
				t.Errorf("the JWKS is\n%s\nwant\n%s", jwks, before)
			}
			before, seen[string(jwks)] = jwks, true
		}
	}
}

// TestUnreadableKeys takes up records that no issuer has kept.
func TestUnreadableKeys(t *testing.T) {
	t.Parallel()
	for name, records := range map[string]map[string][]byte{
		"no ring":        {"ring": []byte("{")},
		"a missing key":  {"ring": []byte(`{"keys":[{}],"signers":[0]}`)},
		"an unread key":  {"ring": []byte(`{"keys":[{}],"signers":[0]}`), "keys/000000": []byte("x")},
		"no private key": {"ring": []byte(`{"keys":[{}],"signers":[0]}`), "keys/000000": []byte(`{"private":{},"alg":"RS256"}`)},
		"a wrong signer": {"ring": []byte(`{"keys":[],"signers":[0]}`)},
	} {
		iss, err := issuer.New(terraform.Platform, issuer.WithKeeper(&shelf{records: map[string]map[string][]byte{terraform.Platform.Services[0].Issuer: records}}))
		if err != nil {
			t.Fatal(err)
		}
		if jwks, err := iss.JWKS(); err == nil {
			t.Errorf("%s: %s", name, jwks)
		}
	}
}

// TestGivenKeyTakesOver gives an issuer another key than the ones that were kept: it signs from then on, and the tokens
// of before are good as after a rotation. The same key again changes nothing.
func TestGivenKeyTakesOver(t *testing.T) {
	t.Parallel()
	kept := &shelf{}
	start := func(given ...issuer.SigningKey) *issuer.Issuer {
		iss, err := issuer.New(github.Platform, issuer.WithKeys(issuer.GenerateTestKey), issuer.WithKeeper(kept), issuer.WithSigningKeys(given...))
		if err != nil {
			t.Fatal(err)
		}
		return iss
	}
	first, err := start().Mint(issuer.Request{})
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	given := issuer.SigningKey{Key: key, ID: "mine"}
	var jwks []byte
	for range 2 {
		iss := start(given)
		second, err := iss.Mint(issuer.Request{})
		if err != nil {
			t.Fatal(err)
		}
		if second.Header["kid"] != "mine" {
			t.Errorf("signs with %v", second.Header["kid"])
		}
		if jwks != nil && !bytes.Equal(jwks, document(t, iss)) {
			t.Error("the JWKS has changed with the same key")
		}
		jwks = document(t, iss)
		signature(t, jwks, first.Raw)
		signature(t, jwks, second.Raw)
	}
	if _, err := start(given).Rotate(true); err != nil {
		t.Fatal(err)
	}
	third, err := start(given).Mint(issuer.Request{})
	if err != nil {
		t.Fatal(err)
	}
	if third.Header["kid"] == "mine" {
		t.Error("the given key has come back after a rotation")
	}
}

// TestPrivateKeys writes and reads keys of every kind, and reads what is none.
func TestPrivateKeys(t *testing.T) {
	t.Parallel()
	var sources []crypto.Signer
	loan := new(issuer.Lender).Borrow()
	for _, alg := range []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.ES384, jose.ES512} {
		for _, source := range []issuer.NewKeyFunc{issuer.GenerateKey, issuer.GenerateTestKey, loan.Key} {
			key, err := source(alg)
			if err != nil {
				t.Fatal(err)
			}
			sources = append(sources, key)
		}
	}
	digest := sha256.Sum256([]byte("x"))
	for _, key := range sources {
		text, err := issuer.MarshalPrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		again, err := issuer.ParsePrivateKey(text)
		if err != nil {
			t.Fatal(err)
		}
		if public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(again.Public()) {
			t.Errorf("%T: another key came back", key)
		}
		if _, is := key.Public().(*rsa.PublicKey); is { // whose PKCS #1 signatures are always the same
			want, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := again.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil || !bytes.Equal(want, got) {
				t.Errorf("%T: it signs otherwise (%v)", key, err)
			}
		}
		if twice, err := issuer.MarshalPrivateKey(again); err != nil || !bytes.Equal(text, twice) {
			t.Errorf("%T: written again it differs (%v)", key, err)
		}
	}
	for _, text := range []string{
		"", "{}", `{"pkcs8":"AAAA"}`, `{"primes":[]}`, `{"primes":["AAAA"]}`,
		`{"primes":["Bw==","Bw==","Bw==","Bw==","Bw==","Bw==","Bw==","Bw=="]}`,
	} {
		if key, err := issuer.ParsePrivateKey([]byte(text)); err == nil {
			t.Errorf("%s is read as %T", text, key)
		}
	}
}
