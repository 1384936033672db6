package issuer_test

import (
	"crypto"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// published are the keys in an issuer's JWKS.
func published(t *testing.T, iss *issuer.Issuer) (keys jose.JSONWebKeySet) {
	t.Helper()
	set, err := iss.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(set, &keys); err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestWithAlg(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		preset, alg string
		wantKey     int // its place in the key set
	}{
		{"job", "RS256", 1},      // the signing key fits, although the first key fits too
		{"job", "ES384", 2},      // another key fits
		{"job", "PS256", 1},      // no key fits: the signing key is made anew
		{"job", "ES512", 1},      //
		{"elliptic", "RS256", 0}, // the preset's own key does not fit
		{"other", "RS256", 1},    //
	} {
		iss := newIssuer(t, issuer.WithPreset(tt.preset), issuer.WithAlg(tt.alg))
		token := mint(t, iss, issuer.Request{})
		keys := published(t, iss)
		jws, err := jose.ParseSignedCompact(token.Raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(tt.alg)})
		if err != nil {
			t.Errorf("%s %s: %v", tt.preset, tt.alg, err)
			continue
		}
		if _, err := jws.Verify(keys.Keys[tt.wantKey]); err != nil {
			t.Errorf("%s %s: not signed by key %d: %v", tt.preset, tt.alg, tt.wantKey, err)
		}
	}
}

func TestKeysAreMadeOnceAndRetriedAfterAnError(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	iss := newIssuer(t, issuer.WithKeys(func(alg jose.SignatureAlgorithm) (crypto.Signer, error) {
		if calls.Add(1) <= 3 {
			return nil, http.ErrAbortHandler
		}
		return issuer.GenerateTestKey(alg)
	}))
	if _, err := iss.Mint(issuer.Request{}); err == nil {
		t.Fatal("minted without a key")
	}
	if w := get(iss, http.MethodGet, "/keys"); w.Code != 200 {
		t.Errorf("second try: %d, want 200", w.Code)
	}
	mint(t, iss, issuer.Request{})
	if n := calls.Load(); n != 6 {
		t.Errorf("the source was called %d times, want 6", n)
	}
}

func TestGenerateKey(t *testing.T) {
	t.Parallel()
	for name, source := range keySources {
		for _, alg := range issuer.Algorithms {
			key, err := source(alg)
			if err != nil {
				t.Fatal(err)
			}
			if other, err := source(alg); err != nil || key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(other.Public()) {
				t.Errorf("%s: %s: the second key is the first, or error %v", name, alg, err)
			}
			if _, test := key.(*issuer.TestKey); test != (name == "testkey" && alg[0] != 'E') {
				t.Errorf("%s: %s: a %T", name, alg, key)
			}
		}
		for _, alg := range []jose.SignatureAlgorithm{"none", ""} {
			if _, err := source(alg); err == nil || !strings.Contains(err.Error(), strconv.Quote(string(alg))) {
				t.Errorf("%s: algorithm %q: error is %v", name, alg, err)
			}
		}
	}
}

func TestRotateEndsAtOverlap(t *testing.T) {
	t.Parallel()
	now := start
	iss := newIssuer(t, issuer.WithPreset("other"), issuer.WithNow(func() time.Time { return now }))
	count := func() int {
		set, err := iss.JWKS()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(set), `"kid"`)
	}
	steps := []struct {
		after   time.Duration
		rotate  bool
		publish bool
		want    int
	}{
		{0, true, true, 4},
		{time.Minute, true, false, 4},            // the third is not shown
		{10*time.Minute - 1, false, false, 4},    //
		{10 * time.Minute, false, false, 3},      // the first has gone
		{11 * time.Minute, false, false, 2},      // and the second
		{11 * time.Minute, true, true, 4},        // the third and the fourth
		{21*time.Minute - 1, false, false, 4},    //
		{21 * time.Minute, false, false, 3},      // two that never signed and the fourth
		{1000 * 24 * time.Hour, false, false, 3}, //
	}
	for n, step := range steps {
		now = start.Add(step.after)
		if step.rotate {
			if _, err := iss.Rotate(step.publish); err != nil {
				t.Fatal(err)
			}
		}
		if got := count(); got != step.want {
			t.Errorf("step %d: %d keys, want %d", n, got, step.want)
		}
	}
}

