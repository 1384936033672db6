package farm_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/issuers/github"
)

// TestMintAsked mints tokens that are not as the platform's, and shows each to Entra.
func TestMintAsked(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.WorldSpec{})
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	app := addApp(t, w, githubURL, subject)
	for _, tt := range []struct {
		name    string
		spec    control.MintSpec
		header  map[string]any // members that it has; nil: it has not
		claims  map[string]any
		refused int // what Entra says; 0: a token
	}{
		{"usual", control.MintSpec{}, map[string]any{"typ": "JWT", "alg": "RS256"}, nil, 0},
		{"header", control.MintSpec{Header: map[string]any{"typ": "at+jwt", "x": int64(1 << 60)}}, map[string]any{"typ": "at+jwt", "x": int64(1 << 60), "alg": "RS256"}, nil, 5002727},
		{"header without a kid", control.MintSpec{Header: map[string]any{"kid": nil}}, map[string]any{"kid": nil, "typ": "JWT"}, nil, 7000272},
		{"header of another algorithm", control.MintSpec{Header: map[string]any{"alg": "none"}}, map[string]any{"alg": "none"}, nil, 5002738},
		{"tampered claims", control.MintSpec{Tampered: &control.Tampering{Claims: map[string]any{"actor": "mallory", "run_id": nil, "big": uint64(1<<63 + 1)}}},
			map[string]any{"typ": "JWT"}, map[string]any{"actor": "mallory", "run_id": nil, "big": uint64(1<<63 + 1)}, 7000274},
		{"tampered header", control.MintSpec{Tampered: &control.Tampering{Header: map[string]any{"x5t": nil}}}, map[string]any{"x5t": nil, "typ": "JWT"}, nil, 7000274},
		{"expired", control.MintSpec{Expired: true}, nil, nil, 700024},
		{"a lifetime that ended before it began", control.MintSpec{Lifetime: control.Duration(-time.Hour)}, nil, nil, 700024},
	} {
		tt.spec.Issuer, tt.spec.Audience = "github", control.Audience{exchangeAudience}
		tt.spec.Claims = map[string]any{"sub": subject}
		minted, err := w.Mint(tt.spec)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		for members, want := range map[*map[string]any]map[string]any{&minted.Header: tt.header, &minted.Claims: tt.claims} {
			for name, value := range want {
				if diff := cmp.Diff(value, (*members)[name]); diff != "" {
					t.Errorf("%s: %s (-want +got):\n%s", tt.name, name, diff)
				}
			}
		}
		header, claims, err := control.DecodeToken(minted.Token)
		if err != nil || len(header) != len(minted.Header) || len(claims) != len(minted.Claims) {
			t.Errorf("%s: the token says %v %v, error %v, want what is said of it: %v %v", tt.name, header, claims, err, minted.Header, minted.Claims)
		}
		got := exchange(t.Context(), t, canonical(s, w.Describe().ID), app.Tenant, app.ClientID, minted.Token)
		if got.code() != tt.refused {
			t.Errorf("%s: AADSTS%d, want %d: %s", tt.name, got.code(), tt.refused, got.Description)
		}
	}
	if _, err := w.Mint(control.MintSpec{Issuer: "github", Expired: true, Claims: map[string]any{"exp": 1}}); err == nil || !strings.Contains(err.Error(), "exp") {
		t.Errorf("expired with an exp: error %v, want one", err)
	}
	again := mint(t, w, githubURL, subject)
	if got := exchange(t.Context(), t, canonical(s, w.Describe().ID), app.Tenant, app.ClientID, again.Token); got.code() != 0 {
		t.Errorf("the next usual token: %s", got.Description)
	}
}

