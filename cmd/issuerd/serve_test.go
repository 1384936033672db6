package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
)

// startServe runs issuerd serve with these arguments until stop is called, which returns its exit code. The exports are
// what it printed.
func startServe(t *testing.T, args ...string) (exports map[string]string, stop func() (int, string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var stderr bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- Main(ctx, append([]string{"serve"}, args...), strings.NewReader(""), in, &stderr)
		_ = in.Close() // ends the reader below if serve did not print what it waits for
	}()
	exports = map[string]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		assignment, ok := strings.CutPrefix(lines.Text(), "export ")
		if !ok {
			continue
		}
		name, value, _ := strings.Cut(assignment, "=")
		exports[name] = strings.Trim(value, "'")
		if name == "SSL_CERT_FILE" { // the last line
			break
		}
	}
	return exports, func() (int, string) {
		cancel()
		return <-code, stderr.String()
	}
}

func TestServe(t *testing.T) {
	t.Setenv(controlTokenVariable, "")
	ca := filepath.Join(t.TempDir(), "ca.pem")
	exports, stop := startServe(t, "--issuer-addr", "127.0.0.1:0", "--workload-addr", "", "--entra-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0", "--ca-file", ca)
	for _, name := range []string{"ISSUERD_CONTROL_URL", "ISSUERD_CONTROL_TOKEN", "AZURE_AUTHORITY_HOST", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "SSL_CERT_FILE"} {
		if exports[name] == "" {
			t.Errorf("serve does not print %s; it prints %v", name, exports)
		}
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("the CA file holds no certificate")
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	resp, err := client.Get(exports["AZURE_AUTHORITY_HOST"] + exports["AZURE_TENANT_ID"] + "/v2.0/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("the tenant's discovery document: %s", resp.Status)
	}
	if code, stderr := stop(); code != exitOK || stderr != "" {
		t.Errorf("serve ended with %d and %q, want 0 and nothing", code, stderr)
	}
}

func TestServeKeepsAGivenToken(t *testing.T) {
	t.Setenv(controlTokenVariable, "a-given-token-of-a-test")
	exports, stop := startServe(t, "--issuer-addr", "", "--workload-addr", "", "--entra-addr", "", "--control-addr", "127.0.0.1:0", "--ca-file", filepath.Join(t.TempDir(), "ca.pem"))
	if _, printed := exports[controlTokenVariable]; printed {
		t.Error("serve prints a token that it was given")
	}
	if code, stderr := stop(); code != exitOK {
		t.Errorf("serve ended with %d: %s", code, stderr)
	}
}

func TestServePortTaken(t *testing.T) {
	t.Setenv(controlTokenVariable, "")
	exports, stop := startServe(t, "--issuer-addr", "", "--workload-addr", "", "--entra-addr", "", "--control-addr", "127.0.0.1:0", "--ca-file", filepath.Join(t.TempDir(), "ca.pem"))
	defer stop()
	taken := strings.TrimPrefix(exports["ISSUERD_CONTROL_URL"], "http://")
	var stdout, stderr bytes.Buffer
	code := Main(t.Context(), []string{"serve", "--issuer-addr", taken}, strings.NewReader(""), &stdout, &stderr)
	if want := "the issuer plane can't listen on " + taken; code != exitRun || !strings.Contains(stderr.String(), want) || !strings.Contains(stderr.String(), "--issuer-addr") {
		t.Errorf("exit code %d and %q, want 3 and %q with --issuer-addr", code, stderr.String(), want)
	}
}

// TestServeExports evaluates what serve prints in a shell of another folder, with a certificate's path that needs
// quoting.
func TestServeExports(t *testing.T) {
	t.Setenv(controlTokenVariable, "")
	t.Chdir(t.TempDir())
	const ca = "it's $HOME; & \"more\".pem"
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- Main(ctx, []string{"serve", "--issuer-addr", "", "--workload-addr", "", "--entra-addr", "", "--control-addr", "127.0.0.1:0", "--ca-file", ca}, strings.NewReader(""), in, io.Discard)
		_ = in.Close()
	}()
	var script strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "export ") {
			script.WriteString(lines.Text() + "\n")
		}
		if strings.HasPrefix(lines.Text(), "export SSL_CERT_FILE=") {
			break
		}
	}
	script.WriteString("cd / && cat -- \"$SSL_CERT_FILE\" && printf %s \"$" + controlURLVariable + "\"")
	shell := exec.CommandContext(t.Context(), "sh", "-c", script.String())
	got, err := shell.CombinedOutput()
	if want := regexp.MustCompile(`^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\nhttp://127\.0\.0\.1:\d+$`); err != nil || !want.Match(got) {
		t.Errorf("the shell ended with %v and printed %q, want a match of %s", err, got, want)
	}
	cancel()
	if code := <-code; code != exitOK {
		t.Errorf("serve ended with %d, want 0", code)
	}
}

