package explain_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
)

// TestKeys verifies a token with keys that are at hand, and with those that are fetched; without, the key is not known.
func TestKeys(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	jwks, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1", Use: "sig", Algorithm: "RS256"}}})
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	var server *httptest.Server
	server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path == "/keys" {
			_, _ = w.Write(jwks)
			return
		}
		_, _ = io.WriteString(w, `{"issuer": "`+server.URL+`", "jwks_uri": "`+server.URL+`/keys"}`)
	}))
	t.Cleanup(server.Close)
	sign := func(kid string) input.Found {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		claims, err := json.Marshal(map[string]any{"iss": server.URL, "sub": "s", "aud": audience, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()})
		if err != nil {
			t.Fatal(err)
		}
		jws, err := signer.Sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		compact, err := jws.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return read(t, "t.jwt", compact)
	}
	held := read(t, "jwks.json", string(jwks))
	for _, tt := range []struct {
		name    string
		inputs  []input.Found
		fetch   bool
		code    int
		asked   int
		unknown string // of the checks of key and signature, what is not known
	}{
		{"neither", []input.Found{sign("k1")}, false, 0, 0, "the issuer's keys, the key that signed"},
		{"held", []input.Found{sign("k1"), held}, false, 0, 0, ""},
		{"held, another key", []input.Found{sign("k2"), held}, false, 7000272, 0, "the key that signed"},
		{"fetched", []input.Found{sign("k1")}, true, 0, 2, ""},
		{"fetched, another key", []input.Found{sign("k2")}, true, 7000272, 2, "the key that signed"},
	} {
		asked = 0
		c := explain.Case{Inputs: append(tt.inputs, credential(t, "one", server.URL, "s", audience)), Now: now}
		if tt.fetch {
			c.HTTP = server.Client()
		}
		r, err := explain.Explain(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		s := only(t, r)
		code := 0
		if s.Answer != nil {
			code = s.Answer.Number
		}
		var unknown []string
		for _, name := range []string{"signing key", "signature"} {
			i := slices.IndexFunc(s.Checks, func(c entra.Check) bool { return c.Name == name })
			if what := s.Checks[i].Unknown; what != "" {
				unknown = append(unknown, what)
			}
		}
		if got := strings.Join(unknown, ", "); code != tt.code || asked != tt.asked || got != tt.unknown {
			t.Errorf("%s: code %d, %d requests, not known %q; want %d, %d, %q", tt.name, code, asked, got, tt.code, tt.asked, tt.unknown)
		}
	}
}

// TestUnreachable: what this machine cannot reach says nothing about what Entra answers.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	signed := token(t, nil)
	signed.Tokens[0].Compact += input.Secret(strings.Repeat("A", 342)) // of the size of a signature
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for _, tt := range []struct {
		name  string
		err   error
		known bool
	}{
		{"an unknown name", &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "token.actions.githubusercontent.com"}}, false},
		{"a refused connection", refused, false},
		{"a proxy that is not there", &net.OpError{Op: "proxyconnect", Net: "tcp", Err: refused}, false},
		{"no answer in time", context.DeadlineExceeded, false},
		{"a certificate of nobody known", x509.UnknownAuthorityError{}, true},
		{"a connection that is closed", io.ErrUnexpectedEOF, true},
	} {
		c := explain.Case{Inputs: []input.Found{signed}, Now: now, HTTP: &http.Client{Transport: failing{tt.err}}}
		r, err := explain.Explain(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		s := only(t, r)
		i := slices.IndexFunc(s.Checks, func(c entra.Check) bool { return c.Name == "issuer metadata" })
		if known := s.Answer != nil && s.Answer.Number == 501661; known != tt.known || (s.Checks[i].Unknown == "") != tt.known || len(s.Causes) > 0 != tt.known {
			t.Errorf("%s: answer %+v, causes %v, %+v", tt.name, s.Answer, s.Causes, s.Checks[i])
		}
		notes := strings.Join(r.Notes, "\n")
		if strings.Contains(notes, "could not be fetched from this machine") == tt.known || strings.Contains(notes, "were fetched from this machine") != tt.known {
			t.Errorf("%s: notes %q", tt.name, r.Notes)
		}
	}
}

// failing is a network on which every request fails.
type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

// TestKeysBeside: the keys of the set are shown beside the one that was not found, which may be printed in hexadecimal.
func TestKeysBeside(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	const thumbprint = "_1wYpEKMb8oW9vSxHAN_-vR9CYg"
	jwks, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "key-1", Use: "sig"}, {Key: key.Public(), KeyID: thumbprint, Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		kid, cause string
		answered   bool
	}{
		{"a1b2", `kid "a1b2" is not among the issuer's keys; the set that is given here has "_1wYpEKMb8oW9vSxHAN_-vR9CYg", "key-1"`, true},
		{"6B65792D31", `prints 6B65792D31, the hexadecimal form of "key-1"`, false},
		{"6b65792d31", `the hexadecimal form of "key-1"`, false},
		{"FF5C18A4428C6FCA16F6F4B11C037FFAF47D0988", `the hexadecimal form of "` + thumbprint + `"`, false},
		{"key-1", "kid is not among the issuer's keys that Entra holds", false},
	} {
		s := only(t, explained(t, failure(7000272, now, map[string]string{"kid": tt.kid, "issuer": "https://idp.example.com"}), read(t, "jwks.json", string(jwks))))
		if !strings.Contains(s.Cause, tt.cause) || (s.Answer != nil) != tt.answered || len(s.Causes) != 1 {
			t.Errorf("%s: cause %q, answer %+v, causes %+v", tt.kid, s.Cause, s.Answer, s.Causes)
		}
	}
}