// TestPublishRetired takes the keys out that others have taken the place of, and puts them back.
func TestPublishRetired(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t, issuer.WithPreset("other")) // three keys, of which the first signs
	publish := func(kid string, published bool) {
		t.Helper()
		if err := iss.Publish(kid, published); err != nil {
			t.Fatal(err)
		}
	}
	publish("", false) // before there are keys
	signs := func() string {
		kid, _ := mint(t, iss, issuer.Request{}).Header["kid"].(string)
		return kid
	}
	listed := func() map[string]bool {
		keys := published(t, iss)
		kids := map[string]bool{}
		for _, k := range keys.Keys {
			kids[k.KeyID] = true
		}
		return kids
	}
	rotate := func(publish bool) string {
		kid, err := iss.Rotate(publish)
		if err != nil {
			t.Fatal(err)
		}
		return kid
	}
	first := signs()
	publish("", false)
	if got := listed(); len(got) != 3 || !got[first] {
		t.Errorf("nothing to withdraw: %v, want 3 keys with %q", got, first)
	}
	second := rotate(true)
	if got := listed(); len(got) != 4 || !got[first] || !got[second] {
		t.Errorf("rotated: %v, want 4 keys with %q and %q", got, first, second)
	}
	publish("", false)
	if got := listed(); len(got) != 3 || got[first] || !got[second] {
		t.Errorf("withdrawn: %v, want 3 keys without %q and with %q", got, first, second)
	}
	if got := signs(); got != second {
		t.Errorf("withdrawn: %q signs, want %q", got, second)
	}
	third := rotate(true) // publishes all there are
	if got := listed(); len(got) != 4 || got[first] || !got[second] || !got[third] {
		t.Errorf("rotated again: %v, want 4 keys without %q", got, first)
	}
	rotate(false)
	publish("", false)
	if got := listed(); len(got) != 2 || got[third] {
		t.Errorf("withdrawn while the new key is held back: %v, want the 2 that never signed", got)
	}
	publish(first, true)
	if got := listed(); len(got) != 3 || !got[first] {
		t.Errorf("the first is back: %v, want 3 keys with %q", got, first)
	}
	publish("", true)
	if got := listed(); len(got) != 5 || !got[first] || !got[second] || !got[third] {
		t.Errorf("all are back but the one that was held back: %v, want 5 keys", got)
	}
}

// TestWithdrawSigningKey takes the key out with which tokens are signed, whose tokens nobody can verify any more.
func TestWithdrawSigningKey(t *testing.T) {
	t.Parallel()
	now := start
	iss := newIssuer(t, issuer.WithPreset("other"), issuer.WithNow(func() time.Time { return now }))
	state := func() (signing issuer.Key, published int) {
		keys, err := iss.Keys()
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if key.Published {
				published++
			}
			if key.Signs {
				signing = key
			}
		}
		return signing, published
	}
	first, n := state()
	if !first.Published || n != 3 || !first.Created.Equal(start) || !first.Retired.IsZero() || first.Alg != jose.ES256 {
		t.Fatalf("at first: %+v signs, %d published", first, n)
	}
	before := iss.Changed()
	if err := iss.Publish(first.ID, false); err != nil {
		t.Fatal(err)
	}
	select {
	case <-before:
	default:
		t.Error("nobody was told")
	}
	if key, n := state(); key.ID != first.ID || key.Published || n != 2 {
		t.Errorf("withdrawn: %+v signs, %d published", key, n)
	}
	if keys := published(t, iss); len(keys.Key(first.ID)) != 0 || len(keys.Keys) != 2 {
		t.Errorf("the JWKS has %d keys, and of that id %d", len(keys.Keys), len(keys.Key(first.ID)))
	}
	now = now.Add(time.Minute)
	second, err := iss.Rotate(true)
	if err != nil {
		t.Fatal(err)
	}
	if key, n := state(); key.ID != second || n != 3 || !key.Created.Equal(now) {
		t.Errorf("rotated: %+v signs, %d published, want %q without the first", key, n, second)
	}
	if err := iss.Publish(first.ID, true); err != nil {
		t.Fatal(err)
	}
	now = now.AddDate(1, 0, 0) // the platform's overlap is long over
	if _, n := state(); n != 4 {
		t.Errorf("put back: %d published, want all", n)
	}
	keys, err := iss.Keys()
	if err != nil || keys[0].ID != first.ID || !keys[0].Retired.Equal(start.Add(time.Minute)) {
		t.Errorf("the first key: %+v, error %v", keys[0], err)
	}
	if err := iss.Publish("nobody", true); !errors.Is(err, issuer.ErrNoKey) || !strings.Contains(err.Error(), first.ID) {
		t.Errorf("an unknown key: error %v, want one with those there are", err)
	}
}