// TestIssuerByName refers to issuers by the names of their platforms, in worlds that have others.
func TestIssuerByName(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	const moved, other = "https://github.contoso.test", "https://github.fabrikam.test"
	for _, tt := range []struct {
		name   string
		urls   []string // of github's issuers; empty: the canonical one
		asked  string
		preset string
		want   string // the issuer's URL, or what the error says
		status int
	}{
		{"canonical", []string{"", moved}, "github", "", githubURL, 0},
		{"the only one", []string{moved}, "github", "", moved, 0},
		{"by URL", []string{"", moved}, moved, "", moved, 0},
		{"two, none canonical", []string{moved, other}, "github", "", "by its URL (have " + moved + ", " + other, http.StatusConflict},
		{"nearly the name", []string{""}, "gihtub", "", "(have github, ", http.StatusNotFound},
		{"nearly the URL", []string{moved}, "https://github.contoso.tset", "", "(have github, " + moved, http.StatusNotFound},
		{"another platform", []string{moved}, "kubernetes", "", "(have github, " + moved, http.StatusNotFound},
		{"nothing", nil, "github", "", "(have none)", http.StatusNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s, control.WorldSpec{})
			for _, u := range tt.urls {
				addIssuer(t, w, control.IssuerSpec{Platform: "github", URL: u})
			}
			minted, err := w.Mint(control.MintSpec{Issuer: tt.asked, Preset: tt.preset})
			if tt.status == 0 {
				if err != nil || minted.Claims["iss"] != tt.want {
					t.Errorf("iss %v, error %v, want %s", minted.Claims["iss"], err, tt.want)
				}
				return
			}
			var refused *control.Error
			if !errors.As(err, &refused) || refused.Status != tt.status || !strings.Contains(refused.Message, tt.want) {
				t.Errorf("error %v, want status %d and %q", err, tt.status, tt.want)
			}
		})
	}
	// A preset of another of the platform's services means that one.
	all := s.DefaultWorld()
	for _, preset := range github.Platform.Presets {
		service, err := github.Platform.Service(preset.Service)
		if err != nil {
			t.Fatal(err)
		}
		if minted, err := all.Mint(control.MintSpec{Issuer: "github", Preset: preset.Name}); err != nil || minted.Claims["iss"] != service.Issuer {
			t.Errorf("preset %q: iss %v, error %v, want %s", preset.Name, minted.Claims["iss"], err, service.Issuer)
		}
	}
}

