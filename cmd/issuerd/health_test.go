package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// health runs issuerd health.
func health(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(t.Context(), append([]string{"health"}, args...), strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// TestHealth asks a farm on its planes how it is, with and without TLS, and again when it has gone.
func TestHealth(t *testing.T) {
	t.Setenv(controlTokenVariable, "")
	exports, stop := startServe(t, "--issuer-addr", "127.0.0.1:0", "--workload-addr", "", "--entra-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0",
		"--ca-file", filepath.Join(t.TempDir(), "ca.pem"))
	t.Setenv(controlURLVariable, exports[controlURLVariable])
	for _, tt := range []struct{ url, want string }{
		{"", "ready\n"}, {exports[controlURLVariable] + "/", "ready\n"}, {exports[controlURLVariable] + "/healthz", "ok\n"}, {exports["AZURE_AUTHORITY_HOST"], "ready\n"},
	} {
		var args []string
		if tt.url != "" {
			args = []string{tt.url}
		}
		if code, stdout, stderr := health(t, args...); code != exitOK || stdout != tt.want || stderr != "" {
			t.Errorf("%q: exit code %d, %q, %q; want %q", tt.url, code, stdout, stderr, tt.want)
		}
	}
	if code, _, stderr := health(t, exports[controlURLVariable]+"/v1/info"); code != exitRun || !strings.Contains(stderr, "401 Unauthorized") {
		t.Errorf("another path: exit code %d, %q", code, stderr)
	}
	if code, stderr := stop(); code != exitOK {
		t.Fatalf("serve ended with %d: %s", code, stderr)
	}
	if code, _, stderr := health(t); code != exitRun || !strings.Contains(stderr, "no farm answers at "+exports[controlURLVariable]+"/readyz") ||
		!strings.Contains(stderr, "hint: issuerd serve starts a farm") {
		t.Errorf("no farm: exit code %d, %q", code, stderr)
	}
}

// TestHealthOfOthers asks what is no farm that is ready.
func TestHealthOfOthers(t *testing.T) {
	t.Parallel()
	for want, answer := range map[string]http.HandlerFunc{
		"503 Service Unavailable: not ready: x": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "not ready: x", http.StatusServiceUnavailable)
		},
		"200 OK: <html>": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>\n</html>")) },
		"307 Temporary Redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/healthz", http.StatusTemporaryRedirect)
		},
	} {
		server := httptest.NewServer(answer)
		if code, stdout, stderr := health(t, server.URL); code != exitRun || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("exit code %d, %q, %q; want %q", code, stdout, stderr, want)
		}
		server.Close()
	}
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(hangs.Close)
	target, err := url.Parse(hangs.URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	if _, err := askHealth(ctx, target); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one that hangs: %v, want %v", err, context.DeadlineExceeded)
	}
	if _, _, stderr := health(t, "127.0.0.1:8446"); strings.Contains(stderr, "password") || !strings.HasSuffix(stderr, "\nissuerd: hint: did you mean \"http://127.0.0.1:8446\"?\n") {
		t.Errorf("an address without http://: %q", stderr)
	}
	for _, bad := range []string{"127.0.0.1:8446", "ftp://x", "http://", "http://user:secret@127.0.0.1", "%"} {
		if code, _, stderr := health(t, bad); code != exitUsage || !strings.Contains(stderr, "want the URL of a plane") || strings.Contains(stderr, "secret") {
			t.Errorf("%q: exit code %d, %q", bad, code, stderr)
		}
	}
}

// TestHealthVerifies says that a certificate is taken on trust on this machine alone.
func TestHealthVerifies(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{"https://127.0.0.1:1": true, "https://localhost:1": true, "https://[::1]:1": true, "https://farm.example:1": false, "https://10.1.2.3:1": false} {
		target, err := healthURL(address)
		if err != nil {
			t.Fatal(err)
		}
		if config := healthTransport(target).TLSClientConfig; (config != nil && config.InsecureSkipVerify) != want {
			t.Errorf("%s: unverified %v, want %v", address, !want, want)
		}
	}
}
