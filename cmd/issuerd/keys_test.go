package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers"
)

// writeKey writes a private key as PEM and returns the file's path.
func writeKey(t *testing.T, name string, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// keySets runs issuerd serve in a process of its own until it has answered for the key sets at these paths of the
// issuer plane, and returns the JSON of each key.
func keySets(t *testing.T, paths []string, args ...string) map[string][]string {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	cmd := exec.CommandContext(t.Context(), "issuerd", append([]string{"serve", "--issuer-addr", "127.0.0.1:0", "--workload-addr", "", "--entra-addr", "",
		"--control-addr", "", "--ca-file", ca}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it says that it was killed
		if stderr.Len() > 0 {
			t.Errorf("serve said %s", stderr.String())
		}
	}()
	base := ""
	for lines := bufio.NewScanner(stdout); base == "" && lines.Scan(); {
		base = regexp.MustCompile(`^issuer +(https://[0-9.:]+)`).FindString(lines.Text())
	}
	base = base[strings.Index(base, "https"):]
	go func() { _, _ = io.Copy(io.Discard, stdout) }() // it ends with the process
	root, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(root)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	sets := map[string][]string{}
	for _, path := range paths {
		resp, err := client.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		var set struct {
			Keys []json.RawMessage `json:"keys"`
		}
		err = json.NewDecoder(resp.Body).Decode(&set)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatalf("%s: %s: %v", path, resp.Status, err)
		}
		for _, key := range set.Keys {
			sets[path] = append(sets[path], string(key))
		}
	}
	return sets
}

// TestServeKeys starts serve again and again with the same files: relying parties that have kept the keys must find
// them, the same to the last byte of the certificate. Keys that no file has are others each time.
func TestServeKeys(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const github, spire, gcp = "/github/.well-known/jwks", "/spiffe/keys", "/gcp/oauth2/v3/certs"
	paths := []string{github, spire, gcp}
	args := []string{"--keys", "github=" + writeKey(t, "github.pem", rsaKey), "--keys", "spiffe=" + writeKey(t, "spiffe.pem", p256)}
	first, second := keySets(t, paths, args...), keySets(t, paths, args...)
	for path, want := range map[string]int{github: 1, spire: len(first[spire]), gcp: 0} {
		var same []string
		for _, key := range first[path] {
			if slices.Contains(second[path], key) {
				same = append(same, key)
			}
		}
		if len(same) != want || len(first[path]) == 0 || len(first[path]) != len(second[path]) {
			t.Errorf("%s: %d of %d keys are the same after a restart, want %d", path, len(same), len(first[path]), want)
		}
		if path == github && len(same) == 1 {
			var key struct{ KID, X5T string }
			if err := json.Unmarshal([]byte(same[0]), &key); err != nil || key.KID == "" || key.X5T == "" {
				t.Errorf("the key that is the same is %s, error %v: want the one that signs, with its certificate", same[0], err)
			}
		}
	}
}

// TestServeKeysRefused says what is wrong with a file before anything listens.
func TestServeKeysRefused(t *testing.T) {
	t.Parallel()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := writeKey(t, "good.pem", p256)
	bad := filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, []byte("not a key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for flag, want := range map[string]string{
		"github":                      `--keys "github": want PLATFORM=FILE, such as github=github.pem`,
		"github=":                     `--keys "github=": want PLATFORM=FILE`,
		"gitbuh=" + good:              "have github, kubernetes",
		"github=" + bad:               bad + ": want a private key, as PEM",
		"github=" + bad + ".none":     "no such file",
		"github=" + good:              "github can't sign with an ECDSA key on P-256: its keys are for RS256",
		"github=" + filepath.Dir(bad): "want a regular file",
	} {
		var stdout, stderr bytes.Buffer
		code := Main(t.Context(), []string{"serve", "--issuer-addr", "", "--workload-addr", "", "--entra-addr", "", "--control-addr", "", "--keys", flag},
			strings.NewReader(""), &stdout, &stderr)
		if code != exitUsage || stdout.Len() > 0 || !strings.Contains(stderr.String(), want) {
			t.Errorf("--keys %s: exit code %d, %q; want 2 and %q", flag, code, stderr.String(), want)
		}
	}
}

// TestServeKeysOthersMayRead warns, and serves nevertheless.
func TestServeKeysOthersMayRead(t *testing.T) {
	t.Parallel()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file := writeKey(t, "spiffe.pem", p256)
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	keys, err := readKeys(issuers.Set{}, []string{"spiffe=" + file}, &stderr)
	if err != nil || len(keys["spiffe"]) != 1 {
		t.Fatalf("%d keys, error %v", len(keys["spiffe"]), err)
	}
	want := fmt.Sprintf("issuerd: warning: %[1]s: others on this machine may have the private key in it, as its mode is 0644: chmod 600 %[1]s\n", file)
	if diff := cmp.Diff(want, stderr.String()); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
}
