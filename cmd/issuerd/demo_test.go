//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// demoPage is the transcript that TestDemo plays.
const demoPage = "../../docs/demo.md"

// changing is what is another in each run of a demonstration: times, ids, ports and how long something takes.
var changing = []struct {
	pattern *regexp.Regexp
	mask    string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?`), "TIME"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "ID"},
	{regexp.MustCompile(`\b[0-9A-F]{40}\b`), "ID"}, // a key's
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "ADDRESS"},
}

func withoutChanging(text string) string {
	for _, c := range changing {
		text = c.pattern.ReplaceAllString(text, c.mask)
	}
	return text
}

// TestDemo plays docs/demo.md beside a running farm: each command of a console block must print what is below it there,
// but for what changes.
func TestDemo(t *testing.T) {
	page, err := os.ReadFile(demoPage)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```sh\nissuerd serve --env-file\n```\n") {
		t.Error("the page does not start the farm as this test does")
	}
	t.Setenv(controlTokenVariable, "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	_, stop := startServe(t, "--env-file", "--issuer-addr", "127.0.0.1:0", "--workload-addr", "127.0.0.1:0", "--entra-addr", "127.0.0.1:0",
		"--control-addr", "127.0.0.1:0", "--ca-file", filepath.Join(t.TempDir(), "ca.pem"))

	if commands := playPage(t, demoPage, ""); commands < 20 {
		t.Errorf("the page has %d commands: it is not read as it is written", commands)
	}
	if code, stderr := stop(); code != exitOK {
		t.Errorf("serve ended with %d: %s", code, stderr)
	}
}

// playPage runs the commands of a page's console blocks in a folder, and returns how many there are. Each must print
// what is below it on the page, but for what changes; with -update the page is written anew.
func playPage(t *testing.T, path, folder string) (commands int) {
	t.Helper()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder // the page as it should be
	console, expected := false, &strings.Builder{}
	command, printed := "", ""
	compare := func() {
		if command != "" {
			if diff := cmp.Diff(withoutChanging(expected.String()), withoutChanging(printed)); diff != "" && !*update {
				t.Errorf("%s\n(-page +printed):\n%s", command, diff)
			}
		}
		command = ""
		expected.Reset()
	}
	for line := range strings.Lines(string(page)) {
		switch {
		case line == "```console\n":
			console = true
		case console && line == "```\n":
			console = false
			compare()
		case console && strings.HasPrefix(line, "$ "):
			compare()
			commands++
			command = strings.TrimPrefix(line, "$ ")
			shell := exec.CommandContext(t.Context(), "bash", "-c", command)
			shell.Dir = folder
			output, _ := shell.CombinedOutput() // a refusal is a part of the demonstration
			printed = string(output)
			line += printed
		case console:
			expected.WriteString(line)
			continue
		}
		out.WriteString(line)
	}
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return commands
}