// TestExitCodes keeps bad usage and bad files (2) apart from what could not run (3).
func TestExitCodes(t *testing.T) {
	t.Setenv(controlTokenVariable, "a-given-token-of-a-test")
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	serve := []string{"serve", "--issuer-addr", "127.0.0.1:0", "--workload-addr", "", "--entra-addr", "", "--control-addr", ""}
	tests := []struct {
		args   []string
		code   int
		stderr string
	}{
		{[]string{"lint", "nosuch"}, exitUsage, ""},
		{[]string{"run", "nosuch"}, exitUsage, "nosuch: no such file"},
		{[]string{"lint", empty}, exitUsage, "no *.yaml or *.yml in"},
		{[]string{"run", empty}, exitUsage, "no *.yaml or *.yml in"},
		{[]string{"run", ""}, exitUsage, "want the path of a file or a folder"},
		{append(serve, "--issuer-addr", "8443"), exitUsage, "missing port"},
		{append(serve, "--issuer-addr", "127.0.0.1:99999"), exitUsage, "invalid port"},
		{append(serve, "--public-url", "http://x"), exitUsage, "want https://"},
		{append(serve, "--host", ""), exitUsage, `host ""`},
		{append(serve, "--directory", "nosuch"), exitUsage, "nosuch"},
		{append(serve, "--directory", empty), exitUsage, "want a regular file"},
		{append(serve, "--ca-file", filepath.Join(dir, "nosuch", "ca.pem")), exitUsage, "ca.pem"},
		{[]string{"run", "--json", filepath.Join(dir, "nosuch", "report.json")}, exitUsage, "report.json"},
		{[]string{"run", "--target", "ftp://127.0.0.1"}, exitUsage, "--target"},
		{[]string{"token", "github", "--farm", "nonsense"}, exitUsage, "--farm"},
		{[]string{"run", "--target", "http://127.0.0.1:0"}, exitRun, "dial tcp"},
		{[]string{"token", "github", "--farm", "http://127.0.0.1:0"}, exitRun, "dial tcp"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := Main(t.Context(), tt.args, strings.NewReader(""), &stdout, &stderr)
			if code != tt.code || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("exit code %d and %q, want %d and %q", code, stderr.String(), tt.code, tt.stderr)
			}
		})
	}
}

// TestServeCORS has a browser's request answered for an issuer of which it is not known whether it lets pages read its
// documents.
func TestServeCORS(t *testing.T) {
	t.Setenv(controlTokenVariable, "")
	for _, cors := range []bool{false, true} {
		ca := filepath.Join(t.TempDir(), "ca.pem")
		args := []string{"--issuer-addr", "127.0.0.1:0", "--workload-addr", "", "--entra-addr", "", "--control-addr", "127.0.0.1:0", "--ca-file", ca}
		if cors {
			args = append(args, "--cors")
		}
		exports, stop := startServe(t, args...)
		info, err := (&control.Client{URL: exports[controlURLVariable], Token: exports[controlTokenVariable]}).Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		pem, err := os.ReadFile(ca)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+info.Planes["issuer"]+"/github/.well-known/openid-configuration", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", "https://page.example")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := resp.Header.Get("Access-Control-Allow-Origin"); resp.StatusCode != http.StatusOK || (got == "*") != cors {
			t.Errorf("cors %v: %s with Access-Control-Allow-Origin %q", cors, resp.Status, got)
		}
		if code, stderr := stop(); code != exitOK {
			t.Errorf("serve ended with %d: %s", code, stderr)
		}
	}
}
