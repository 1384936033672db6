package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
)

// printEnv runs issuerd token --print-env and returns the variables that it exports, and what it says on standard
// error.
func printEnv(t *testing.T, args ...string) (map[string]string, string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := Main(t.Context(), append([]string{"token", "--print-env"}, args...), strings.NewReader(""), &stdout, &stderr); code != exitOK {
		t.Fatalf("%q: exit code %d: %s", args, code, stderr.String())
	}
	env := map[string]string{}
	for line := range strings.Lines(stdout.String()) {
		name, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		env[name] = strings.Trim(value, "'")
	}
	return env, stderr.String()
}

// TestPrintEnv prints environments of a running farm: they have what the user sets, and lead to the farm's own Entra.
func TestPrintEnv(t *testing.T) {
	t.Setenv(controlTokenVariable, "a-given-token-of-a-test")
	t.Setenv("TMPDIR", t.TempDir())
	exports, stop := startServe(t, "--issuer-addr", "127.0.0.1:0", "--workload-addr", "127.0.0.1:0", "--entra-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0",
		"--ca-file", filepath.Join(t.TempDir(), "ca.pem"))
	at := []string{"--farm", exports[controlURLVariable]}

	env, stderr := printEnv(t, append(at, "terraform", "--env", "TFC_WORKLOAD_IDENTITY_AUDIENCE=api://one=two", "--env", "STAGE=")...)
	_, claims, err := control.DecodeToken(env["TFC_WORKLOAD_IDENTITY_TOKEN"])
	if err != nil {
		t.Fatal(err)
	}
	if stage, set := env["STAGE"]; claims["aud"] != "api://one=two" || !set || stage != "" || stderr != "" {
		t.Errorf("audience %v, STAGE %q (%v), and on standard error %q", claims["aud"], stage, set, stderr)
	}

	var stdout, refused bytes.Buffer
	var document map[string]string
	code := Main(t.Context(), append([]string{"token", "--print-env", "--json", "terraform", "--env", "STAGE=a 'b'"}, at...), strings.NewReader(""), &stdout, &refused)
	if err := json.Unmarshal(stdout.Bytes(), &document); err != nil || code != exitOK || document["STAGE"] != "a 'b'" || document["ARM_USE_OIDC"] != "true" {
		t.Errorf("as JSON: exit code %d, %v, %s%s", code, err, stdout.String(), refused.String())
	}

	annotated := append(at, "kubernetes", "--claim", "azure.workload.identity/client-id=00000000-0000-0000-0000-000000000001")
	env, stderr = printEnv(t, annotated...)
	if env["AZURE_AUTHORITY_HOST"] != exports["AZURE_AUTHORITY_HOST"] || env["AZURE_CLIENT_ID"] == "" || stderr != "" {
		t.Errorf("Entra is at %q, want it at %q; on standard error %q", env["AZURE_AUTHORITY_HOST"], exports["AZURE_AUTHORITY_HOST"], stderr)
	}
	if env, _ = printEnv(t, append(annotated, "--env", "AZURE_AUTHORITY_HOST=https://elsewhere.example/")...); env["AZURE_AUTHORITY_HOST"] != "https://elsewhere.example/" {
		t.Errorf("Entra is at %q, want it where the user says", env["AZURE_AUTHORITY_HOST"])
	}
	if code, stderr := stop(); code != exitOK {
		t.Errorf("serve ended with %d: %s", code, stderr)
	}
}

// TestPrintEnvWithoutEntra warns of a variable that leads to the real Entra.
func TestPrintEnvWithoutEntra(t *testing.T) {
	t.Setenv(controlTokenVariable, "a-given-token-of-a-test")
	t.Setenv("TMPDIR", t.TempDir())
	exports, stop := startServe(t, "--issuer-addr", "", "--workload-addr", "127.0.0.1:0", "--entra-addr", "", "--control-addr", "127.0.0.1:0",
		"--ca-file", filepath.Join(t.TempDir(), "ca.pem"))
	env, stderr := printEnv(t, "--farm", exports[controlURLVariable], "kubernetes", "--claim", "azure.workload.identity/client-id=x")
	if env["AZURE_AUTHORITY_HOST"] != "https://login.microsoftonline.com/" || !strings.Contains(stderr, "issuerd: warning: AZURE_AUTHORITY_HOST is https://login.microsoftonline.com/") {
		t.Errorf("Entra is at %q, and on standard error %q", env["AZURE_AUTHORITY_HOST"], stderr)
	}
	if code, stderr := stop(); code != exitOK {
		t.Errorf("serve ended with %d: %s", code, stderr)
	}
}
