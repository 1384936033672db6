package gcp_test

import (
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func TestCertificates(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	read := func() (map[string]string, string) {
		t.Helper()
		got := s.do(http.MethodGet, "/oauth2/v1/certs", "")
		var certs map[string]string
		if err := json.Unmarshal([]byte(got.body), &certs); err != nil || got.header.Get("Content-Type") != "application/json; charset=UTF-8" {
			t.Fatalf("Content-Type %q (%v)", got.header.Get("Content-Type"), err)
		}
		return certs, got.body
	}
	keySet := func() jose.JSONWebKeySet {
		t.Helper()
		jwks, err := s.issuer.JWKS()
		if err != nil {
			t.Fatal(err)
		}
		if got := s.do(http.MethodGet, "/oauth2/v3/certs", "").body; got != string(jwks) {
			t.Errorf("v3 is %s, want the issuer's %s", got, jwks)
		}
		var set jose.JSONWebKeySet
		if err := json.Unmarshal(jwks, &set); err != nil {
			t.Fatal(err)
		}
		return set
	}
	check := func(certs map[string]string) {
		t.Helper()
		set := keySet()
		if len(certs) != len(set.Keys) {
			t.Errorf("%d certificates for %d keys", len(certs), len(set.Keys))
		}
		now := time.Now().Add(time.Duration(s.ahead.Load()))
		for _, key := range set.Keys {
			cert := parse(t, certs[key.KeyID])
			public, ok := cert.PublicKey.(*rsa.PublicKey)
			if !ok || !public.Equal(key.Key) || now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
				t.Errorf("the certificate of %q is of another key, or from %s to %s", key.KeyID, cert.NotBefore, cert.NotAfter)
			}
		}
	}
	certs, first := read()
	check(certs)
	if _, again := read(); again != first {
		t.Error("the certificates change at each request")
	}
	if _, err := s.issuer.Rotate(true); err != nil {
		t.Fatal(err)
	}
	certs, rotated := read()
	check(certs)
	s.ahead.Add(int64(30 * 24 * time.Hour))
	certs, later := read()
	check(certs)
	if rotated == first || later == rotated {
		t.Error("the certificates do not change when they must")
	}
}

func TestTokenInfo(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	minted := s.get(identity + "?audience=" + audience + "&format=full").body
	header, payload := issuertest.Parts(t, minted)
	head, claims := issuertest.Object(t, header), issuertest.Object(t, payload)
	want := map[string]any{"alg": "RS256", "typ": "JWT", "kid": head["kid"], "email_verified": "true", "google": claims["google"]}
	for _, name := range []string{"iss", "aud", "azp", "sub", "email"} {
		want[name] = claims[name]
	}
	for _, name := range []string{"iat", "exp"} {
		want[name] = strconv.FormatInt(number(t, claims[name]), 10)
	}
	got := s.do(http.MethodGet, "/tokeninfo?id_token="+minted, "")
	if diff := cmp.Diff(want, s.object(got)); diff != "" {
		t.Errorf("tokeninfo (-want +got):\n%s", diff)
	}
	posted := s.do(http.MethodPost, "/oauth2/v3/tokeninfo", "id_token="+minted, "Content-Type", "application/x-www-form-urlencoded")
	if posted.body != got.body {
		t.Errorf("posted, it is %s", posted.body)
	}

	older := s.object(s.do(http.MethodPost, "/oauth2/v2/tokeninfo?id_token="+minted, ""))
	if left := number(t, older["expires_in"]); left < 3590 || left > 3600 {
		t.Errorf("expires_in is %d, want an hour", left)
	}
	delete(older, "expires_in")
	if diff := cmp.Diff(map[string]any{"audience": audience, "email": email, "issued_to": uniqueID, "user_id": uniqueID, "verified_email": true}, older); diff != "" {
		t.Errorf("oauth2/v2 (-want +got):\n%s", diff)
	}

	access := s.object(s.do(http.MethodGet, "/tokeninfo?access_token="+s.accessToken(""), ""))
	if access["azp"] != uniqueID || access["scope"] != cloud {
		t.Errorf("access token: %v", access)
	}
}

func TestTokenInfoRefusals(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	minted := s.get(identity + "?audience=a").body
	other := serve(t, nil, issuer.WithURL("https://issuer.test")).get(identity + "?audience=a").body // with the same keys
	noExp, err := s.issuer.Mint(issuer.Request{Claims: issuer.Claims{"exp": nil}})
	if err != nil {
		t.Fatal(err)
	}
	old := serve(t, nil)
	expired := old.get(identity + "?audience=a").body
	old.ahead.Add(int64(time.Hour))
	accessOfOther := old.accessToken("")
	dot := strings.LastIndexByte(minted, '.')
	const v3 = "{\n  \"error\": \"invalid_token\",\n  \"error_description\": \"Invalid Value\"\n}\n"
	const v2 = "{\n  \"error_description\": \"Invalid Value\"\n}\n"
	tests := []struct {
		name        string
		s           served
		query, want string
	}{
		{"no token", s, "/tokeninfo", v3},
		{"no JWT", s, "/tokeninfo?id_token=a.b.c", v3},
		{"no signature", s, "/tokeninfo?id_token=" + minted[:dot+1], v3},
		{"another signature", s, "/tokeninfo?id_token=" + minted[:dot+1] + strings.Repeat("A", len(minted)-dot-1), v3},
		{"another issuer", s, "/tokeninfo?id_token=" + other, v3},
		{"no exp", s, "/tokeninfo?id_token=" + noExp.Raw, v3},
		{"expired", old, "/tokeninfo?id_token=" + expired, v3},
		{"older form", s, "/oauth2/v2/tokeninfo?id_token=a", v2},
		{"access token", s, "/tokeninfo?access_token=" + accessOfOther, v3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.s.do(http.MethodGet, tt.query, ""); got.status != http.StatusBadRequest || got.body != tt.want {
				t.Errorf("status %d with %q, want %q", got.status, got.body, tt.want)
			}
		})
	}
}
