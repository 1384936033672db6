package farm_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
)

const (
	githubURL = "https://token.actions.githubusercontent.com"
	subject   = "repo:octo-org/octo-repo:ref:refs/heads/main"
)

// TestWorldsApart changes everything in one world and finds nothing of it in another.
func TestWorldsApart(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	one, other := newWorld(t, s, control.WorldSpec{Name: "one"}), newWorld(t, s, control.WorldSpec{Name: "other"})
	for _, w := range []*farm.World{one, other} {
		addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	}
	app := addApp(t, one, githubURL, subject)
	token := mint(t, one, githubURL, subject)
	tenant := other.Describe().Tenant
	if one.Describe().Tenant != tenant {
		t.Fatalf("tenants %q and %q: the ids derive from the same names", one.Describe().Tenant, tenant)
	}
	clientOne, clientOther := canonical(s, one.Describe().ID), canonical(s, other.Describe().ID)

	if got := exchange(t.Context(), t, clientOne, tenant, app.ClientID, token.Token); got.code() != 0 {
		t.Fatalf("in the world itself: %s", got.Description)
	}
	if got := exchange(t.Context(), t, clientOther, tenant, app.ClientID, token.Token); got.code() != 700016 {
		t.Errorf("in the other world: AADSTS%d, want 700016, since it has no application", got.code())
	}

	before := document(t, clientOther, githubURL+"/.well-known/jwks")
	rotated, err := one.Rotate(control.RotateSpec{Issuer: githubURL})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(document(t, clientOne, githubURL+"/.well-known/jwks")); !strings.Contains(got, rotated.KID) {
		t.Errorf("the key set does not list the new key %q", rotated.KID)
	}
	if got := document(t, clientOther, githubURL+"/.well-known/jwks"); fmt.Sprint(got) != fmt.Sprint(before) {
		t.Error("a rotation in one world changed the keys of another")
	}

	moved, err := one.SetClock(control.ClockSpec{Advance: control.Duration(48 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if d := moved.Now.Sub(other.Describe().Now); d < 47*time.Hour {
		t.Errorf("the clocks are %s apart, want two days", d)
	}

	if err := one.SetFaults(control.FaultsSpec{Issuer: githubURL, Faults: []control.Fault{{Name: "status"}}}); err != nil {
		t.Fatal(err)
	}
	if status, _ := get(t, clientOne, githubURL+discoveryPath, ""); status != http.StatusServiceUnavailable {
		t.Errorf("status %d with the fault, want %d", status, http.StatusServiceUnavailable)
	}
	if status, _ := get(t, clientOther, githubURL+discoveryPath, ""); status != http.StatusOK {
		t.Errorf("a fault in one world made the other answer %d", status)
	}

	for _, e := range other.Journal(control.JournalQuery{}).Entries {
		if e.SignIn != nil && e.SignIn.Code != 700016 {
			t.Errorf("the other world's journal has the sign-in %+v", e.SignIn)
		}
	}
}

func TestWorldsAtTheSameTime(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			w, err := s.NewWorld(control.WorldSpec{Name: fmt.Sprint("world ", i)})
			if err != nil {
				t.Error(err)
				return
			}
			sub := fmt.Sprintf("repo:octo-org/repo-%d:ref:refs/heads/main", i)
			if _, err := w.AddIssuer(control.IssuerSpec{Platform: "github"}); err != nil {
				t.Error(err)
				return
			}
			app := addApp(t, w, githubURL, sub)
			token := mint(t, w, githubURL, sub)
			if got := exchange(t.Context(), t, canonical(s, w.Describe().ID), app.Tenant, app.ClientID, token.Token); got.code() != 0 {
				t.Errorf("world %d: %s", i, got.Description)
			}
			signIns := 0
			for _, e := range w.Journal(control.JournalQuery{}).Entries {
				if e.SignIn == nil {
					continue
				}
				if signIns++; e.SignIn.Subject != sub {
					t.Errorf("world %d: a sign-in of %q in its journal", i, e.SignIn.Subject)
				}
			}
			if signIns != 1 {
				t.Errorf("world %d: %d sign-ins, want 1", i, signIns)
			}
		})
	}
	wg.Wait()
}

