//go:build unix

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestExplainPage writes the files of docs/explain.md and runs its commands.
func TestExplainPage(t *testing.T) {
	const path = "../../docs/explain.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := regexp.MustCompile("(?s)`([a-z]+\\.[a-z]+)`:\n\n```\\w+\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	for _, file := range files {
		if err := os.WriteFile(filepath.Join(dir, file[1]), []byte(file[2]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if commands := playPage(t, path, dir); len(files) < 3 || commands < 6 {
		t.Errorf("the page has %d files and %d commands: it is not read as it is written", len(files), commands)
	}
}
