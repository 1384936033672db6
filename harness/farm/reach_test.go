package farm_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// signInWith has an application of a farm's default world sign in with a token of an issuer, and returns Entra's code
// and the note of the check that ended it.
func signInWith(t *testing.T, s *farm.Server, issuerURL, token string) (code int, note string) {
	t.Helper()
	manager := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	app, err := manager.AddApplication(t.Context(), control.DefaultWorld, control.ApplicationSpec{Name: t.Name() + token[len(token)-8:]})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := manager.AddCredential(t.Context(), control.DefaultWorld, app.ClientID, directory.Credential{
		Name: "only", Issuer: issuerURL, Subject: subject, Audiences: []string{exchangeAudience},
	}); err != nil {
		t.Fatal(err)
	}
	got := exchange(t.Context(), t, canonical(s, control.DefaultWorld), app.Tenant, app.ClientID, token)
	journal, err := manager.Journal(t.Context(), control.DefaultWorld, control.JournalQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range journal.Entries {
		if e.SignIn != nil && len(e.SignIn.Checks) > 0 {
			note = e.SignIn.Checks[len(e.SignIn.Checks)-1].Note
		}
	}
	return got.code(), note
}

// TestReach has one farm's Entra take the tokens of another farm's issuer: only where it was told to reach it, and with
// its certificates.
func TestReach(t *testing.T) {
	t.Parallel()
	other := start(t, farm.Options{})
	issuerURL := "https://" + other.Addr(plane.Issuer) + "/github"
	manager := &control.Client{URL: other.ControlURL(), Token: other.Token()}
	minted, err := manager.Mint(t.Context(), control.DefaultWorld, control.MintSpec{
		Issuer: issuerURL, Audience: []string{exchangeAudience}, Claims: map[string]any{"sub": subject},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		opts farm.Options
		code int
	}{
		{"reached", farm.Options{Reach: []string{other.Addr(plane.Issuer)}, ReachCA: other.CA()}, 0},
		{"reached among others", farm.Options{Reach: []string{"issuer.contoso.com", other.Addr(plane.Issuer)}, ReachCA: other.CA()}, 0},
		{"without its certificates", farm.Options{Reach: []string{other.Addr(plane.Issuer)}}, 501661},
		{"on another port", farm.Options{Reach: []string{"127.0.0.1"}, ReachCA: other.CA()}, 501661},
		{"not named", farm.Options{}, 501661},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if code, note := signInWith(t, start(t, tt.opts), issuerURL, minted.Token); code != tt.code {
				t.Errorf("AADSTS%d, want %d: %s", code, tt.code, note)
			}
		})
	}
}

// TestLoopbackIsTheFarmsOwn says that an issuer's URL can't have the farm ask other programs of the machine.
func TestLoopbackIsTheFarmsOwn(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	program := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(program.Close)
	port := program.URL[strings.LastIndex(program.URL, ":")+1:]
	s := start(t, farm.Options{})
	for _, tt := range []struct {
		host   string
		served bool // whether the world has an issuer there itself
	}{
		{"127.0.0.1", true}, {"localhost", true}, {"LOCALHOST", true}, {"127.1.2.3", true}, {"[::1]", true},
		{"127.0.0.1", false}, {"localhost", false}, {"[::ffff:127.0.0.1]", false}, {"0.0.0.0", false}, {"[::]", false},
	} {
		w := newWorld(t, s, control.WorldSpec{Name: tt.host})
		issuerURL := fmt.Sprintf("https://%s:%s/x", tt.host, port)
		if tt.served {
			addIssuer(t, w, control.IssuerSpec{Platform: "generic", URL: issuerURL})
		}
		addIssuer(t, w, control.IssuerSpec{Platform: "generic", URL: "https://signer.example"})
		app := addApp(t, w, issuerURL, subject)
		token, err := w.Mint(control.MintSpec{
			Issuer: "https://signer.example", Audience: []string{exchangeAudience}, Claims: map[string]any{"sub": subject, "iss": issuerURL},
		})
		if err != nil {
			t.Fatal(err)
		}
		got := exchange(t.Context(), t, canonical(s, w.Describe().ID), app.Tenant, app.ClientID, token.Token)
		if got.code() != 501661 {
			t.Errorf("%s: AADSTS%d, want 501661: %s", tt.host, got.code(), got.Description)
		}
	}
	w := newWorld(t, s, control.WorldSpec{Name: "keys elsewhere"})
	addIssuer(t, w, control.IssuerSpec{Platform: "generic", URL: "https://signer.example", Faults: []control.Fault{
		{Name: "discovery", Parameters: map[string]any{"set": map[string]any{"jwks_uri": program.URL + "/keys"}}},
	}})
	app := addApp(t, w, "https://signer.example", subject)
	got := exchange(t.Context(), t, canonical(s, w.Describe().ID), app.Tenant, app.ClientID, mint(t, w, "https://signer.example", subject).Token)
	if got.code() != 90061 {
		t.Errorf("keys at the program: AADSTS%d, want 90061: %s", got.code(), got.Description)
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the program was asked %d times", n)
	}
}

func TestReachErrors(t *testing.T) {
	t.Parallel()
	for _, opts := range []farm.Options{
		{Reach: []string{""}}, {Reach: []string{"host:0"}}, {Reach: []string{"host:99999"}}, {Reach: []string{"https://host"}}, {Reach: []string{"user@host"}},
		{Reach: []string{"host"}, ReachCA: []byte("no PEM")}, {ReachCA: []byte("x")},
	} {
		if s, err := farm.Start(opts); err == nil {
			_ = s.Close()
			t.Errorf("%q with certificates %q: it started", opts.Reach, opts.ReachCA)
		}
	}
}

// TestIssuerURLs says what no issuer may have in its URL.
func TestIssuerURLs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, start(t, farm.Options{}), control.WorldSpec{})
	for _, tt := range []struct{ url, want string }{
		{"http://issuer.example", "want https://"},
		{"https://user:of-a-user@issuer.example", "without a user and a password"},
		{"https://of-a-user@issuer.example/path", "without a user and a password"},
		{"https://user:of-a-user@issuer.example/?query", "without a user and a password"},
	} {
		_, err := w.AddIssuer(control.IssuerSpec{Platform: "generic", URL: tt.url})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "of-a-user") {
			t.Errorf("%s: error is %v, want one with %q", tt.url, err, tt.want)
		}
	}
}
