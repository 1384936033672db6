package main

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestEnvFile writes addresses and tokens that a shell would stumble over, and reads them back.
func TestEnvFile(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"0123456789abcdef", "it's $HOME; `x` \"y\" \\", "'", "=#'=", " blanks "} {
		path := filepath.Join(t.TempDir(), "env")
		left := envFile{path: path, url: "http://[::1]:8446", token: token}
		if err := left.write(); err != nil {
			t.Fatal(err)
		}
		read, err := readEnvFile(path)
		if err != nil || *read != left {
			t.Errorf("%q: got %q (%v)", token, read, err)
		}
		if err := left.remove(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%q: the file is still there: %v", token, err)
		}
	}
}

// TestEnvFileOfAnother leaves a file alone that another farm has put in the place of one's own.
func TestEnvFileOfAnother(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "env")
	mine, other := envFile{path, "http://127.0.0.1:1", "0123456789abcdef"}, envFile{path, "http://127.0.0.1:2", "0123456789abcdef"}
	for _, left := range []envFile{mine, other} {
		if err := left.write(); err != nil {
			t.Fatal(err)
		}
	}
	if err := mine.remove(); err != nil {
		t.Fatal(err)
	}
	if read, err := readEnvFile(path); err != nil || *read != other {
		t.Errorf("got %v (%v), want the other's", read, err)
	}
}

// TestEnvFileIsWhole reads while farms write: every read has one of them, and nothing is left beside the file.
func TestEnvFileIsWhole(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "env")
	first := envFile{path, "http://127.0.0.1:1", "0123456789abcdef"}
	if err := first.write(); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 50 {
				if err := first.write(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 200 {
		if read, err := readEnvFile(path); err != nil || *read != first {
			t.Fatalf("got %v (%v)", read, err)
		}
	}
	writers.Wait()
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder has %v (%v), want the file alone", entries, err)
	}
}
