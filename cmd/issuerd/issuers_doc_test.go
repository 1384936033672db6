//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/generic"
)

// TestIssuersPage writes the files of docs/issuers.md and runs its commands, in their order.
func TestIssuersPage(t *testing.T) {
	t.Setenv(controlURLVariable, "")
	page, err := os.ReadFile("../../docs/issuers.md")
	if err != nil {
		t.Fatal(err)
	}
	dir, files, commands := t.TempDir(), 0, 0
	for _, block := range regexp.MustCompile("(?s)```(\\w+)\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		switch language, text := block[1], block[2]; language {
		case "yaml":
			first, _, _ := strings.Cut(text, "\n")
			name, ok := strings.CutPrefix(first, "# ")
			if !ok || filepath.Ext(name) != ".yaml" {
				t.Fatalf("a block begins with %q, want the name of its file", first)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			files++
		case "sh":
			bash := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", text)
			bash.Dir = dir
			if out, err := bash.CombinedOutput(); err != nil {
				t.Errorf("%s\nended with %v and\n%.2000s", text, err, out)
			}
			commands++
		default:
			t.Errorf("a block in %q, which nothing runs", language)
		}
	}
	if files < 4 || commands < 5 {
		t.Errorf("%d files and %d blocks of commands, want 4 and 5 or more", files, commands)
	}
	src, err := os.ReadFile(filepath.Join(dir, "full.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := generic.Parse("full.yaml", src, issuers.Names()...); err != nil {
		t.Error(err)
	}
	for _, key := range keysOfIssuerFiles(t) {
		if !regexp.MustCompile(`(?m)[\s{]` + key + `:`).Match(src) {
			t.Errorf("the file with everything lacks the key %q", key)
		}
	}
}

// keysOfIssuerFiles are all keys of the format.
func keysOfIssuerFiles(t *testing.T) []string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^        "(\w+)": \{$`).FindAllSubmatch(generic.Schema(), -1)
	if len(found) < 40 {
		t.Fatalf("%d keys in the schema, want 40 or more", len(found))
	}
	var keys []string
	for _, match := range found {
		keys = append(keys, string(match[1]))
	}
	return keys
}
