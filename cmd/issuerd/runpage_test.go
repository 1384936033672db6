//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestRunPage runs the commands of docs/run.md, those in its workflow and its manifest too, in a folder with the file that they name.
func TestRunPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/run.md")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "my.yaml"), []byte(myScenario), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(script string, env ...string) {
		t.Helper()
		bash := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
		bash.Dir, bash.Env = home, append(os.Environ(), append(env, "GITHUB_STEP_SUMMARY=")...)
		if out, err := bash.CombinedOutput(); err != nil {
			t.Errorf("%s\nended with %v and\n%.2000s", script, err, out)
		}
	}
	commands := 0
	for _, b := range blocksOf(string(page)) {
		switch b.language {
		case "sh":
			commands += strings.Count(b.text, "issuerd ")
			run(b.text)
		case "yaml":
			var job struct {
				Spec struct {
					Completions int
					Template    struct {
						Spec struct {
							Containers []struct {
								Args []string
								Env  []struct{ Name, Value string }
							}
						}
					}
				}
				Jobs map[string]struct {
					Steps []struct{ Run string }
				}
			}
			if err := yaml.Unmarshal([]byte(b.text), &job); err != nil {
				t.Fatal(err)
			}
			for _, c := range job.Spec.Template.Spec.Containers {
				commands++
				run("issuerd "+strings.Join(c.Args, " "), "JOB_COMPLETION_INDEX=1", c.Env[0].Name+"="+c.Env[0].Value)
			}
			for _, step := range job.Jobs["scenarios"].Steps {
				if step.Run != "" {
					commands++
					run(strings.ReplaceAll(step.Run, "${{ matrix.shard }}", "2"))
				}
			}
		}
	}
	if commands != 16 {
		t.Errorf("%d commands, want 16: the page is not read as it is written", commands)
	}
	for _, v := range shardSystems {
		row := regexp.MustCompile(`(?m)^\| ` + v.system + `.* \| ` + "`" + v.index + "` \\| " + string(rune('0'+v.first)) + " \\| `" + v.total + "`")
		if !row.Match(page) {
			t.Errorf("the page has no row for %s as --shard auto reads it", v.system)
		}
	}
}
