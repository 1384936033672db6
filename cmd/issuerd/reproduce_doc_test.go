//go:build unix

package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const reproducePage = "../../docs/reproduce.md"

var consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")

// TestReproducePage runs the commands of docs/reproduce.md in one folder, in their order: each must print what is below
// it there. With -update, what came goes into the page.
func TestReproducePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(reproducePage)
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	commands := 0
	played := consoleBlock.ReplaceAllStringFunc(string(page), func(block string) string {
		var out strings.Builder
		for line := range strings.Lines(consoleBlock.FindStringSubmatch(block)[1]) {
			command, ok := strings.CutPrefix(line, "$ ")
			if !ok {
				continue
			}
			commands++
			bash := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", command)
			bash.Dir = home
			printed, err := bash.CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v", command, err)
			}
			out.WriteString(line)
			out.Write(printed)
		}
		return "```console\n" + out.String() + "```"
	})
	if commands == 0 {
		t.Error("the page has no commands")
	}
	if *update {
		if err := os.WriteFile(reproducePage, []byte(played), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(page), played); diff != "" && !*update {
		t.Errorf("(-page +printed):\n%s", diff)
	}
}