// TestWithdrawnKey takes the key out with which tokens are signed: Entra refuses those when it has forgotten the key,
// and takes them again when it has looked again.
func TestWithdrawnKey(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Now: func() time.Time { return fixed }})
	w, other := newWorld(t, s, control.WorldSpec{}), newWorld(t, s, control.WorldSpec{})
	for _, w := range []*farm.World{w, other} {
		addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	}
	app := addApp(t, w, githubURL, subject)
	client := canonical(s, w.Describe().ID)
	code := func() int {
		return exchange(t.Context(), t, client, app.Tenant, app.ClientID, mint(t, w, githubURL, subject).Token).code()
	}
	wait := func() {
		t.Helper()
		if _, err := w.SetClock(control.ClockSpec{Advance: control.Duration(time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	if code() != 0 {
		t.Fatal("no token at first")
	}
	keys, err := w.Keys("github")
	i := slices.IndexFunc(keys, func(k control.Key) bool { return k.Signs })
	if err != nil || i < 0 || !keys[i].Published || keys[i].Issuer != githubURL || keys[i].Alg != "RS256" || !keys[i].Created.Equal(fixed) {
		t.Fatalf("keys %+v, error %v", keys, err)
	}
	kid := keys[i].KID
	set := func(published bool) {
		t.Helper()
		after, err := w.Publish(control.PublishSpec{Issuer: githubURL, KID: kid, Published: published})
		if err != nil || after[i].Published != published || !after[i].Signs {
			t.Fatalf("published %t: %+v, error %v", published, after, err)
		}
		if _, jwks := get(t, client, githubURL+"/.well-known/jwks", ""); strings.Contains(jwks, kid) != published {
			t.Errorf("published %t: the JWKS is %s", published, jwks)
		}
	}
	set(false)
	if got := code(); got != 0 {
		t.Errorf("withdrawn, while Entra has it: AADSTS%d", got)
	}
	wait()
	if got := code(); got != 7000272 {
		t.Errorf("withdrawn, and Entra has looked again: AADSTS%d, want 7000272", got)
	}
	set(true)
	wait()
	if got := code(); got != 0 {
		t.Errorf("put back: AADSTS%d", got)
	}
	var refused *control.Error
	if _, err := w.Publish(control.PublishSpec{Issuer: githubURL, KID: "nobody"}); !errors.As(err, &refused) || refused.Status != http.StatusNotFound || refused.Member != "kid" {
		t.Errorf("an unknown key: error %v", err)
	}
	theirs, err := other.Keys("")
	if err != nil || len(theirs) != len(keys) || slices.ContainsFunc(theirs, func(k control.Key) bool { return !k.Published }) {
		t.Errorf("the other world has %+v, error %v", theirs, err)
	}
}

// pemText is a private key for control.Keys: PEM in a JSON string.
func pemText(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestIssuersKeysByPath asks for issuers by path, and with keys that are given as the API has them.
func TestIssuersKeysByPath(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{NoIssuers: true})
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	asText := pemText(t, key)
	asJWK, err := json.Marshal(jose.JSONWebKey{Key: key, KeyID: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	byPath, err := s.IssuerURL("generic", "")
	if err != nil {
		t.Fatal(err)
	}
	for name, given := range map[string]control.Keys{"PEM": asText, "JWK": asJWK, "set": []byte(`{"keys":[` + string(asJWK) + `]}`), "null": []byte("null")} {
		w := newWorld(t, s, control.WorldSpec{})
		iss := addIssuer(t, w, control.IssuerSpec{Platform: "generic", ByPath: true, Alg: "ES256", Keys: given})
		if iss.URL != byPath {
			t.Errorf("%s: the issuer is at %s, want %s", name, iss.URL, byPath)
		}
		minted := mint(t, w, iss.URL, subject)
		jws, err := jose.ParseSignedCompact(minted.Token, []jose.SignatureAlgorithm{jose.ES256})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jws.Verify(key.Public()); (err == nil) != (name != "null") {
			t.Errorf("%s: signed by the key: error %v", name, err)
		}
		if kid := minted.Header["kid"]; (kid == "mine") != (name == "JWK" || name == "set") {
			t.Errorf("%s: kid %v", name, kid)
		}
	}
	w := newWorld(t, s, control.WorldSpec{})
	for _, tt := range []struct {
		member string
		spec   control.IssuerSpec
	}{
		{"keys", control.IssuerSpec{Platform: "generic", Keys: []byte(`"nonsense"`)}},
		{"keys", control.IssuerSpec{Platform: "generic", Keys: []byte(`7`)}},
		{"byPath", control.IssuerSpec{Platform: "generic", ByPath: true, URL: "https://a.test"}},
	} {
		_, err := w.AddIssuer(tt.spec)
		var refused *control.Error
		if !errors.As(err, &refused) || refused.Member != tt.member || strings.Contains(err.Error(), "nonsense") {
			t.Errorf("%+v: error %v, want one about %s", tt.spec, err, tt.member)
		}
	}
}

// TestPublishWithoutID publishes the key that signs, and leaves one alone that was withdrawn; and withdraws those that
// others have taken the place of.
func TestPublishWithoutID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, start(t, farm.Options{}), control.WorldSpec{})
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	unpublished := false
	if _, err := w.Rotate(control.RotateSpec{Issuer: "github", Publish: &unpublished}); err != nil {
		t.Fatal(err)
	}
	published := func(spec control.PublishSpec) (signing, retired []bool) {
		t.Helper()
		keys, err := w.Publish(spec)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			switch {
			case k.Signs:
				signing = append(signing, k.Published)
			case !k.Retired.IsZero():
				retired = append(retired, k.Published)
			}
		}
		return signing, retired
	}
	signing, retired := published(control.PublishSpec{Issuer: "github"})
	if !slices.Equal(signing, []bool{false}) || !slices.Equal(retired, []bool{false}) {
		t.Errorf("withdrawn: %v of those that sign, %v of the others are published", signing, retired)
	}
	signing, retired = published(control.PublishSpec{Issuer: "github", Published: true})
	if !slices.Equal(signing, []bool{true}) || !slices.Equal(retired, []bool{false}) {
		t.Errorf("published: %v of those that sign, %v of the others are published", signing, retired)
	}
}