// TestClockGoesBack has the JWKS list a key again whose time was over by a later clock.
func TestClockGoesBack(t *testing.T) {
	t.Parallel()
	now := start
	iss := newIssuer(t, issuer.WithPreset("other"), issuer.WithNow(func() time.Time { return now }))
	published(t, iss)
	if _, err := iss.Rotate(true); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		now  time.Time
		keys int
	}{{start, 4}, {start.Add(time.Hour), 3}, {start, 4}, {start.Add(-time.Hour), 4}, {start.Add(time.Hour), 3}} {
		if now = step.now; len(published(t, iss).Keys) != step.keys {
			t.Errorf("at %s: %d keys, want %d", now, len(published(t, iss).Keys), step.keys)
		}
	}
}

// TestChanged waits for rotations, in many places at once and over a failed one.
func TestChanged(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	iss := newIssuer(t, issuer.WithKeys(func(alg jose.SignatureAlgorithm) (crypto.Signer, error) {
		if broken.Load() {
			return nil, http.ErrAbortHandler
		}
		return issuer.GenerateTestKey(alg)
	}))
	closed := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	before := iss.Changed()
	if closed(before) || closed(iss.Changed()) {
		t.Fatal("a change before the first rotation")
	}
	mint(t, iss, issuer.Request{})
	broken.Store(true)
	if _, err := iss.Rotate(true); err == nil {
		t.Fatal("rotated without a key")
	}
	if closed(before) {
		t.Error("a rotation that failed is a change")
	}
	broken.Store(false)
	for _, publish := range []bool{true, false} {
		var group sync.WaitGroup
		waiting := iss.Changed()
		for range 8 {
			group.Go(func() { <-waiting })
		}
		if _, err := iss.Rotate(publish); err != nil {
			t.Fatal(err)
		}
		group.Wait()
		if closed(iss.Changed()) {
			t.Errorf("publish %t: the change after the next has come", publish)
		}
	}
	if !closed(before) {
		t.Error("the channel of before the rotations is open")
	}
}

// TestReplaceKey has a new key sign under the kid of the one before it, which only one of them has in the JWKS.
func TestReplaceKey(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	before := mint(t, iss, issuer.Request{})
	first, err := iss.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	kid, err := iss.ReplaceKey(false)
	if err != nil || kid != before.Header["kid"] {
		t.Fatalf("kid %q, error %v, want %v", kid, err, before.Header["kid"])
	}
	same, err := iss.JWKS()
	if err != nil || string(same) != string(first) {
		t.Errorf("the JWKS is another, error %v", err)
	}
	if err := iss.Publish(kid, true); err != nil {
		t.Fatal(err)
	}
	second, err := iss.JWKS()
	if err != nil || strings.Count(string(second), kid) != 1 || string(second) == string(first) {
		t.Errorf("the JWKS with the new key alone: %s, error %v", second, err)
	}
	if again, err := iss.ReplaceKey(true); err != nil || again != kid {
		t.Errorf("kid %q, error %v, want %q", again, err, kid)
	}
	third, err := iss.JWKS()
	if err != nil || strings.Count(string(third), kid) != 1 || string(third) == string(second) {
		t.Errorf("the JWKS with the third key alone: %s, error %v", third, err)
	}
	keys, err := iss.Keys()
	keys = slices.DeleteFunc(keys, func(k issuer.Key) bool { return k.ID != kid })
	if err != nil || len(keys) != 3 || !keys[2].Signs || !keys[2].Published || keys[0].Published || keys[1].Published || keys[1].Retired.IsZero() {
		t.Errorf("keys %+v, error %v", keys, err)
	}
	if next, err := iss.Rotate(true); err != nil || next == kid {
		t.Errorf("a rotation makes kid %q, error %v", next, err)
	}
}
