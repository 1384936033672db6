//go:build unix

package main

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
)

// myScenario is the file my.yaml of the examples.
const myScenario = `name: github/my
about: A scenario of somebody's own.
vars: {branch: main}
issuer: {platform: github}
entra:
  app: deployer
  credentials:
    - {name: main-branch, subject: "repo:octo-org/octo-repo:ref:refs/heads/main"}
steps:
  - mint: {audience: api://AzureADTokenExchange}
  - exchange: {}
`

// myIssuer is the file acme.yaml of the examples.
const myIssuer = `platform: acme
url: https://ci.acme.example
presets:
  - name: job
    claims: {project: web, ref: main}
    derived: {sub: "project:{project}:ref:{ref}"}
`

// TestExamples runs the example of every command's help beside a running farm, in a folder with the files that the
// examples name. The lines of one command are one script. A serve is given free ports, and ends once it has said where
// it is.
func TestExamples(t *testing.T) {
	t.Setenv(controlTokenVariable, "a-given-token-of-a-test")
	home := t.TempDir()
	exports, stop := startServe(t, "--issuer-addr", "127.0.0.1:0", "--workload-addr", "127.0.0.1:0", "--entra-addr", "127.0.0.1:0",
		"--control-addr", "127.0.0.1:0", "--ca-file", filepath.Join(home, "farm.pem"))
	for _, folder := range []string{".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions"} {
		if err := os.MkdirAll(filepath.Join(home, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(writeKey(t, "github.pem", key))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"my.yaml": []byte(myScenario), "entra.yaml": []byte(oneTenant), "acme.yaml": []byte(myIssuer), "github.pem": pem} {
		if err := os.WriteFile(filepath.Join(home, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := append(os.Environ(), "HOME="+home, "TMPDIR="+t.TempDir())
	for _, name := range slices.Sorted(maps.Keys(exports)) {
		env = append(env, name+"="+exports[name])
	}
	eachCommand(newRoot(strings.NewReader(""), io.Discard, io.Discard), func(cmd *cobra.Command) {
		t.Run(strings.ReplaceAll(cmd.CommandPath(), " ", "-"), func(t *testing.T) {
			if cmd.Example == "" {
				t.Fatal("its help has no example")
			}
			if cmd.Example == examplesBelow(cmd) {
				return // they run with the commands that they are of
			}
			var script strings.Builder
			for line := range strings.Lines(cmd.Example) {
				if line = strings.TrimSpace(line); strings.HasPrefix(line, "issuerd serve") {
					serveExample(t, line, home, env)
				} else {
					script.WriteString(line + "\n")
				}
			}
			bash := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script.String())
			bash.Dir, bash.Env = home, env
			if out, err := bash.CombinedOutput(); err != nil {
				t.Errorf("%s\nended with %v and\n%.2000s", script.String(), err, out)
			}
		})
	})
	if code, stderr := stop(); code != exitOK {
		t.Errorf("serve ended with %d: %s", code, stderr)
	}
}

// serveExample starts a farm as an example says, but on free ports, and ends it.
func serveExample(t *testing.T, line, folder string, env []string) {
	t.Helper()
	line += " --issuer-addr 127.0.0.1:0 --workload-addr 127.0.0.1:0 --entra-addr 127.0.0.1:0 --control-addr 127.0.0.1:0"
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "exec "+line)
	cmd.Dir, cmd.Env = folder, env
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "export ") {
	}
	_ = cmd.Process.Signal(syscall.SIGTERM) // if it has ended, Wait says how
	_, _ = io.Copy(io.Discard, stdout)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%s\nended with %v and\n%s", line, err, stderr.String())
	}
}
