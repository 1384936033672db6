package farm_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// TestTLSFaultIsOneWorlds has an expired certificate in one world of two that have the same issuers, and clients who
// have connections already.
func TestTLSFaultIsOneWorlds(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{NoIssuers: true})
	w, other := newWorld(t, s, control.WorldSpec{}), newWorld(t, s, control.WorldSpec{})
	worlds := []*farm.World{w, other, s.DefaultWorld()}
	for _, w := range worlds {
		addIssuer(t, w, control.IssuerSpec{Platform: "github"})
		addIssuer(t, w, control.IssuerSpec{Platform: "gitlab"})
	}
	// outside is a client that knows nothing of worlds, on a connection of its own.
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.CA())
	outside := func(host string) bool {
		conn, err := tls.Dial("tcp", s.Addr(plane.Issuer), &tls.Config{RootCAs: roots, ServerName: host})
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}
	reaches := func(w *farm.World, url string) bool {
		resp, err := (&http.Client{Transport: s.Transport(w.Describe().ID)}).Get(url + discoveryPath)
		if err == nil {
			_ = resp.Body.Close()
		}
		return err == nil && resp.StatusCode == http.StatusOK
	}
	check := func(when string, broken *farm.World) {
		t.Helper()
		for n, w := range worlds {
			if got := reaches(w, githubURL); got == (w == broken) {
				t.Errorf("%s: world %d reaches the issuer: %v", when, n, got)
			}
			if !reaches(w, "https://gitlab.com") {
				t.Errorf("%s: world %d does not reach the issuer at another host", when, n)
			}
		}
		if got := outside("token.actions.githubusercontent.com"); got == (broken == s.DefaultWorld()) {
			t.Errorf("%s: a client from outside reaches the issuer: %v", when, got)
		}
		if !outside("gitlab.com") || !outside("login.microsoftonline.com") {
			t.Errorf("%s: a client from outside does not reach other hosts", when)
		}
	}
	check("before", nil)
	for _, broken := range []*farm.World{w, s.DefaultWorld()} {
		if _, err := broken.SetFault(control.FaultSpec{Issuer: "github", Name: "tls", Parameters: map[string]any{"certificate": "expired"}}); err != nil {
			t.Fatal(err)
		}
		check("with the fault", broken)
		inForce, err := broken.Faults("github")
		if err != nil || len(inForce) != 1 || inForce[0].Hits == 0 {
			t.Errorf("faults %+v, error %v, want one with hits", inForce, err)
		}
		if err := broken.ClearFault("github", "tls"); err != nil {
			t.Fatal(err)
		}
		check("after", nil)
	}
}
