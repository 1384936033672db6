//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestWatchLoop has files change between ticks.
func TestWatchLoop(t *testing.T) {
	t.Parallel()
	states := []map[string]string{
		{"a.yaml": "1", "b.yaml": "1"},
		{"a.yaml": "1", "b.yaml": "1"},
		{"a.yaml": "2", "b.yaml": "1"},
		{"a.yaml": "2", "b.yaml": "1", "c.yaml": "1"},
		{"b.yaml": "1", "c.yaml": "1"}, // one that has gone is nothing to play
		{"a.yaml": "2", "b.yaml": "3", "c.yaml": "1"},
	}
	looked := 0
	ticks := make(chan time.Time)
	ctx, cancel := context.WithCancel(t.Context())
	var played [][]string
	ended := make(chan error)
	go func() {
		ended <- watchLoop(ctx, ticks, func() map[string]string { looked++; return states[looked-1] }, func(changed []string) error {
			played = append(played, changed)
			return &exitError{code: exitFail, err: errors.New("told already")}
		})
	}()
	for range len(states) - 1 {
		ticks <- time.Time{}
	}
	cancel()
	err := <-ended
	if diff := cmp.Diff([][]string{nil, {"a.yaml"}, {"c.yaml"}, {"a.yaml", "b.yaml"}}, played); diff != "" {
		t.Errorf("played (-want +got):\n%s", diff)
	}
	var exit *exitError
	if !errors.As(err, &exit) || exit.code != exitFail || exit.err != nil {
		t.Errorf("it ends with %v, want the exit status of the last time and nothing to tell", err)
	}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(home, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	scenario := write("a.yaml", "1")
	write("a.txt", "1")
	issuers := write("issuers", "1") // a file that is named is watched whatever it is called
	roots := []string{home, issuers, filepath.Join(home, "nosuch")}
	before := snapshot(roots)
	if len(before) != 2 || before[scenario] == "" || before[issuers] == "" {
		t.Fatalf("it watches %v", before)
	}
	if diff := cmp.Diff(before, snapshot(roots)); diff != "" {
		t.Errorf("nothing has changed (-before +now):\n%s", diff)
	}
	write("a.yaml", "12")
	if now := snapshot(roots); now[scenario] == before[scenario] || now[issuers] != before[issuers] {
		t.Errorf("a file has changed: %v, before %v", now, before)
	}
}

// TestWatch watches a folder until the signal of Ctrl-C, while a case in it is broken and mended.
func TestWatch(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	file := filepath.Join(home, "my.yaml")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file, myScenario)
	write(filepath.Join(home, "other.yaml"), strings.Replace(myScenario, "github/my", "github/other", 1))
	cmd := exec.CommandContext(t.Context(), "issuerd", "run", "--watch", "my.yaml", "other.yaml")
	cmd.Dir = home
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	until := func(summary string) (text string) {
		for lines.Scan() {
			text += lines.Text() + "\n"
			if strings.Contains(lines.Text(), " passed, ") {
				break
			}
		}
		if !strings.Contains(text, summary) {
			t.Errorf("want %q, got\n%s%s", summary, text, stderr.String())
		}
		return text
	}
	until("2 passed, 0 failed")
	write(file, myScenario+"    expect: {error: AADSTS700213}\n")
	if text := until("0 passed, 1 failed"); strings.Contains(text, "github/other") {
		t.Errorf("what did not change is played again:\n%s", text)
	}
	write(file, myScenario)
	until("1 passed, 0 failed")
	_ = cmd.Process.Signal(os.Interrupt) // if it has ended, Wait says how
	if err := cmd.Wait(); err != nil {
		status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
		t.Errorf("it ended with %v (%v), want the exit status of the last time", err, status.Signal())
	}
	for _, want := range []string{"issuerd: watches 2 files in my.yaml, other.yaml; Ctrl-C ends it\n", "issuerd: changed: my.yaml\n"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("it says %q, want %q", stderr.String(), want)
		}
	}
}
