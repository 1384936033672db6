package farm_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
)

// unknownClient is a client id that no directory has.
const unknownClient = "99999999-8888-4777-8666-555555555555"

// signInWorld is a world with an issuer and an application that trusts it.
func signInWorld(t *testing.T, s *farm.Server, spec control.WorldSpec) (*farm.World, control.Application) {
	t.Helper()
	w := newWorld(t, s, spec)
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	return w, addApp(t, w, githubURL, subject)
}

// minting asks for the token that the application of signInWorld trusts.
func minting() *control.MintSpec {
	return &control.MintSpec{Issuer: "github", Claims: map[string]any{"sub": subject}}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w, app := signInWorld(t, s, control.WorldSpec{Tenants: []directory.Tenant{
		{DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"}},
		{DisplayName: "Fabrikam", Domains: []string{"fabrikam.onmicrosoft.com"}},
	}})
	addIssuer(t, w, control.IssuerSpec{Platform: "cognito"})
	token := mint(t, w, githubURL, subject).Token
	for _, tt := range []struct {
		name string
		spec control.SignInSpec
		code int
	}{
		{"by name", control.SignInSpec{Application: "deployer", Mint: minting()}, 0},
		{"by client id", control.SignInSpec{Application: strings.ToUpper(app.ClientID), Mint: minting()}, 0},
		{"a token given", control.SignInSpec{Application: "deployer", Assertion: token}, 0},
		{"a domain", control.SignInSpec{Application: "deployer", Mint: minting(), Tenant: "contoso.onmicrosoft.com"}, 0},
		{"a scope", control.SignInSpec{Application: "deployer", Mint: minting(), Scope: "https://vault.azure.net/.default"}, 0},
		{"another audience", control.SignInSpec{Application: "deployer", Mint: &control.MintSpec{Issuer: "github", Audience: control.Audience{"api://other"}, Claims: minting().Claims}}, 700212},
		{"another subject", control.SignInSpec{Application: "deployer", Mint: &control.MintSpec{Issuer: "github", Claims: map[string]any{"sub": "other"}}}, 700213},
		{"a client id that is not there", control.SignInSpec{Application: unknownClient, Mint: minting()}, 700016},
		{"the application's name in another tenant", control.SignInSpec{Application: "deployer", Mint: minting(), Tenant: "fabrikam.onmicrosoft.com"}, 700016},
		{"a tenant that is not there", control.SignInSpec{Application: "deployer", Mint: minting(), Tenant: "nobody.example"}, 90002},
		{"what is no token", control.SignInSpec{Application: "deployer", Assertion: "nonsense"}, 50027},
		{"a platform that lets nobody choose the audience", control.SignInSpec{Application: "deployer", Mint: &control.MintSpec{Issuer: "cognito"}}, 700211},
	} {
		got, err := w.SignIn(t.Context(), tt.spec)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got.Code != tt.code || got.SignIn.Code != tt.code || got.Status != got.SignIn.Status || (got.Token == "") != (tt.code != 0) {
			t.Errorf("%s: AADSTS%d status %d, recorded AADSTS%d status %d, want AADSTS%d: %s", tt.name, got.Code, got.Status, got.SignIn.Code, got.SignIn.Status, tt.code, got.Description)
		}
		if (got.Claims["appid"] == app.ClientID) != (tt.code == 0) || (got.Error == "") != (tt.code == 0) || len(got.SignIn.Checks) == 0 {
			t.Errorf("%s: claims %v, error %q, %d checks", tt.name, got.Claims, got.Error, len(got.SignIn.Checks))
		}
		if tt.spec.Assertion == "nonsense" {
			if got.Assertion != nil {
				t.Errorf("%s: it says %v", tt.name, got.Assertion)
			}
		} else if got.Assertion == nil || got.Assertion.Claims["iss"] == nil || got.Assertion.Times["exp"].IsZero() {
			t.Errorf("%s: the assertion says %v", tt.name, got.Assertion)
		}
	}

	last := w.Journal(control.JournalQuery{}).Entries
	if e := last[len(last)-1]; e.Agent != "issuerd-sign-in" || e.Route != "POST /{tenant}/oauth2/v2.0/token" {
		t.Errorf("the journal has %+v, want a request like any client's", e)
	}
	for name, spec := range map[string]control.SignInSpec{
		"application": {Application: "deploier", Mint: minting()},
		"mint":        {Application: "deployer", Mint: minting(), Assertion: token},
		"assertion":   {Application: "deployer"},
		"issuer":      {Application: "deployer", Mint: &control.MintSpec{Issuer: "nobody"}},
	} {
		_, err := w.SignIn(t.Context(), spec)
		var refused *control.Error
		if !errors.As(err, &refused) || refused.Member != name || refused.Status/100 != 4 || strings.Contains(err.Error(), token) {
			t.Errorf("without a good %s: error %v", name, err)
		}
	}
	if _, err := w.SignIn(t.Context(), control.SignInSpec{Mint: minting()}); err == nil {
		t.Error("signed in without an application")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.SignIn(gone, control.SignInSpec{Application: "deployer", Mint: minting()}); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that has gone: error %v", err)
	}
}

// TestSignInClouds signs in at the login host of the tenant's cloud, with its audience.
func TestSignInClouds(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	for cloud, host := range map[string]string{"public": "login.microsoftonline.com", "usgov": "login.microsoftonline.us", "china": "login.partner.microsoftonline.cn"} {
		audience, err := directory.ExchangeAudience(cloud)
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, s, control.WorldSpec{Cloud: cloud})
		addIssuer(t, w, control.IssuerSpec{Platform: "github"})
		if _, err := w.AddApplication(control.ApplicationSpec{Name: "deployer", Credentials: []directory.Credential{
			{Name: "only", Issuer: githubURL, Subject: subject, Audiences: []string{audience}},
		}}); err != nil {
			t.Fatal(err)
		}
		got, err := w.SignIn(t.Context(), control.SignInSpec{Application: "deployer", Mint: minting()})
		entries := w.Journal(control.JournalQuery{Route: "POST /{tenant}/oauth2/v2.0/token"}).Entries
		if err != nil || got.Code != 0 || len(entries) != 1 || !strings.HasPrefix(entries[0].URL, "https://"+host+"/") {
			t.Errorf("%s: AADSTS%d %s, error %v, at %+v", cloud, got.Code, got.Description, err, entries)
		}
	}
}

