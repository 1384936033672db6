package farm_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// TestWhatEntraReaches says which issuers the emulator fetches from. All of them are served to others.
func TestWhatEntraReaches(t *testing.T) {
	t.Parallel()
	hosts := []string{"kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "vault.corp.internal", "single", "10.0.0.1", "100.64.0.1", "169.254.1.1", "fd00::1", "20.1.2.3"}
	s := start(t, farm.Options{Hosts: hosts})
	tests := []struct {
		url  string
		code int
		note string
	}{
		{"https://token.actions.githubusercontent.com", 0, ""},
		{"https://issuer.contoso.example/tenant", 0, ""},
		{"https://issuer.contoso.test:8443/tenant", 0, ""},
		{"https://20.1.2.3/tenant", 0, ""},
		{"https://kubernetes.default.svc.cluster.local", 501661, "no such host"},
		{"https://KUBERNETES.default.svc.cluster.LOCAL", 501661, "no such host"},
		{"https://kubernetes.default.svc", 501661, "no such host"},
		{"https://vault.corp.internal/v1/identity/oidc", 501661, "no such host"},
		{"https://single/tenant", 501661, "no such host"},
		{"https://10.0.0.1:6443", 501661, "no such host"},
		{"https://100.64.0.1", 501661, "no such host"},
		{"https://169.254.1.1", 501661, "no such host"},
		{"https://[fd00::1]:6443", 501661, "no such host"},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s, control.WorldSpec{Name: tt.url})
			addIssuer(t, w, control.IssuerSpec{Platform: "kubernetes", URL: tt.url})
			client := canonical(s, w.Describe().ID)
			served := "https" + tt.url[strings.Index(tt.url, ":"):]
			if got := document(t, client, served+discoveryPath)["issuer"]; got != tt.url {
				t.Errorf("served to others with issuer %q, want %q", got, tt.url)
			}
			app := addApp(t, w, tt.url, "system:serviceaccount:a:b")
			token := mint(t, w, tt.url, "system:serviceaccount:a:b")
			got := exchange(t.Context(), t, client, app.Tenant, app.ClientID, token.Token)
			if got.code() != tt.code {
				t.Fatalf("AADSTS%d, want %d: %s", got.code(), tt.code, got.Description)
			}
			check := lastCheck(t, w)
			if !strings.Contains(check.Note, tt.note) || tt.code != 0 && check.Name != "issuer metadata" {
				t.Errorf("the last check is %q and notes %q, want %q", check.Name, check.Note, tt.note)
			}
		})
	}
}

// lastCheck is the last comparison of a world's last sign-in.
func lastCheck(t *testing.T, w *farm.World) entra.Check {
	t.Helper()
	var last *entra.SignIn
	for _, e := range w.Journal(control.JournalQuery{}).Entries {
		if e.SignIn != nil {
			last = e.SignIn
		}
	}
	if last == nil || len(last.Checks) == 0 {
		t.Fatal("no sign-in in the journal")
	}
	return last.Checks[len(last.Checks)-1]
}

// TestIssuerOfAnotherWorld says that a world's emulator reaches only the issuers of that world.
func TestIssuerOfAnotherWorld(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	signer, verifier := newWorld(t, s, control.WorldSpec{Name: "signer"}), newWorld(t, s, control.WorldSpec{Name: "verifier"})
	addIssuer(t, signer, control.IssuerSpec{Platform: "github"})
	token := mint(t, signer, githubURL, subject)
	app := addApp(t, verifier, githubURL, subject)
	got := exchange(t.Context(), t, canonical(s, verifier.Describe().ID), app.Tenant, app.ClientID, token.Token)
	if got.code() != 501661 {
		t.Errorf("AADSTS%d, want 501661: %s", got.code(), got.Description)
	}
}

// TestKeySetElsewhere says that the key set is fetched from the host that the discovery document names, if Entra can
// reach it.
func TestKeySetElsewhere(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	for _, tt := range []struct {
		jwks string
		code int
	}{
		{"https://www.googleapis.com/oauth2/v3/certs", 0},
		{"https://unknown.example/keys", 90061},
		{"https://10.0.0.1/keys", 90061},
		{"http://www.googleapis.com/oauth2/v3/certs", 90061},
		{"https://login.microsoftonline.com/common/discovery/v2.0/keys", 90061},
	} {
		w := newWorld(t, s, control.WorldSpec{Name: tt.jwks})
		iss := addIssuer(t, w, control.IssuerSpec{Platform: "gcp", Faults: []control.Fault{
			{Name: "discovery", Parameters: map[string]any{"set": map[string]any{"jwks_uri": tt.jwks}}},
		}})
		app := addApp(t, w, iss.URL, "1234")
		token := mint(t, w, iss.URL, "1234")
		if got := exchange(t.Context(), t, canonical(s, w.Describe().ID), app.Tenant, app.ClientID, token.Token); got.code() != tt.code {
			t.Errorf("keys at %s: AADSTS%d, want %d: %s", tt.jwks, got.code(), tt.code, got.Description)
		}
	}
	if status, _ := get(t, trusting(s), "https://"+s.Addr(plane.Issuer)+"/oauth2/v3/certs", "www.googleapis.com"); status != http.StatusOK {
		t.Errorf("Google's keys at their own host: status %d, want %d", status, http.StatusOK)
	}
}
