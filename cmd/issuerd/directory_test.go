package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

const oneTenant = "tenants:\n  - displayName: Contoso\n    applications:\n      - displayName: deployer\n"

// TestWatchedFile changes a directory file in the ways that people do while serve runs.
func TestWatchedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "entra.yaml")
	modified := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		modified = modified.Add(time.Second)
		if err := os.Chtimes(path, modified, modified); err != nil {
			t.Fatal(err)
		}
	}
	write(oneTenant)
	dir, _, err := readDirectory(path)
	if err != nil {
		t.Fatal(err)
	}
	w := watchFile(path, func(read *directory.Directory, _ string) error { return dir.Replace(read) })
	look := func(wantChanged bool, wantError string) {
		t.Helper()
		changed, err := w.look()
		if changed != wantChanged || (err == nil) != (wantError == "") || err != nil && !strings.Contains(err.Error(), wantError) {
			t.Fatalf("changed %v (%v), want %v (%q)", changed, err, wantChanged, wantError)
		}
	}
	names := func() (all []string) {
		for _, a := range dir.Tenants()[0].Applications {
			all = append(all, a.Name)
		}
		return all
	}
	settle := func(wantChanged bool, wantError string) { // the file must be the same at two looks
		t.Helper()
		look(false, "")
		look(wantChanged, wantError)
	}
	look(false, "")
	write(oneTenant + "      - displayName: second\n")
	settle(true, "")
	look(false, "")
	unchanged := func(what string) {
		t.Helper()
		if diff := cmp.Diff([]string{"deployer", "second"}, names()); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", what, diff)
		}
	}
	for _, broken := range []struct{ name, text, want string }{
		{"an empty file", "", "entra.yaml:1:1: the file is empty"},
		{"no tenants", "options:\n  clockSkew: 5m\n", `missing key "tenants"`},
		{"a half of it", "tenants:\n  - displayNam\n", "entra.yaml:2:5: want a map"},
		{"a half that is YAML", oneTenant + "      - displayName: sec", "entra.yaml:5:1: the last line has no line end"},
		{"brackets", "tenants: " + strings.Repeat("[", 32_000), "more than 64 lists and maps inside each other"},
		{"dashes", "tenants:\n  " + strings.Repeat("- ", 300_000) + "\n", "more than 64 lists and maps inside each other"},
	} {
		write(broken.text)
		settle(false, broken.want)
		look(false, "")
		unchanged(broken.name)
	}

	// Somebody truncates the file and writes it in pieces, longer than between two looks: none of the pieces is read.
	for _, piece := range []string{"", "tenants:\n", oneTenant, oneTenant + "      - displayName: new\n"} {
		write(piece)
		look(false, "")
		unchanged("a piece of it")
	}
	look(true, "")
	if diff := cmp.Diff([]string{"deployer", "new"}, names()); diff != "" {
		t.Errorf("after the last piece (-want +got):\n%s", diff)
	}

	// Another file takes its place, with the same time and size.
	beside := filepath.Join(filepath.Dir(path), "beside")
	if err := os.WriteFile(beside, []byte(oneTenant+"      - displayName: two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chtimes(beside, modified, modified), os.Rename(beside, path)); err != nil {
		t.Fatal(err)
	}
	settle(true, "")
	if diff := cmp.Diff([]string{"deployer", "two"}, names()); diff != "" {
		t.Errorf("after another file is in its place (-want +got):\n%s", diff)
	}

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	look(false, "no such file")
	look(false, "")
	write(oneTenant)
	settle(true, "")
	if diff := cmp.Diff([]string{"deployer"}, names()); diff != "" {
		t.Errorf("after the file is back (-want +got):\n%s", diff)
	}

	write(oneTenant + "      - displayName: third\n")
	ctx, cancel := context.WithCancel(t.Context())
	ticks, done := make(chan time.Time), make(chan struct{})
	var out bytes.Buffer
	go func() {
		w.follow(ctx, ticks, &out)
		close(done)
	}()
	ticks <- modified
	ticks <- modified
	cancel()
	<-done
	if want := "issuerd: read " + path + " again\n"; out.String() != want {
		t.Errorf("follow says %q, want %q", out.String(), want)
	}
}

// TestDirectoryCommand prints the directory of a running farm and reads it back.
func TestDirectoryCommand(t *testing.T) {
	t.Setenv(controlTokenVariable, "a-given-token-of-a-test")
	path, ca := filepath.Join(t.TempDir(), "entra.yaml"), filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, []byte(oneTenant), 0o600); err != nil {
		t.Fatal(err)
	}
	exports, stop := startServe(t, "--issuer-addr", "", "--workload-addr", "", "--entra-addr", "", "--control-addr", "127.0.0.1:0", "--ca-file", ca, "--directory", path)
	var stdout, stderr bytes.Buffer
	if code := Main(t.Context(), []string{"directory", "--farm", exports[controlURLVariable]}, strings.NewReader(""), &stdout, &stderr); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	printed, err := directory.Parse("printed.yaml", stdout.Bytes())
	if err != nil {
		t.Fatalf("%v in\n%s", err, stdout.String())
	}
	want, err := directory.Parse("entra.yaml", []byte(oneTenant))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.File(), printed.File()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	stdout.Reset()
	if code := Main(t.Context(), []string{"directory", "--json", "--farm", exports[controlURLVariable]}, strings.NewReader(""), &stdout, &stderr); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	if printed, err = directory.Parse("printed.json", stdout.Bytes()); err != nil || !json.Valid(stdout.Bytes()) {
		t.Fatalf("%v in\n%s", err, stdout.String())
	}
	if diff := cmp.Diff(want.File(), printed.File()); diff != "" {
		t.Errorf("as JSON (-want +got):\n%s", diff)
	}
	if code, stderr := stop(); code != exitOK || stderr != "" {
		t.Errorf("serve ended with %d and %q", code, stderr)
	}
}

// TestLargeDirectory exports directories of many applications, and reads them as lint and serve do.
func TestLargeDirectory(t *testing.T) {
	t.Parallel()
	for _, count := range []int{10, 1000, 20_000} {
		tenant := directory.Tenant{DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"}}
		for i := range count {
			tenant.Applications = append(tenant.Applications, directory.Application{
				Name: fmt.Sprintf("app-%d", i), Credentials: []directory.Credential{{
					Name: "main", Issuer: "https://token.actions.githubusercontent.com", Subject: fmt.Sprintf("repo:contoso/web-%d:ref:refs/heads/main", i),
					Audiences: []string{"api://AzureADTokenExchange"},
				}},
			})
		}
		dir := directory.New()
		if _, err := dir.AddTenant(tenant); err != nil {
			t.Fatal(err)
		}
		text, err := dir.File().Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if each := len(text) / count; count > 10 && each > 500 {
			t.Errorf("%d applications have %d bytes each", count, each)
		}
		path := filepath.Join(t.TempDir(), "entra.yaml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		if code := Main(t.Context(), []string{"lint", path}, strings.NewReader(""), &stdout, &stderr); code != exitOK {
			t.Fatalf("%d applications: exit code %d: %s%s", count, code, stdout.String(), stderr.String())
		}
		read, _, err := readDirectory(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(read.Tenants()[0].Applications); got != count {
			t.Errorf("%d applications became %d", count, got)
		}
	}
}
