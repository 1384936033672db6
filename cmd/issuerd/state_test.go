package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/state"
)

// onFreePorts are flags of serve.
var onFreePorts = []string{"--issuer-addr", "127.0.0.1:0", "--workload-addr", "", "--entra-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0"}

// stateToken is the management API's in the tests of farms that last, which must not find it on the disk.
const stateToken = "a-given-token-of-a-test"

// TestServeState stops a farm and starts it again: with --ca-file, --directory and a world.
func TestServeState(t *testing.T) {
	t.Setenv(controlTokenVariable, stateToken)
	folder := t.TempDir()
	file, ca := filepath.Join(folder, "entra.yaml"), filepath.Join(folder, "ca.pem")
	args := append([]string{"--state", filepath.Join(folder, "state"), "--directory", file, "--ca-file", ca}, onFreePorts...)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(oneTenant)
	var authority []byte
	for _, tt := range []struct {
		name, file string
		want       []string // applications
	}{
		{"the first start", oneTenant, []string{"deployer"}},
		{"the second", oneTenant, []string{"deployer", "added"}},
		{"a changed file", oneTenant + "      - displayName: other\n", []string{"deployer", "other"}},
		{"the same", oneTenant + "      - displayName: other\n", []string{"deployer", "other", "added"}},
	} {
		write(tt.file)
		exports, stop := startServe(t, args...)
		client := &control.Client{URL: exports[controlURLVariable], Token: stateToken}
		dir, err := client.Directory(t.Context(), control.DefaultWorld)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		var names []string
		for _, app := range dir.Tenants[0].Applications {
			names = append(names, app.Name)
		}
		if strings.Join(names, ", ") != strings.Join(tt.want, ", ") {
			t.Errorf("%s: the applications are %q, want %q", tt.name, names, tt.want)
		}
		if exports["AZURE_CLIENT_ID"] != dir.Tenants[0].Applications[0].ClientID {
			t.Errorf("%s: it prints the client id %s", tt.name, exports["AZURE_CLIENT_ID"])
		}
		if !slices.Contains(names, "added") {
			if _, err := client.AddApplication(t.Context(), control.DefaultWorld, control.ApplicationSpec{Name: "added", Credentials: []directory.Credential{}}); err != nil {
				t.Fatal(err)
			}
		}
		pem, err := os.ReadFile(ca)
		if err != nil {
			t.Fatal(err)
		}
		if authority != nil && !bytes.Equal(authority, pem) {
			t.Errorf("%s: the certificate authority is another one", tt.name)
		}
		authority = pem
		if code, stderr := stop(); code != exitOK || stderr != "" {
			t.Errorf("%s: serve ended with %d and %q", tt.name, code, stderr)
		}
	}
}

// serveOnce runs serve with a state directory that it can't use.
func serveOnce(t *testing.T, dir string) (code int, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(t.Context(), append([]string{"serve", "--state", dir}, onFreePorts...), strings.NewReader(""), &out, &errs)
	return code, errs.String()
}

// TestServeStateRefused has state directories that are held by another, damaged, of a newer version, and no directories.
func TestServeStateRefused(t *testing.T) {
	t.Setenv(controlTokenVariable, stateToken)
	sound := t.TempDir()
	held, err := state.Open(sound, state.Options{Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("is in use by process %d on ", os.Getpid())
	if code, stderr := serveOnce(t, sound); code != exitRun || !strings.Contains(stderr, want) {
		t.Errorf("held: %d %s, want %d and: %s", code, stderr, exitRun, want)
	}
	if err := errors.Join(held.Write(state.Put("authority", []byte("{}"))), held.Close()); err != nil {
		t.Fatal(err)
	}
	if code, stderr := serveOnce(t, sound); code != exitUsage || !strings.Contains(stderr, "ca: restore") {
		t.Errorf("an authority that is none: %d %s", code, stderr)
	}
	path := filepath.Join(sound, state.FileName)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(good)
	damaged[len(damaged)/2] ^= 0xff
	copy(damaged[16:], "garbage")
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, stderr := serveOnce(t, sound); code != exitUsage || !strings.Contains(stderr, path+" is damaged, and was left as it is") {
		t.Errorf("damaged: %d %s", code, stderr)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, damaged) {
		t.Errorf("the damaged file was changed (%v)", err)
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoFreelistSync: true})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("about")).Put([]byte("format"), []byte(`{"format":7,"version":"9.0.0"}`))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if code, stderr := serveOnce(t, sound); code != exitUsage || !strings.Contains(stderr, "of a newer version (issuerd 9.0.0, format 7;") {
		t.Errorf("newer: %d %s", code, stderr)
	}
	for _, private := range []string{"PRIVATE", "pkcs8", stateToken} {
		if code, stderr := serveOnce(t, path); code == exitOK || strings.Contains(stderr, private) {
			t.Errorf("a file: %d %s", code, stderr)
		}
	}
}

// TestServeWritesNothing lists a folder in which a farm without --state has run.
func TestServeWritesNothing(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	t.Setenv("HOME", folder)
	t.Setenv("TMPDIR", folder)
	ca := filepath.Join(t.TempDir(), "ca.pem") // its line is what startServe waits for
	exports, stop := startServe(t, append([]string{"--ca-file", ca}, onFreePorts...)...)
	client := &control.Client{URL: exports[controlURLVariable], Token: exports[controlTokenVariable]}
	if _, err := client.CreateWorld(context.Background(), control.WorldSpec{}); err != nil {
		t.Error(err)
	}
	if code, stderr := stop(); code != exitOK || stderr != "" {
		t.Errorf("serve ended with %d and %q", code, stderr)
	}
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if path != folder {
			t.Errorf("there is %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
