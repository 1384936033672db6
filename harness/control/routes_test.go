package control_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

const (
	free      = "127.0.0.1:0"
	token     = "a-token-for-tests"
	audience  = "api://AzureADTokenExchange"
	githubURL = "https://token.actions.githubusercontent.com"
)

// start runs a farm until the test's end and returns it with a client of its control plane.
func start(t testing.TB) (*farm.Server, *control.Client) {
	t.Helper()
	s, err := farm.Start(farm.Options{
		Token: token, Version: "v1.2.3",
		Addr: map[plane.Plane]string{plane.Issuer: free, plane.Workload: "", plane.Entra: free, plane.Control: free},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, &control.Client{URL: s.ControlURL(), Token: token}
}

func newWorld(t *testing.T, c *control.Client, spec control.WorldSpec) control.World {
	t.Helper()
	f, err := c.CreateWorld(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestRoutes drives every route through the client, in the order of a sign-in.
func TestRoutes(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	ctx := t.Context()

	info, err := c.Info(ctx)
	if err != nil {
		t.Fatal(err)
	}
	wantInfo := control.Info{Version: "v1.2.3", CA: string(s.CA()), Planes: map[plane.Plane]string{
		"issuer": s.Addr(plane.Issuer), "entra": s.Addr(plane.Entra), "control": s.Addr(plane.Control),
	}}
	if diff := cmp.Diff(wantInfo, info); diff != "" {
		t.Errorf("info (-want +got):\n%s", diff)
	}

	begin := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	f := newWorld(t, c, control.WorldSpec{Name: "routes", Start: begin, Skew: control.Duration(time.Minute), Cloud: "usgov"})
	if f.ID == "" || f.Tenant == "" || f.Now.Sub(begin).Abs() > time.Minute {
		t.Errorf("world %+v, want one that begins at %s", f, begin)
	}
	if got, err := c.World(ctx, f.ID); err != nil || got.Tenant != f.Tenant || got.IdentityHeader != f.IdentityHeader || len(f.IdentityHeader) < 32 ||
		got.IdentityEndpoint != "https://"+s.Addr(plane.Entra)+"/msi/token" {
		t.Errorf("world %+v, %v; want %+v", got, err, f)
	}

	iss, err := c.AddIssuer(ctx, f.ID, control.IssuerSpec{Platform: "github", Preset: "environment", Claims: map[string]any{"repository": "contoso/web"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(control.Issuer{URL: githubURL, Ref: githubURL, Platform: "github", JWKS: githubURL + "/.well-known/jwks"}, iss); diff != "" {
		t.Errorf("issuer (-want +got):\n%s", diff)
	}
	all, err := c.Issuers(ctx, f.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]control.Issuer{iss}, all); diff != "" {
		t.Errorf("issuers (-want +got):\n%s", diff)
	}

	minted, err := c.Mint(ctx, f.ID, control.MintSpec{Issuer: iss.URL, Audience: []string{audience}, Lifetime: control.Duration(2 * time.Minute), Claims: map[string]any{"actor": nil, "extra": int64(9007199254740993)}})
	if err != nil {
		t.Fatal(err)
	}
	claims := minted.Claims
	if claims["repository"] != "contoso/web" || claims["aud"] != audience || claims["extra"] != int64(9007199254740993) || claims["actor"] != nil {
		t.Errorf("claims %v do not have what was asked for", claims)
	}
	iat, _ := claims["iat"].(int64)
	if exp, _ := claims["exp"].(int64); exp-iat != 120 || time.Unix(iat, 0).Sub(begin.Add(time.Minute)).Abs() > time.Minute {
		t.Errorf("iat %v and exp %v, want two minutes from a minute after %s", iat, exp, begin)
	}
	if strings.Count(minted.Token, ".") != 2 || minted.Header["alg"] != "RS256" {
		t.Errorf("header %v, want that of a signed token", minted.Header)
	}

	rotated, err := c.Rotate(ctx, f.ID, control.RotateSpec{Issuer: iss.URL})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.Mint(ctx, f.ID, control.MintSpec{Issuer: iss.URL}); err != nil || again.Header["kid"] != rotated.KID || rotated.KID == minted.Header["kid"] {
		t.Errorf("after the rotation to %q: kid %v, error %v", rotated.KID, again.Header["kid"], err)
	}

	moved, err := c.SetClock(ctx, f.ID, control.ClockSpec{Advance: control.Duration(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if moved.ID != f.ID || moved.Now.Sub(f.Now) < time.Hour {
		t.Errorf("after an hour's advance: %+v", moved)
	}

	first := directory.Credential{Name: "first", Issuer: iss.URL, Subject: "a", Audiences: []string{audience}}
	app, err := c.AddApplication(ctx, f.ID, control.ApplicationSpec{Name: "deployer", Credentials: []directory.Credential{first}})
	if err != nil {
		t.Fatal(err)
	}
	if app.Name != "deployer" || app.Tenant != f.Tenant || app.ClientID == "" || app.ObjectID == "" {
		t.Errorf("application %+v", app)
	}
	second := directory.Credential{Name: "second", Issuer: iss.URL, Subject: "b", Audiences: []string{audience}}
	added, err := c.AddCredential(ctx, f.ID, app.ClientID, second)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(second, added, cmpopts.IgnoreFields(directory.Credential{}, "ID")); diff != "" || added.ID == "" {
		t.Errorf("credential with id %q (-want +got):\n%s", added.ID, diff)
	}
	updated, err := c.UpdateCredential(ctx, f.ID, app.ClientID, "second", directory.Credential{Subject: "c", Description: "changed"})
	if err != nil {
		t.Fatal(err)
	}
	second.ID, second.Subject, second.Description = added.ID, "c", "changed"
	if diff := cmp.Diff(second, updated); diff != "" {
		t.Errorf("changed credential (-want +got):\n%s", diff)
	}
	if _, err := c.UpdateCredential(ctx, f.ID, app.ClientID, "second", directory.Credential{Name: "third"}); status(err) != http.StatusBadRequest {
		t.Errorf("another name: %v, want a 400", err)
	}
	for _, name := range []string{"first", "second"} {
		if err := c.RemoveCredential(ctx, f.ID, app.ClientID, name); err != nil {
			t.Errorf("remove %s: %v", name, err)
		}
	}

	if err := c.SetFaults(ctx, f.ID, control.FaultsSpec{Issuer: iss.URL, Faults: []control.Fault{{Name: "status", Parameters: map[string]any{"code": 418}}}}); err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: s.Transport(f.ID)}).Get(githubURL + "/.well-known/jwks")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusTeapot {
		t.Errorf("with the fault: status %d, want %d", resp.StatusCode, http.StatusTeapot)
	}

	journal, err := c.Journal(ctx, f.ID, control.JournalQuery{})
	if err != nil {
		t.Fatal(err)
	}
	want := control.Journal{Last: 1, Entries: []control.Entry{{Seq: 1, Plane: "issuer", Method: "GET", URL: githubURL + "/.well-known/jwks", Status: 418,
		Platform: "github", Issuer: githubURL, Route: "jwks", Agent: "Go-http-client/1.1", Injected: []string{"status"}}}}
	if diff := cmp.Diff(want, journal, cmpopts.IgnoreFields(control.Entry{}, "Time")); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	if journal, err = c.Journal(ctx, f.ID, control.JournalQuery{After: 1}); err != nil || len(journal.Entries) != 0 {
		t.Errorf("journal after the last entry: %v, error %v", journal, err)
	}

	if err := c.DeleteWorld(ctx, f.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Issuers(ctx, f.ID); status(err) != http.StatusNotFound {
		t.Errorf("issuers of a deleted world: %v, want a 404", err)
	}
}

// status is that of a refusal; 0 is no refusal.
func status(err error) int {
	var refusal *control.Error
	if errors.As(err, &refusal) {
		return refusal.Status
	}
	return 0
}
