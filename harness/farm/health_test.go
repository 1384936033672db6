package farm_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// TestHealth asks every listener how the farm is, as those do who start it: by its names, and by an address that it does
// not know to be its own.
func TestHealth(t *testing.T) {
	t.Parallel()
	var log logged
	s := start(t, farm.Options{Addr: map[plane.Plane]string{plane.Workload: free}, Log: log.logger()})
	if err := s.DefaultWorld().SetFaults(control.FaultsSpec{Issuer: githubURL, Faults: []control.Fault{{Name: "status"}}}); err != nil {
		t.Fatal(err)
	}
	for _, p := range plane.All {
		_, port, err := net.SplitHostPort(s.Addr(p))
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range []string{"", "localhost:" + port, "10.1.2.3:" + port, "[2001:db8::1]:" + port} {
			for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
				if status, body := get(t, trusting(s), s.URL(p)+path, host); status != http.StatusOK || body != want {
					t.Errorf("%s plane as %q: %s: status %d, %q; want 200, %q", p, host, path, status, body, want)
				}
			}
		}
	}
	if journal := s.DefaultWorld().Journal(control.JournalQuery{}); len(journal.Entries) != 0 || journal.Unmatched != 0 {
		t.Errorf("the journal has these requests: %+v", journal)
	}
	if text := log.String(); strings.Contains(text, "level=ERROR") {
		t.Errorf("logged %s", text)
	}
}

// TestHealthOfRealHosts says that no impersonated host has the paths, and that no world does.
func TestHealthOfRealHosts(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Addr: map[plane.Plane]string{plane.Workload: free}})
	for host, p := range map[string]plane.Plane{
		"login.microsoftonline.com": plane.Entra, "graph.microsoft.com": plane.Entra, "management.azure.com": plane.Entra,
		"token.actions.githubusercontent.com": plane.Issuer, "accounts.google.com": plane.Issuer, "nobody.example": plane.Workload,
	} {
		for _, path := range []string{"/healthz", "/readyz"} {
			if status, body := get(t, trusting(s), s.URL(p)+path, host); status == http.StatusOK || strings.HasPrefix(body, "ready") {
				t.Errorf("%s%s: status %d, %q", host, path, status, body)
			}
		}
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, s.URL(plane.Issuer)+"/readyz", nil)
	out := httptest.NewRecorder()
	s.Handler(plane.Issuer).ServeHTTP(out, req)
	if out.Code != http.StatusMethodNotAllowed || out.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: status %d, Allow %q", out.Code, out.Header().Get("Allow"))
	}
}

// TestNotReady says that a farm that stops still answers, and that nothing more should be asked of it.
func TestNotReady(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/healthz": "200 ok\n", "/readyz": "503 not ready: the farm is stopping\n"} {
		for _, p := range []plane.Plane{plane.Issuer, plane.Control} {
			out := httptest.NewRecorder()
			s.Handler(p).ServeHTTP(out, httptest.NewRequestWithContext(t.Context(), http.MethodGet, s.URL(p)+path, nil))
			if got := strconv.Itoa(out.Code) + " " + out.Body.String(); got != want {
				t.Errorf("%s plane: %s: %q, want %q", p, path, got, want)
			}
		}
	}
}