func TestUnknownWorld(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.WorldSpec{Name: "short-lived"})
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	client := canonical(s, w.Describe().ID)
	document(t, client, githubURL+discoveryPath)

	manager := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	if err := manager.DeleteWorld(t.Context(), w.Describe().ID); err != nil {
		t.Fatal(err)
	}
	for name, client := range map[string]*http.Client{"deleted": client, "never made": canonical(s, "0123456789abcdef0123456789abcdef")} {
		for _, address := range []string{githubURL + discoveryPath, "https://login.microsoftonline.com/common/v2.0" + discoveryPath} {
			status, body := get(t, client, address, "")
			if status != http.StatusNotFound || !strings.Contains(body, "no such world") {
				t.Errorf("%s world, %s: status %d, %q", name, address, status, body)
			}
		}
	}
	refusals := map[string]error{
		"delete it again": manager.DeleteWorld(t.Context(), w.Describe().ID),
		"advance it": func() error {
			_, err := manager.SetClock(t.Context(), w.Describe().ID, control.ClockSpec{})
			return err
		}(),
	}
	for name, err := range refusals {
		var refusal *control.Error
		if !errors.As(err, &refusal) || refusal.Status != http.StatusNotFound {
			t.Errorf("%s: %v, want a 404", name, err)
		}
	}
	var refusal *control.Error
	if err := manager.DeleteWorld(t.Context(), control.DefaultWorld); !errors.As(err, &refusal) || refusal.Status != http.StatusConflict {
		t.Errorf("delete the default world: %v, want a 409", err)
	}
	document(t, canonical(s, ""), githubURL+discoveryPath) // an empty header is none
}

func TestIssuerErrors(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Hosts: []string{"allowed.contoso.com"}})
	w := newWorld(t, s, control.WorldSpec{Name: "errors"})
	addIssuer(t, w, control.IssuerSpec{Platform: "github", URL: "https://allowed.contoso.com/a"})
	addIssuer(t, w, control.IssuerSpec{Platform: "github", URL: "https://below.allowed.contoso.com/a"})
	tests := []struct {
		name string
		spec control.IssuerSpec
		want []string
	}{
		{"platform", control.IssuerSpec{Platform: "gitbuh"}, []string{`"gitbuh"`, "have github, kubernetes"}},
		{"preset", control.IssuerSpec{Platform: "github", Preset: "brunch"}, []string{`"brunch"`, "have branch"}},
		{"algorithm", control.IssuerSpec{Platform: "github", Alg: "HS256"}, []string{`"HS256"`, "have RS256"}},
		{"URL", control.IssuerSpec{Platform: "github", URL: "token.actions.githubusercontent.com"}, []string{"https://host/path"}},
		{"host", control.IssuerSpec{Platform: "github", URL: "https://contoso.com"}, []string{`"contoso.com"`, "--host contoso.com"}},
		{"fault", control.IssuerSpec{Platform: "github", Faults: []control.Fault{{Name: "unreacheable"}}}, []string{`"unreacheable"`, "unreachable"}},
		{"the same place", control.IssuerSpec{Platform: "github", URL: "https://allowed.contoso.com/a/"}, []string{"document of issuer", `"https://allowed.contoso.com/a"`}},
	}
	for _, tt := range tests {
		_, err := w.AddIssuer(tt.spec)
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want one that says %q", tt.name, err, want)
			}
		}
	}
	if n := len(w.Issuers()); n != 2 {
		t.Errorf("%d issuers, want the 2 without errors", n)
	}
	if _, err := w.Mint(control.MintSpec{Issuer: "https://allowed.contoso.com"}); err == nil || !strings.Contains(err.Error(), "https://allowed.contoso.com/a, ") {
		t.Errorf("mint at an unknown issuer: %v, want those that are called alike", err)
	}
	if _, err := s.NewWorld(control.WorldSpec{Cloud: "mars"}); err == nil || !strings.Contains(err.Error(), "have public, usgov, china") {
		t.Errorf("unknown cloud: %v, want the list of those there are", err)
	}
}

// failing is a source of randomness that has run dry.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("dry") }

func TestRandomnessThatFails(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Rand: failing{}})
	one, other := newWorld(t, s, control.WorldSpec{}), newWorld(t, s, control.WorldSpec{})
	if one.Describe().ID == other.Describe().ID || strings.Trim(s.Token(), "0") == "" {
		t.Errorf("worlds %q and %q, token all zeros: %v", one.Describe().ID, other.Describe().ID, strings.Trim(s.Token(), "0") == "")
	}
}
