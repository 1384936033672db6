//go:build unix

package docker_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/issuerd/issuerd/harness/targets/container/docker"
)

var errStop = errors.New("interrupted by the test")

// fakeDocker puts a docker command in front of the path that notes its arguments in the file and then does what the
// script says.
func fakeDocker(t *testing.T, script string) (calls string) {
	t.Helper()
	dir := t.TempDir()
	calls = filepath.Join(dir, "calls")
	script = "#!/bin/sh\ncd '" + dir + "'\necho \"$*\" >>calls\n" + script
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return calls
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var created = regexp.MustCompile(`(?m)^create .*--name (issuerd-[a-z0-9]+) --label issuerd `)

// TestRunInterruptedInCreate ends the context while the engine makes the container: it is waited for, and removed.
func TestRunInterruptedInCreate(t *testing.T) {
	calls := fakeDocker(t, `
case $1 in
create)
	echo >creating      # waits for the test to open it
	read -r _ <goon     # waits for the test to write
	echo made >>calls ;;
start) echo "must not be started" >&2; exit 1 ;;
esac`)
	dir := filepath.Dir(calls)
	for _, pipe := range []string{"creating", "goon"} {
		if err := syscall.Mkfifo(filepath.Join(dir, pipe), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := docker.Run(ctx, "farm:test")
		failed <- err
	}()
	read(t, filepath.Join(dir, "creating"))
	cancel(errStop)
	select {
	case err := <-failed:
		t.Fatalf("Run = %v while the engine makes the container, want it to wait", err)
	default: // what docker was called with, below, tells for certain
	}
	if err := os.WriteFile(filepath.Join(dir, "goon"), []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !errors.Is(err, errStop) {
		t.Errorf("Run = %v, want %v", err, errStop)
	}
	said := read(t, calls)
	name := created.FindStringSubmatch(said)
	if name == nil {
		t.Fatalf("docker was called with %q, want a match of %s", said, created)
	}
	if want := "\nmade\nrm --force --volumes " + name[1] + "\n"; !strings.HasSuffix(said, want) {
		t.Errorf("docker was called with %q, want %q at the end", said, want)
	}
}

// TestRunCreateFails wants the container removed by its name, in case there is one, and no word of that when there is
// none.
func TestRunCreateFails(t *testing.T) {
	calls := fakeDocker(t, `
case $1 in
create) echo "no space left" >&2; exit 1 ;;
rm) echo "Error: No such container: $4" >&2; exit 1 ;;
esac`)
	_, err := docker.Run(t.Context(), "farm:test")
	if want := `docker: image "farm:test": docker create: exit status 1: no space left`; err == nil || err.Error() != want {
		t.Errorf("Run = %v, want %s", err, want)
	}
	said := read(t, calls)
	if name := created.FindStringSubmatch(said); name == nil || !strings.HasSuffix(said, "\nrm --force --volumes "+name[1]+"\n") {
		t.Errorf("docker was called with %q, want a create with a name, and rm with the same one at the end", said)
	}
}

// TestRunInterruptedEarly wants the interruption as the cause, not the engine or the image that could not be asked for.
func TestRunInterruptedEarly(t *testing.T) {
	tests := []struct{ command, image string }{
		{"version", docker.DefaultImage},
		{"image", docker.DefaultImage},
		{"pull", "farm:test"},
	}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			calls := fakeDocker(t, `
case $1 in
`+tt.command+`)
	echo >reached
	exec sleep 60 ;;
image) exit 1 ;;
esac`)
			reached := filepath.Join(filepath.Dir(calls), "reached")
			if err := syscall.Mkfifo(reached, 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			failed := make(chan error, 1)
			go func() {
				_, err := docker.Run(ctx, tt.image)
				failed <- err
			}()
			read(t, reached)
			cancel(errStop)
			err := <-failed
			if !errors.Is(err, errStop) || errors.Is(err, docker.ErrNoEngine) || errors.Is(err, docker.ErrNoImage) {
				t.Errorf("Run = %v, want %v alone", err, errStop)
			}
			if said := read(t, calls); strings.Contains(said, "\ncreate ") || strings.Contains(said, "\nrm ") {
				t.Errorf("docker was called with %q, want nothing made or removed", said)
			}
		})
	}
}
