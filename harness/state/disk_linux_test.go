package state

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// diskVariable has the test binary play a process that meets a disk of a kind. It is "KIND DIR".
const diskVariable = "ISSUERD_TEST_DISK"

func TestMain(m *testing.M) {
	kind, dir, is := strings.Cut(os.Getenv(diskVariable), " ")
	if !is {
		os.Exit(m.Run())
	}
	if err := meet(kind, dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// meet writes until the disk of a kind refuses. It prints the number of the last record that was written.
func meet(kind, dir string) error {
	switch kind {
	case "limited": // the files of the process
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 200_000, Max: 200_000}); err != nil {
			return err
		}
	case "full":
		if err := syscall.Mount("none", dir, "tmpfs", 0, "size=256k"); err != nil {
			return fmt.Errorf("%w: %w", errNoMount, err)
		}
	case "read-only":
		if err := syscall.Mount("none", dir, "tmpfs", 0, "size=256k"); err != nil {
			return fmt.Errorf("%w: %w", errNoMount, err)
		}
		if err := syscall.Mount("none", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			return fmt.Errorf("%w: %w", errNoMount, err)
		}
		_, err := Open(dir, Options{})
		if !errors.Is(err, syscall.EROFS) {
			return fmt.Errorf("the error is %v, want one that says that it is read-only", err)
		}
		return nil
	}
	s, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	value := bytes.Repeat([]byte("12345678"), 1000)
	last := -1
	for n := range 1000 {
		err := s.Write(Put(fmt.Sprintf("%04d", n), value), Put("last", fmt.Appendf(nil, "%04d", n)))
		if err == nil {
			last = n
			continue
		}
		if text := err.Error(); !strings.HasSuffix(text, syscall.EFBIG.Error()) && !strings.HasSuffix(text, syscall.ENOSPC.Error()) { // bbolt may keep no more than the text
			return fmt.Errorf("the error is %v, want one that says that there is no place", err)
		}
		break
	}
	if last < 2 || last > 100 {
		return fmt.Errorf("the disk was full after record %d", last)
	}
	// What was refused is not there, what was answered is, and with less in it the store goes on.
	if got := s.Record("last"); string(got) != fmt.Sprintf("%04d", last) {
		return fmt.Errorf("the last record is %q, want %04d", got, last)
	}
	if err := s.Write(Remove("0000"), Remove("0001")); err != nil {
		return fmt.Errorf("removing: %w", err)
	}
	if err := s.Write(Put("0000", []byte("again"))); err != nil {
		return fmt.Errorf("writing again: %w", err)
	}
	if err := s.Close(); err != nil {
		return err
	}
	if s, err = Open(dir, Options{}); err != nil {
		return fmt.Errorf("opening again: %w", err)
	}
	if got := len(s.Records("")); got != last+1 { // one of the two is gone, and there is "last"
		return fmt.Errorf("%d records are left, want %d", got, last+1)
	}
	return s.Close()
}

// errNoMount is what keeps a machine from having such a disk.
var errNoMount = errors.New("cannot mount")

// TestDisks opens a directory on a read-only disk, on one that is too small, and with a limit on the size of files.
func TestDisks(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"limited", "full", "read-only"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			binary, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "disk")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), binary)
			cmd.Env = append(os.Environ(), diskVariable+"="+kind+" "+dir)
			if kind != "limited" {
				cmd.SysProcAttr = &syscall.SysProcAttr{
					Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
					UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
					GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
				}
			}
			out, err := cmd.CombinedOutput()
			var exited *exec.ExitError
			if err != nil && !errors.As(err, &exited) || bytes.Contains(out, []byte(errNoMount.Error())) {
				t.Skipf("this machine gives no disk of that kind to its users: %v %s", err, out)
			}
			if err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
