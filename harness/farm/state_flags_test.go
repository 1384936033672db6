package farm_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/harness/state"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// TestDirectoryFileAndState starts a farm again with the file of before, with a changed one, and with none.
func TestDirectoryFileAndState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	names := func(version string, apps ...string) (names []string) {
		t.Helper()
		file := directory.New()
		tenant := directory.Tenant{DisplayName: "Contoso"}
		for _, name := range apps {
			tenant.Applications = append(tenant.Applications, directory.Application{Name: name})
		}
		if _, err := file.AddTenant(tenant); err != nil {
			t.Fatal(err)
		}
		opts := farm.Options{State: dir, NoIssuers: true, Directory: file, DirectoryVersion: version}
		opts.Addr = map[plane.Plane]string{plane.Issuer: free, plane.Workload: "", plane.Entra: free, plane.Control: free}
		s, err := farm.Start(opts)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if version == "reload" {
			if err := s.ReplaceDirectory(file, "reloaded"); err != nil {
				t.Fatal(err)
			}
		}
		for _, app := range s.DefaultWorld().Directory().Tenants[0].Applications {
			names = append(names, app.Name)
		}
		if _, err := s.DefaultWorld().AddApplication(control.ApplicationSpec{Name: "added " + fmt.Sprint(len(names))}); err != nil {
			t.Fatal(err)
		}
		return names
	}
	for _, tt := range []struct {
		name, version string
		apps, want    []string
	}{
		{"the first start", "1", []string{"a"}, []string{"a"}},
		{"the same file", "1", []string{"a"}, []string{"a", "added 1"}},
		{"no file", "", []string{"demo"}, []string{"a", "added 1", "added 2"}},
		{"a changed file", "2", []string{"b"}, []string{"b"}},
		{"the same again", "2", []string{"b"}, []string{"b", "added 1"}},
		{"a file that changes while the farm runs", "reload", []string{"c"}, []string{"c"}},
		{"that file", "reloaded", []string{"c"}, []string{"c", "added 1"}},
	} {
		if diff := cmp.Diff(tt.want, names(tt.version, tt.apps...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestKeptAuthority starts a farm with more hosts, with fewer, and after a year: the authority stays as long as it can,
// and a new one comes with a warning.
func TestKeptAuthority(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	var before []byte
	for _, tt := range []struct {
		name    string
		hosts   []string
		later   time.Duration
		same    bool
		warning string
	}{
		{"the first start", []string{"one.contoso.com"}, 0, false, ""},
		{"the same hosts", []string{"one.contoso.com"}, time.Hour, true, ""},
		{"fewer hosts", nil, time.Hour, true, ""},
		{"a host below another", []string{"www.one.contoso.com"}, time.Hour, true, ""},
		{"another host", []string{"two.contoso.com"}, time.Hour, false, "may not sign for two.contoso.com"},
		{"those of both", []string{"one.contoso.com", "two.contoso.com"}, time.Hour, true, ""},
		{"a year later", nil, 366 * 24 * time.Hour, false, "ended at"},
		{"and again", []string{"one.contoso.com", "two.contoso.com"}, time.Hour, true, ""},
	} {
		now = now.Add(tt.later)
		var log logged
		opts := farm.Options{State: dir, NoIssuers: true, Hosts: tt.hosts, Now: func() time.Time { return now }, Log: log.logger()}
		opts.Addr = map[plane.Plane]string{plane.Issuer: free, plane.Workload: "", plane.Entra: free, plane.Control: free}
		s, err := farm.Start(opts)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if same := bytes.Equal(before, s.CA()); same != tt.same {
			t.Errorf("%s: the authority is the same: %t", tt.name, same)
		}
		warned := strings.Contains(log.String(), "made a new certificate authority")
		if warned != (tt.warning != "") || !strings.Contains(log.String(), tt.warning) {
			t.Errorf("%s: the log is %s", tt.name, log.String())
		}
		before = s.CA()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGivenKeysAndState starts a farm with a platform's keys, without, and with others.
func TestGivenKeysAndState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := func() issuer.SigningKey {
		made, err := issuer.GenerateKey("RS256")
		if err != nil {
			t.Fatal(err)
		}
		return issuer.SigningKey{Key: made}
	}
	one, two := key(), key()
	kids := func(keys ...issuer.SigningKey) (signs string, published int) {
		t.Helper()
		opts := farm.Options{State: dir, Keys: map[string][]issuer.SigningKey{"github": keys}}
		opts.Addr = map[plane.Plane]string{plane.Issuer: free, plane.Workload: "", plane.Entra: free, plane.Control: free}
		s, err := farm.Start(opts)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		all, err := s.DefaultWorld().Keys(githubURL)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range all {
			if k.Signs {
				signs = k.KID
			}
			if k.Published {
				published++
			}
		}
		return signs, published
	}
	first, published := kids(one)
	if again, n := kids(one); again != first || n != published {
		t.Errorf("the same key: %s of %d, want %s of %d", again, n, first, published)
	}
	if again, n := kids(); again != first || n != published {
		t.Errorf("no key: %s of %d, want %s of %d", again, n, first, published)
	}
	other, n := kids(two)
	if other == first || n != published+1 {
		t.Errorf("another key: %s of %d keys, want another than %s, and one more than %d", other, n, first, published)
	}
	if again, _ := kids(one); again != other {
		t.Errorf("the first key, which was rotated away: %s signs, want %s", again, other)
	}
}

// TestPublicLater starts a farm again so that others can reach it: its keys are the same, and such as may be trusted.
func TestPublicLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var before string
	for _, public := range []string{"", "https://farm.contoso.com"} {
		opts := farm.Options{State: dir, PublicURL: public}
		opts.Addr = map[plane.Plane]string{plane.Issuer: free, plane.Workload: "", plane.Entra: free, plane.Control: free}
		s, err := farm.Start(opts)
		if err != nil {
			t.Fatal(err)
		}
		_, jwks := get(t, canonical(s, control.DefaultWorld), githubURL+"/.well-known/jwks", "")
		if before != "" && jwks != before {
			t.Errorf("the JWKS is\n%s\nwant\n%s", jwks, before)
		}
		before = jwks
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := state.Open(dir, state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	keys := 0
	for _, record := range kept.Records("worlds/default/keys/") {
		if bytes.Contains(record.Value, []byte(`"primes"`)) {
			t.Errorf("%s is a test key", record.Key)
		}
		if bytes.Contains(record.Value, []byte(`"pkcs8"`)) {
			keys++
		}
	}
	if keys == 0 {
		t.Error("no key was kept")
	}
}
