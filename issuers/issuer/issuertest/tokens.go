package issuertest

import (
	"encoding/json"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// testTimes wants exp and nbf, each against iat, and that a request may ask for any lifetime.
func testTimes(b *bench) {
	lifetime, notYet := b.service.Lifetime, b.service.NotYet
	if b.preset.Lifetime != 0 {
		lifetime = b.preset.Lifetime
	}
	if b.preset.NotYet != nil {
		notYet = b.preset.NotYet
	}
	iss := b.issuer()
	_, claims := Decode(b, b.mint(iss, nil).Raw)
	iat := seconds(b, claims, "iat")
	if !b.removes("iat") && iat != start.Unix() {
		b.Errorf("iat is %d, want %d", iat, start.Unix())
	}
	if got := seconds(b, claims, "exp"); b.removes("exp") {
		if got != 0 {
			b.Errorf("exp is %d, the preset removes it", got)
		}
	} else if got-start.Unix() != int64(lifetime/time.Second) {
		b.Errorf("exp - iat is %d s, want %v", got-start.Unix(), lifetime)
	}
	switch got := seconds(b, claims, "nbf"); {
	case notYet == nil || b.removes("nbf"):
		if got != 0 {
			b.Errorf("nbf is %d, want none", got)
		}
	case got-start.Unix() != int64(*notYet):
		b.Errorf("nbf - iat is %d s, want %d s", got-start.Unix(), *notYet)
	}

	for _, lifetime := range []time.Duration{7 * 24 * time.Hour, -time.Hour} {
		token, err := iss.Mint(issuer.Request{Lifetime: lifetime})
		if err != nil {
			b.Fatal(err)
		}
		if _, claims := Decode(b, token.Raw); !b.removes("exp") && seconds(b, claims, "exp")-start.Unix() != int64(lifetime/time.Second) {
			b.Errorf("asked for %s: exp - iat is %d s", lifetime, seconds(b, claims, "exp")-start.Unix())
		}
	}
}

// testExpired wants a token that has been expired for an hour to be one that was minted then, with every time in it.
func testExpired(b *bench) {
	iss := b.issuer()
	token, err := iss.Mint(issuer.Request{Expired: true})
	if b.removes("exp") {
		if err == nil {
			b.Error("a token without exp has expired")
		}
		return
	}
	if err != nil {
		b.Fatal(err)
	}
	usual, expired := b.mint(iss, nil), token.Claims
	exp, usually := token.Claims["exp"].(int64), usual.Claims["exp"].(int64)
	if want := start.Add(-time.Hour).Unix(); exp != want {
		b.Errorf("exp is %d, want %d", exp, want)
	}
	b.now = start.Add(time.Duration(exp-usually) * time.Second)
	defer func() { b.now = start }()
	one, other := b.mint(iss, nil).Claims, b.mint(iss, nil).Claims
	for name, value := range one {
		if cmp.Equal(value, other[name]) && !cmp.Equal(value, expired[name]) {
			b.Errorf("%s is %v, want %v as in a token of that time", name, expired[name], value)
		}
	}
	if len(one) != len(expired) {
		b.Errorf("%d claims, want %d", len(expired), len(one))
	}
}

// seconds returns a time of a payload; 0 when it is not there.
func seconds(b *bench, claims map[string]any, name string) int64 {
	b.Helper()
	value, has := claims[name]
	if !has {
		return 0
	}
	number, ok := value.(json.Number)
	if !ok {
		b.Fatalf("%s is %T, want a number", name, value)
	}
	n, err := number.Int64()
	if err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	return n
}

func testTokenID(b *bench) {
	iss := b.issuer()
	one, other := b.mint(iss, nil), b.mint(iss, nil)
	id, has := one.Claims["jti"]
	if b.service.ID && !b.removes("jti") && !has {
		b.Fatal("token has no jti, and the preset does not remove it")
	}
	if has && id == other.Claims["jti"] {
		b.Errorf("two tokens have the same jti %q", id)
	}
}

// testOverrides changes, removes and adds claims, at the top and inside objects.
func testOverrides(b *bench) {
	iss := b.issuer()
	usual, changed := b.mint(iss, nil), issuer.Claims{
		"sub":            "somebody else",
		"issuertest.new": map[string]any{"inner": map[string]any{"a": "1", "b": true}},
		"jti":            nil,
	}
	_, got := Decode(b, b.mint(iss, changed).Raw)
	if got["sub"] != "somebody else" {
		b.Errorf("sub is %q, want what was asked for", got["sub"])
	}
	if _, has := got["jti"]; has {
		b.Error("jti is there although it was removed")
	}
	if diff := cmp.Diff(changed["issuertest.new"], got["issuertest.new"]); diff != "" {
		b.Errorf("added object (-want +got):\n%s", diff)
	}
	for name, value := range usual.Claims {
		if object, ok := value.(map[string]any); ok {
			b.overrideInside(iss, name, object)
		}
	}
}

// overrideInside adds and removes a member of an object claim; the others stay.
func (b *bench) overrideInside(iss *issuer.Issuer, claim string, object map[string]any) {
	b.Helper()
	for removed := range object {
		_, usual := Decode(b, b.mint(iss, nil).Raw)
		_, got := Decode(b, b.mint(iss, issuer.Claims{claim: map[string]any{removed: nil, "issuertest": "new"}}).Raw)
		want := usual[claim].(map[string]any)
		delete(want, removed)
		want["issuertest"] = "new"
		if diff := cmp.Diff(want, got[claim]); diff != "" {
			b.Errorf("%s without %s (-want +got):\n%s", claim, removed, diff)
		}
	}
}

// testEveryClaim removes each claim, and gives each text another value.
func testEveryClaim(b *bench) {
	iss := b.issuer()
	usual := b.mint(iss, nil)
	for name, value := range usual.Claims {
		if _, has := b.mint(iss, issuer.Claims{name: nil}).Claims[name]; has {
			b.Errorf("%s is there although it was removed", name)
		}
		if _, text := value.(string); !text {
			continue
		}
		const odd = "odd: value/with \"quotes\" & <signs> ünïcode"
		if _, got := Decode(b, b.mint(iss, issuer.Claims{name: odd}).Raw); got[name] != odd {
			b.Errorf("%s is %q, want %q", name, got[name], odd)
		}
	}
}