// zeros is a source of randomness that says the same always.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestSignInsAtOnce has many callers sign in to two worlds at once, each with a token of its own. Each sees its own
// sign-in, also where all have the same random numbers.
func TestSignInsAtOnce(t *testing.T) {
	t.Parallel()
	for name, random := range map[string]io.Reader{"random": nil, "zeros": zeros{}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, farm.Options{})
			if random != nil {
				s = start(t, farm.Options{Rand: random, Token: "a token that is long enough"})
			}
			worlds := []*farm.World{s.DefaultWorld()}
			if random == nil { // whose ids must differ
				worlds = append(worlds, newWorld(t, s, control.WorldSpec{}))
			}
			var wg sync.WaitGroup
			for n, w := range worlds {
				addIssuer(t, w, control.IssuerSpec{Platform: "github"})
				addApp(t, w, githubURL, subject)
				for k := range 8 {
					wg.Go(func() {
						for i := range 10 {
							sub := fmt.Sprintf("world %d caller %d request %d", n, k, i)
							got, err := w.SignIn(t.Context(), control.SignInSpec{Application: "deployer", Mint: &control.MintSpec{Issuer: "github", Claims: map[string]any{"sub": sub}}})
							if err != nil || got.SignIn.Subject != sub || got.Code != 700213 || got.Assertion.Claims["sub"] != sub {
								t.Errorf("%s: recorded %q, AADSTS%d, error %v", sub, got.SignIn.Subject, got.Code, err)
							}
						}
					})
				}
			}
			wg.Wait()
			for n, w := range worlds {
				for _, e := range w.Journal(control.JournalQuery{SignIns: true}).Entries {
					if !strings.HasPrefix(e.SignIn.Subject, fmt.Sprintf("world %d ", n)) {
						t.Errorf("world %d has the sign-in of %q", n, e.SignIn.Subject)
					}
				}
			}
		})
	}
}

