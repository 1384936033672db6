package directory_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// shelf keeps what a directory tells it.
type shelf struct {
	parts map[string][]byte
	calls int
	err   error
}

func (s *shelf) keep(all bool, parts []directory.Part) error {
	s.calls++
	if s.err != nil {
		return s.err
	}
	if all || s.parts == nil {
		s.parts = map[string][]byte{}
	}
	for _, part := range parts {
		s.parts[part.Name] = part.Data
	}
	return nil
}

// restored is the directory of what was kept.
func (s *shelf) restored(t *testing.T) *directory.Directory {
	t.Helper()
	var parts []directory.Part
	for _, name := range slices.Sorted(maps.Keys(s.parts)) {
		parts = append(parts, directory.Part{Name: name, Data: s.parts[name]})
	}
	d, err := directory.Restore(parts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func credential(name, subject string) directory.Credential {
	return directory.Credential{Name: name, Issuer: "https://token.example", Subject: subject, Audiences: []string{"api://AzureADTokenExchange"}}
}

// TestEveryChangeIsKept makes changes of every kind and, after each, compares the directory with the one of what was
// kept: as it is, and as the sign-in service sees it at once and later.
func TestEveryChangeIsKept(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	kept := &shelf{}
	d := directory.New()
	d.Now, d.Keep = func() time.Time { return now }, kept.keep
	var tenant directory.Tenant
	var app directory.Application
	options := directory.DefaultOptions()
	options.PropagationDelay, options.StaleEdits = 2*time.Minute, time.Hour
	change := func(do func(*directory.Tenant)) error {
		_, err := d.Change("contoso.com", func(t *directory.Tenant) error { do(t); return nil })
		return err
	}
	other := directory.New()
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"options", func() error { return d.SetOptions(options) }},
		{"a tenant", func() (err error) {
			tenant, err = d.AddTenant(directory.Tenant{
				DisplayName: "Contoso", Domains: []string{"contoso.com"}, B2CPolicies: []string{"signup"},
				Subscriptions:     []directory.Subscription{{DisplayName: "one", ResourceGroups: []directory.ResourceGroup{{Name: "app", Tags: map[string]string{"a": "b"}}}}},
				ManagedIdentities: []directory.ManagedIdentity{{Name: "identity", Credentials: []directory.Credential{credential("main", "one")}}},
				Policies:          directory.Policies{ConditionalAccess: []directory.ConditionalAccess{{Name: "block", ExcludeLocations: []string{"10.0.0.0/8"}}}},
			})
			return err
		}},
		{"an application", func() (err error) {
			app, err = d.AddApplication(tenant.ID, directory.Application{
				Name: "deployer", Created: now, Credentials: []directory.Credential{credential("main", "one")}, IdentifierURIs: []string{"api://deployer"},
				Properties: map[string]any{"notes": "x", "tags": []any{"a", 1.5, true, nil}, "web": map[string]any{"count": float64(7)}},
				AppRoles:   []directory.AppRole{{Value: "read", MemberTypes: []string{"Application"}}},
			})
			return err
		}},
		{"a credential", func() error {
			_, err := d.AddCredential(tenant.ID, app.ClientID, credential("second", "two"))
			return err
		}},
		{"an edit", func() error {
			_, err := d.UpdateCredential(tenant.ID, app.ClientID, "main", directory.Credential{Subject: "changed"})
			return err
		}},
		{"an edit of an identity's", func() error {
			return change(func(t *directory.Tenant) { t.ManagedIdentities[0].Credentials[0].Subject = "changed" })
		}},
		{"another tenant", func() error {
			_, err := d.AddTenant(directory.Tenant{DisplayName: "Fabrikam", Cloud: "usgov"})
			return err
		}},
		{"a credential's end", func() error { return d.RemoveCredential(tenant.ID, app.ClientID, "second") }},
		{"an application's end", func() error { return change(func(t *directory.Tenant) { t.Applications = nil }) }},
		{"another directory", func() error {
			if _, err := other.AddTenant(directory.Tenant{DisplayName: "Contoso", ID: tenant.ID, Domains: []string{"contoso.org"}}); err != nil {
				return err
			}
			if err := other.SetOptions(options); err != nil {
				return err
			}
			return d.Replace(other)
		}},
	} {
		calls := kept.calls
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if kept.calls == calls {
			t.Errorf("%s: not kept", step.name)
		}
		if step.name == "options" {
			continue // there is no tenant yet
		}
		again := kept.restored(t)
		if diff := cmp.Diff(d.File(), again.File()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
		for _, at := range []time.Duration{0, time.Minute, 3 * time.Minute, 2 * time.Hour} {
			was, is := d.View(tenant.ID, now.Add(at)), again.View(tenant.ID, now.Add(at))
			clients := []string{app.ClientID, "none"}
			if len(tenant.ManagedIdentities) > 0 {
				clients = append(clients, tenant.ManagedIdentities[0].ClientID)
			}
			for _, id := range clients {
				if diff := cmp.Diff(was.Client(id), is.Client(id)); diff != "" {
					t.Errorf("%s: the client %s after %s (-want +got):\n%s", step.name, id, at, diff)
				}
			}
			if diff := cmp.Diff(was.Resource("api://deployer"), is.Resource("api://deployer")); diff != "" {
				t.Errorf("%s: the resource after %s (-want +got):\n%s", step.name, at, diff)
			}
		}
		parts, err := d.Parts()
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		for _, part := range parts {
			all[part.Name] = string(part.Data)
		}
		for name, data := range kept.parts {
			if all[name] != string(data) {
				t.Errorf("%s: %s was kept as %s, and is %s", step.name, name, data, all[name])
			}
		}
		now = now.Add(30 * time.Second)
	}
}

// TestChangeThatCantBeKept has Keep fail: each kind of change fails with its error, and nothing changes.
func TestChangeThatCantBeKept(t *testing.T) {
	t.Parallel()
	kept := &shelf{}
	d := directory.New()
	d.Keep = kept.keep
	tenant, err := d.AddTenant(directory.Tenant{DisplayName: "Contoso"})
	if err != nil {
		t.Fatal(err)
	}
	before := d.File()
	kept.err = errors.New("the disk is full")
	for name, do := range map[string]func() error{
		"options":        func() error { return d.SetOptions(directory.Options{}) },
		"valid options":  func() error { return d.SetOptions(directory.DefaultOptions()) },
		"a tenant":       func() error { _, err := d.AddTenant(directory.Tenant{DisplayName: "Fabrikam"}); return err },
		"an application": func() error { _, err := d.AddApplication(tenant.ID, directory.Application{Name: "x"}); return err },
		"a replacement":  func() error { return d.Replace(directory.New()) },
	} {
		err := do()
		if name == "options" { // which break a rule: that comes first
			if err == nil || errors.Is(err, directory.ErrNotKept) {
				t.Errorf("%s: the error is %v", name, err)
			}
			continue
		}
		if !errors.Is(err, directory.ErrNotKept) || !errors.Is(err, kept.err) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	if diff := cmp.Diff(before, d.File()); diff != "" {
		t.Errorf("the directory has changed (-want +got):\n%s", diff)
	}
}

// TestRestoreRefuses restores what no directory has kept.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	for _, parts := range [][]directory.Part{
		{{Name: "options", Data: []byte("{")}},
		{{Name: "tenants/000000", Data: []byte("[]")}},
		{{Name: "tenants/000000", Data: []byte(`{"tenant":{"id":"x","cloud":"moon"}}`)}},
		{{Name: "tenants/000000", Data: []byte(`{"tenant":{"id":"x"}}`)}, {Name: "tenants/000001", Data: []byte(`{"tenant":{"id":"X"}}`)}},
	} {
		if _, err := directory.Restore(parts); err == nil {
			t.Errorf("%s was restored", parts[0].Data)
		}
	}
}
