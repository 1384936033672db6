package entra_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra"
)

func TestCredentialRules(t *testing.T) {
	t.Parallel()
	good := entra.Credential{Name: "main-branch", Issuer: "https://issuer.example", Subject: "s", Audiences: []string{exchangeAudience}}
	change := func(f func(*entra.Credential)) entra.Credential {
		c := good
		f(&c)
		return c
	}
	long := strings.Repeat("ü", 600)
	flexible := func(matching string, created time.Time) entra.Credential {
		return change(func(c *entra.Credential) {
			c.Issuer, c.Subject, c.Matching, c.Created = "https://token.actions.githubusercontent.com", "", matching, created
		})
	}
	for _, tt := range []struct {
		name string
		c    entra.Credential
		want string // "": accepted
	}{
		{"good", good, ""},
		{"longest", change(func(c *entra.Credential) {
			c.Name, c.Issuer, c.Subject, c.Description = strings.Repeat("n", 120), long, long, long
		}), ""},
		{"short name", change(func(c *entra.Credential) { c.Name = "ab" }), "the name must have 3 to 120"},
		{"long name", change(func(c *entra.Credential) { c.Name = strings.Repeat("n", 121) }), "the name must have 3 to 120"},
		{"name with a space", change(func(c *entra.Credential) { c.Name = "main branch" }), "the name must have 3 to 120"},
		{"name begins with a dash", change(func(c *entra.Credential) { c.Name = "-main" }), "the first a letter or a digit"},
		{"no issuer", change(func(c *entra.Credential) { c.Issuer = "" }), "no issuer"},
		{"no subject", change(func(c *entra.Credential) { c.Subject = "" }), "no subject"},
		{"no audience", change(func(c *entra.Credential) { c.Audiences = nil }), "exactly one audience, this one has 0"},
		{"two audiences", change(func(c *entra.Credential) { c.Audiences = []string{"a", "b"} }), "exactly one audience, this one has 2"},
		{"empty audience", change(func(c *entra.Credential) { c.Audiences = []string{""} }), "the audience is empty"},
		{"long subject", change(func(c *entra.Credential) { c.Subject = long + "x" }), "the subject has 601 characters, the limit is 600"},
		{"expression", change(func(c *entra.Credential) { c.Matching = "claims['sub'] eq 'x'" }), "a subject and a matching expression: give one of them"},
		{"flexible", flexible("claims['sub'] matches 'repo:contoso/*' and claims['repository_id'] eq '74'", time.Time{}), ""},
		{"flexible without an id", flexible("claims['sub'] matches 'repo:contoso/*'", time.Time{}), "need a clause with repository_id or repository_owner_id, since 2026-07-15"},
		{"old flexible without an id", flexible("claims['sub'] matches 'repo:contoso/*'", start), ""},
		{"broken expression", flexible("claims['sub'] matches", time.Time{}), `position 14: expected " eq "`},
		{"bad id", change(func(c *entra.Credential) { c.ID = "1" }), `"1" is not a usable GUID`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := entra.NewDirectory()
			tenant, err := d.AddTenant(entra.Tenant{DisplayName: "Contoso", Applications: []entra.Application{{Name: "deployer"}}})
			if err != nil {
				t.Fatal(err)
			}
			added, err := d.AddCredential(tenant.ID, tenant.Applications[0].ObjectID, tt.c)
			if tt.want == "" {
				if err != nil || added.ID == "" {
					t.Errorf("credential %+v, error %v", added, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), `entra: application "deployer": credential "`) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// TestNoFlexibleCredentials: a cloud without flexible credentials takes none from anybody, so that none can match.
func TestNoFlexibleCredentials(t *testing.T) {
	t.Parallel()
	flexible := entra.Credential{
		Name: "flexible", Issuer: "https://gitlab.com", Matching: "claims['sub'] matches 'project_path:contoso/*' and claims['project_id'] eq '20'",
		Audiences: []string{exchangeAudience}, Created: start,
	}
	with := func(cloud string) entra.Tenant {
		return entra.Tenant{
			DisplayName: "Contoso", Cloud: cloud, Applications: []entra.Application{{Name: "deployer", Credentials: []entra.Credential{flexible}}},
			Subscriptions:     []entra.Subscription{{DisplayName: "Production", ResourceGroups: []entra.ResourceGroup{{Name: "app"}}}},
			ManagedIdentities: []entra.ManagedIdentity{{Name: "worker", Credentials: []entra.Credential{flexible}}},
		}
	}
	refused := func(step string, err error, owners ...string) {
		t.Helper()
		for _, owner := range owners {
			want := owner + `: credential "flexible": matching via expression is not currently supported for this cloud (usgov)`
			if !errors.Is(err, entra.ErrNoExpressions) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", step, err, want)
			}
		}
	}
	const application, identity = `application "deployer"`, `managed identity "worker"`
	for _, cloud := range []string{"public", "china"} {
		d := entra.NewDirectory()
		if _, err := d.AddTenant(with(cloud)); err != nil {
			t.Errorf("%s: %v", cloud, err)
		}
		_, err := d.Change(d.Tenants()[0].ID, func(t *entra.Tenant) error {
			t.Cloud = "usgov"
			return nil
		})
		refused("moved from "+cloud, err, application, identity)
	}
	d := entra.NewDirectory()
	_, err := d.AddTenant(with("usgov"))
	refused("tenant", err, application, identity)
	tenant := with("usgov")
	tenant.Applications[0].Credentials, tenant.ManagedIdentities[0].Credentials = nil, nil
	if tenant, err = d.AddTenant(tenant); err != nil {
		t.Fatal(err)
	}
	_, err = d.AddCredential(tenant.ID, tenant.Applications[0].ClientID, flexible)
	refused("credential", err, application)
	_, err = d.AddCredential(tenant.ID, tenant.ManagedIdentities[0].ClientID, flexible)
	refused("identity's credential", err, identity)
	classic := entra.Credential{Name: "flexible", Issuer: flexible.Issuer, Subject: "s", Audiences: flexible.Audiences}
	if _, err = d.AddCredential(tenant.ID, tenant.Applications[0].ClientID, classic); err != nil {
		t.Fatal(err)
	}
	_, err = d.UpdateCredential(tenant.ID, tenant.Applications[0].ClientID, "flexible", entra.Credential{Matching: flexible.Matching})
	refused("update", err, application)
}

func TestCredentialsOfAnApplication(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	add := func(name, subject string) error {
		_, err := r.dir.AddCredential(r.tenant.ID, r.app.ClientID, entra.Credential{Name: name, Issuer: r.issuer.url, Subject: subject, Audiences: []string{exchangeAudience}})
		return err
	}
	if err := add("main-branch", "x"); err == nil || !strings.Contains(err.Error(), "the name is taken") {
		t.Errorf("same name: %v", err)
	}
	if err := add("other", mainSubject); err == nil || !strings.Contains(err.Error(), "must be unique for the application") {
		t.Errorf("same issuer and subject: %v", err)
	}
	for i := range 19 {
		if err := add(fmt.Sprint("credential", i), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := add("too-many", "too-many"); err == nil || !strings.Contains(err.Error(), "already has 20") {
		t.Errorf("the 21st: %v", err)
	}
	if code := r.exchange(map[string]any{"sub": "18"}).code(); code != 0 {
		t.Errorf("the twentieth credential: code %d", code)
	}
	if err := r.dir.RemoveCredential(r.tenant.ID, r.app.ClientID, "main-branch"); err != nil {
		t.Fatal(err)
	}
	if code := r.exchange(nil).code(); code != 700213 {
		t.Errorf("removed credential: code %d", code)
	}
	if err := r.dir.RemoveCredential(r.tenant.ID, r.app.ClientID, "main-branch"); !errors.Is(err, entra.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
}

func TestDirectoryRules(t *testing.T) {
	t.Parallel()
	const id = "11111111-2222-3333-4444-555555555555"
	for _, tt := range []struct {
		name    string
		tenants []entra.Tenant
		want    string
	}{
		{"no name", []entra.Tenant{{}}, "no display name"},
		{"bad id", []entra.Tenant{{DisplayName: "a", ID: "x"}}, `"x" is not a usable GUID`},
		{"zero id", []entra.Tenant{{ID: "00000000-0000-0000-0000-000000000000"}}, "not a usable GUID"},
		{"bad domain", []entra.Tenant{{DisplayName: "a", Domains: []string{"contoso"}}}, `"contoso" is not a domain name`},
		{"bad cloud", []entra.Tenant{{DisplayName: "a", Cloud: "mars"}}, `no cloud "mars" (have public, usgov, china)`},
		{"same domain", []entra.Tenant{{DisplayName: "a", Domains: []string{"a.com"}}, {DisplayName: "b", Domains: []string{"A.com"}}}, `already has a tenant "a.com"`},
		{"domain twice", []entra.Tenant{{DisplayName: "a", Domains: []string{"a.com", "A.COM"}}}, "twice"},
		{"nameless application", []entra.Tenant{{DisplayName: "a", Applications: []entra.Application{{}}}}, "application without a name"},
		{"same name", []entra.Tenant{{DisplayName: "a", Applications: []entra.Application{{Name: "x"}, {Name: "x"}}}}, "or both have one name and no ids"},
		{"same client id", []entra.Tenant{{DisplayName: "a", Applications: []entra.Application{{Name: "x", ClientID: id}, {Name: "y", ClientID: id}}}}, "same client id"},
		{"same identifier", []entra.Tenant{{DisplayName: "a", Applications: []entra.Application{{Name: "x", IdentifierURIs: []string{"api://x"}}, {Name: "y", IdentifierURIs: []string{"api://x"}}}}}, `has the identifier URI "api://x"`},
		{"Microsoft's identifier", []entra.Tenant{{DisplayName: "a", Applications: []entra.Application{{Name: "x", IdentifierURIs: []string{"https://graph.microsoft.com"}}}}}, "belongs to Microsoft Graph"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := entra.NewDirectory()
			var err error
			for _, tenant := range tt.tenants {
				if _, err = d.AddTenant(tenant); err != nil {
					break
				}
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "entra: ") {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestIDsAreStable(t *testing.T) {
	t.Parallel()
	build := func() entra.Tenant {
		tenant, err := entra.NewDirectory().AddTenant(entra.Tenant{DisplayName: "Contoso", Applications: []entra.Application{{Name: "deployer"}}})
		if err != nil {
			t.Fatal(err)
		}
		return tenant
	}
	one, two := build(), build()
	if diff := cmp.Diff(one, two); diff != "" {
		t.Errorf("(-one +two):\n%s", diff)
	}
	a := one.Applications[0]
	if a.ClientID == a.ObjectID || a.ObjectID == a.ServicePrincipalID || one.ID[14] != '5' {
		t.Errorf("tenant %+v", one)
	}
}

func TestLookups(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, err := r.dir.Tenant("nowhere.com"); !errors.Is(err, entra.ErrNotFound) {
		t.Errorf("tenant: %v", err)
	}
	if _, err := r.dir.Application(r.tenant.ID, "nobody"); !errors.Is(err, entra.ErrNotFound) {
		t.Errorf("application: %v", err)
	}
	for _, err := range []error{
		func() error { _, err := r.dir.AddApplication("x", entra.Application{}); return err }(),
		func() error { _, err := r.dir.AddCredential("x", "y", entra.Credential{}); return err }(),
		r.dir.RemoveCredential("x", "y", "z"),
	} {
		if !errors.Is(err, entra.ErrNotFound) {
			t.Errorf("unknown tenant: %v", err)
		}
	}
	got, err := r.dir.Tenant("Contoso.OnMicrosoft.com")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.dir.Tenants(), []entra.Tenant{got}); diff != "" {
		t.Errorf("Tenants (-want +got):\n%s", diff)
	}
	// What a caller does to the result stays with the caller.
	got.Applications[0].Credentials[0].Audiences[0] = "changed"
	again, err := r.dir.Application(r.tenant.ID, r.app.ClientID)
	if err != nil || again.Credentials[0].Audiences[0] != exchangeAudience {
		t.Errorf("application %+v, %v", again, err)
	}
	if _, err := entra.ExchangeAudience("mars"); err == nil {
		t.Error("an audience for mars")
	}
	if audience, err := entra.ExchangeAudience("china"); err != nil || audience != "api://AzureADTokenExchangeChina" {
		t.Errorf("china: %q %v", audience, err)
	}
}

func TestOptionsRules(t *testing.T) {
	t.Parallel()
	var d entra.Directory
	if d.Options() != entra.DefaultOptions() {
		t.Errorf("options of the zero directory: %+v", d.Options())
	}
	o := entra.DefaultOptions()
	o.ClockSkew = -1
	if err := d.SetOptions(o); err == nil || !strings.Contains(err.Error(), "clockSkew") {
		t.Errorf("negative skew: %v", err)
	}
	for want, change := range map[string]func(*entra.Options){
		"have audience-first, subject-first":                  func(o *entra.Options) { o.MatchOrder = "" },
		"fetchTimeout: 0s is not positive":                    func(o *entra.Options) { o.FetchTimeout = 0 },
		"maxDocumentBytes: 0 (have 1 to 16777216)":            func(o *entra.Options) { o.MaxDocumentBytes = 0 },
		"discoveryFailureCode: 7 (have [501661 90061 50166])": func(o *entra.Options) { o.DiscoveryFailureCode = 7 },
		"throttleAfter: -1 is negative":                       func(o *entra.Options) { o.ThrottleAfter = -1 },
	} {
		o := entra.DefaultOptions()
		change(&o)
		if err := d.SetOptions(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestDirectoryChangesWhileServing is for the race detector.
func TestDirectoryChangesWhileServing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	assertion := r.issuer.mint(r.claims(nil))
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 10 {
				name := fmt.Sprintf("c-%d-%d", i, j)
				if _, err := r.dir.AddCredential(r.tenant.ID, r.app.ClientID, entra.Credential{Name: name, Issuer: "https://x.example", Subject: name, Audiences: []string{"a"}}); err != nil {
					t.Error(err)
				}
				if err := r.dir.RemoveCredential(r.tenant.ID, r.app.ClientID, name); err != nil {
					t.Error(err)
				}
				r.dir.Tenants()
			}
		})
		all.Go(func() {
			for range 10 {
				if got := r.post(tokenURL, r.params(assertion, nil)); got.status != 200 {
					t.Error(got.raw)
				}
			}
		})
	}
	all.Wait()
}

func TestUpdateCredential(t *testing.T) {
	t.Parallel()
	d := entra.NewDirectory()
	tenant, err := d.AddTenant(entra.Tenant{DisplayName: "Contoso", Applications: []entra.Application{{Name: "app", Credentials: []entra.Credential{
		{Name: "one", Issuer: "https://issuer.test", Subject: "a", Audiences: []string{"x"}, Description: "kept"},
		{Name: "two", Issuer: "https://issuer.test", Subject: "b", Audiences: []string{"x"}},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	app := tenant.Applications[0]
	want := app.Credentials[0]
	want.Subject, want.Audiences = "c", []string{"y"}
	got, err := d.UpdateCredential(tenant.ID, app.ClientID, "one", entra.Credential{Subject: "c", Audiences: []string{"y"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	for name, tt := range map[string]struct {
		credential string
		with       entra.Credential
		says       string
	}{
		"the subject of another": {"one", entra.Credential{Subject: "b"}, "must be unique"},
		"another name":           {want.ID, entra.Credential{Name: "three"}, "cannot be changed"},
		"another id":             {"one", entra.Credential{ID: tenant.ID}, "cannot be changed"},
		"nobody":                 {"three", entra.Credential{Subject: "d"}, "not found"},
		"subject and expression": {"one", entra.Credential{Subject: "d", Matching: "claims['sub'] eq 'd'"}, "give one of them"},
	} {
		if _, err := d.UpdateCredential(tenant.ID, app.ClientID, tt.credential, tt.with); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: error %v, want one that says %q", name, err, tt.says)
		}
	}
	after, err := d.Application(tenant.ID, app.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, after.Credentials[0]); diff != "" {
		t.Errorf("after the refusals (-want +got):\n%s", diff)
	}
}

// TestUpdateAge: an expression about GitHub from before the rule keeps its privilege only while it stays what it was.
func TestUpdateAge(t *testing.T) {
	t.Parallel()
	d := entra.NewDirectory()
	old := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	const github, gitlab = "https://token.actions.githubusercontent.com", "https://gitlab.com"
	tenant, err := d.AddTenant(entra.Tenant{DisplayName: "Contoso", Applications: []entra.Application{{Name: "app", Credentials: []entra.Credential{
		{Name: "github", Issuer: github, Matching: "claims['sub'] matches 'repo:a/*'", Audiences: []string{"x"}, Created: old},
		{Name: "gitlab", Issuer: gitlab, Matching: "claims['sub'] matches 'repo:a/*'", Audiences: []string{"x"}, Created: old},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		credential string
		with       entra.Credential
		ok         bool
	}{
		{"github", entra.Credential{Description: "same"}, true},
		{"github", entra.Credential{Issuer: github, Matching: "claims['sub'] matches 'repo:a/*'"}, true},
		{"github", entra.Credential{Matching: "claims['sub'] matches 'repo:b/*'"}, false},
		{"gitlab", entra.Credential{Issuer: github}, false},
		{"gitlab", entra.Credential{Issuer: github, Created: old}, false},
		{"gitlab", entra.Credential{Issuer: github, Created: old.AddDate(0, 1, 0)}, true}, // whoever says so wants it
	} {
		if _, err := d.UpdateCredential(tenant.ID, tenant.Applications[0].ClientID, tt.credential, tt.with); (err == nil) != tt.ok {
			t.Errorf("%s: %+v: error %v", tt.credential, tt.with, err)
		}
	}
}

// TestBrokenRule says where in a tenant the first broken rule is.
func TestBrokenRule(t *testing.T) {
	t.Parallel()
	_, err := entra.NewDirectory().AddTenant(entra.Tenant{DisplayName: "Contoso", Applications: []entra.Application{
		{Name: "a"}, {Name: "b", Credentials: []entra.Credential{{Name: "one", Issuer: "https://issuer.test", Audiences: []string{"x"}}, {}}},
	}})
	path, first := entra.BrokenRule(err)
	if path != "applications[1].credentials[0]" || !strings.Contains(first.Error(), "no subject") {
		t.Errorf("path %q, error %v", path, first)
	}
	if path, first := entra.BrokenRule(entra.ErrNotFound); path != "" || first != entra.ErrNotFound {
		t.Errorf("of another error: path %q, error %v", path, first)
	}
}