// TestSignInWhileWorldEnds deletes worlds while callers sign in to them: they get a token, or are told that the world is
// gone, and never that Entra is broken.
func TestSignInWhileWorldEnds(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	client := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	for range 10 {
		w, app := signInWorld(t, s, control.WorldSpec{})
		id := w.Describe().ID
		token := mint(t, w, githubURL, subject).Token
		if status := tokenStatus(t, canonical(s, id), app, token); status != http.StatusOK { // Entra has the keys from now on
			t.Fatalf("at first a client is answered %d", status)
		}
		begun := make(chan struct{}, 100)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					begun <- struct{}{}
					got, err := w.SignIn(t.Context(), control.SignInSpec{Application: "deployer", Mint: minting()})
					var refused *control.Error
					if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
						return
					}
					if err != nil || got.Code != 0 {
						t.Errorf("SignIn: AADSTS%d, error %v", got.Code, err)
						return
					}
				}
			})
			wg.Go(func() {
				for {
					begun <- struct{}{}
					status := tokenStatus(t, canonical(s, id), app, token)
					if status == http.StatusNotFound {
						return
					}
					if status != http.StatusOK {
						t.Errorf("a client is answered %d", status)
						return
					}
				}
			})
		}
		for range 12 {
			<-begun
		}
		go func() {
			for range begun { // so that nobody waits
			}
		}()
		if err := client.DeleteWorld(t.Context(), id); err != nil {
			t.Error(err)
		}
		wg.Wait()
		close(begun)
		if slices.ContainsFunc(s.Worlds(), func(other control.World) bool { return other.ID == id }) {
			t.Error("the world is still listed")
		}
	}
}

// tokenStatus is the HTTP status of a client's token request.
func tokenStatus(t *testing.T, client *http.Client, app control.Application, assertion string) int {
	t.Helper()
	form := "grant_type=client_credentials&client_id=" + app.ClientID + "&client_assertion=" + assertion +
		"&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&scope=https://graph.microsoft.com/.default"
	resp, err := client.Post("https://login.microsoftonline.com/"+app.Tenant+"/oauth2/v2.0/token", "application/x-www-form-urlencoded", strings.NewReader(form))
	if err != nil {
		t.Error(err)
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// TestEndedWorld asks a world for what it had after it was deleted.
func TestEndedWorld(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w, _ := signInWorld(t, s, control.WorldSpec{})
	client := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	if err := client.DeleteWorld(t.Context(), w.Describe().ID); err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string]func() error{
		"sign-in": func() error {
			_, err := w.SignIn(t.Context(), control.SignInSpec{Application: "deployer", Assertion: "a"})
			return err
		},
		"token":    func() error { _, err := w.Mint(*minting()); return err },
		"rotation": func() error { _, err := w.Rotate(control.RotateSpec{Issuer: "github"}); return err },
		"workload": func() error { _, err := w.StartWorkload(control.WorkloadSpec{Issuer: "github"}); return err },
	} {
		var refused *control.Error
		if err := ask(); name != "workload" && (!errors.As(err, &refused) || refused.Status != http.StatusNotFound) {
			t.Errorf("%s: error %v, want that the world has gone", name, err)
		} else if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := w.SetClock(control.ClockSpec{Advance: control.Duration(time.Hour)}); err != nil {
		t.Errorf("clock: %v", err)
	}
}
