package directory_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

const exchangeAudience = "api://AzureADTokenExchange"

// start is when the tests take place.
var start = time.Date(2026, 2, 7, 20, 1, 18, 0, time.UTC)

func TestCredentialRules(t *testing.T) {
	t.Parallel()
	good := directory.Credential{Name: "main-branch", Issuer: "https://issuer.example", Subject: "s", Audiences: []string{exchangeAudience}}
	change := func(f func(*directory.Credential)) directory.Credential {
		c := good
		f(&c)
		return c
	}
	long := strings.Repeat("ü", 600)
	flexible := func(matching string, created time.Time) directory.Credential {
		return change(func(c *directory.Credential) {
			c.Issuer, c.Subject, c.Matching, c.Created = "https://token.actions.githubusercontent.com", "", matching, created
		})
	}
	for _, tt := range []struct {
		name string
		c    directory.Credential
		want string // "": accepted
	}{
		{"good", good, ""},
		{"longest", change(func(c *directory.Credential) {
			c.Name, c.Issuer, c.Subject, c.Description = strings.Repeat("n", 120), long, long, long
		}), ""},
		{"short name", change(func(c *directory.Credential) { c.Name = "ab" }), "the name must have 3 to 120"},
		{"long name", change(func(c *directory.Credential) { c.Name = strings.Repeat("n", 121) }), "the name must have 3 to 120"},
		{"name with a space", change(func(c *directory.Credential) { c.Name = "main branch" }), "the name must have 3 to 120"},
		{"name begins with a dash", change(func(c *directory.Credential) { c.Name = "-main" }), "the first a letter or a digit"},
		{"no issuer", change(func(c *directory.Credential) { c.Issuer = "" }), "no issuer"},
		{"no subject", change(func(c *directory.Credential) { c.Subject = "" }), "no subject"},
		{"no audience", change(func(c *directory.Credential) { c.Audiences = nil }), "exactly one audience, this one has 0"},
		{"two audiences", change(func(c *directory.Credential) { c.Audiences = []string{"a", "b"} }), "exactly one audience, this one has 2"},
		{"empty audience", change(func(c *directory.Credential) { c.Audiences = []string{""} }), "the audience is empty"},
		{"long subject", change(func(c *directory.Credential) { c.Subject = long + "x" }), "the subject has 601 characters, the limit is 600"},
		{"expression", change(func(c *directory.Credential) { c.Matching = "claims['sub'] eq 'x'" }), "a subject and a matching expression: give one of them"},
		{"flexible", flexible("claims['sub'] matches 'repo:contoso/*' and claims['repository_id'] eq '74'", time.Time{}), ""},
		{"flexible without an id", flexible("claims['sub'] matches 'repo:contoso/*'", time.Time{}), "need a clause with repository_id or repository_owner_id, since 2026-07-15"},
		{"old flexible without an id", flexible("claims['sub'] matches 'repo:contoso/*'", start), ""},
		{"broken expression", flexible("claims['sub'] matches", time.Time{}), `position 14: expected " eq "`},
		{"bad id", change(func(c *directory.Credential) { c.ID = "1" }), `"1" is not a usable GUID`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := directory.New()
			tenant, err := d.AddTenant(directory.Tenant{DisplayName: "Contoso", Applications: []directory.Application{{Name: "deployer"}}})
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
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), `directory: application "deployer": credential "`) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// TestNoFlexibleCredentials: a cloud without flexible credentials takes none from anybody, so that none can match.
func TestNoFlexibleCredentials(t *testing.T) {
	t.Parallel()
	flexible := directory.Credential{
		Name: "flexible", Issuer: "https://gitlab.com", Matching: "claims['sub'] matches 'project_path:contoso/*' and claims['project_id'] eq '20'",
		Audiences: []string{exchangeAudience}, Created: start,
	}
	with := func(cloud string) directory.Tenant {
		return directory.Tenant{
			DisplayName: "Contoso", Cloud: cloud, Applications: []directory.Application{{Name: "deployer", Credentials: []directory.Credential{flexible}}},
			Subscriptions:     []directory.Subscription{{DisplayName: "Production", ResourceGroups: []directory.ResourceGroup{{Name: "app"}}}},
			ManagedIdentities: []directory.ManagedIdentity{{Name: "worker", Credentials: []directory.Credential{flexible}}},
		}
	}
	refused := func(step string, err error, owners ...string) {
		t.Helper()
		for _, owner := range owners {
			want := owner + `: credential "flexible": matching via expression is not currently supported for this cloud (usgov)`
			if !errors.Is(err, directory.ErrNoExpressions) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", step, err, want)
			}
		}
	}
	const application, identity = `application "deployer"`, `managed identity "worker"`
	for _, cloud := range []string{"public", "china"} {
		d := directory.New()
		if _, err := d.AddTenant(with(cloud)); err != nil {
			t.Errorf("%s: %v", cloud, err)
		}
		_, err := d.Change(d.Tenants()[0].ID, func(t *directory.Tenant) error {
			t.Cloud = "usgov"
			return nil
		})
		refused("moved from "+cloud, err, application, identity)
	}
	d := directory.New()
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
	classic := directory.Credential{Name: "flexible", Issuer: flexible.Issuer, Subject: "s", Audiences: flexible.Audiences}
	if _, err = d.AddCredential(tenant.ID, tenant.Applications[0].ClientID, classic); err != nil {
		t.Fatal(err)
	}
	_, err = d.UpdateCredential(tenant.ID, tenant.Applications[0].ClientID, "flexible", directory.Credential{Matching: flexible.Matching})
	refused("update", err, application)
}

func TestDirectoryRules(t *testing.T) {
	t.Parallel()
	const id = "11111111-2222-3333-4444-555555555555"
	for _, tt := range []struct {
		name    string
		tenants []directory.Tenant
		want    string
	}{
		{"no name", []directory.Tenant{{}}, "no display name"},
		{"bad id", []directory.Tenant{{DisplayName: "a", ID: "x"}}, `"x" is not a usable GUID`},
		{"zero id", []directory.Tenant{{ID: "00000000-0000-0000-0000-000000000000"}}, "not a usable GUID"},
		{"bad domain", []directory.Tenant{{DisplayName: "a", Domains: []string{"contoso"}}}, `"contoso" is not a domain name`},
		{"bad cloud", []directory.Tenant{{DisplayName: "a", Cloud: "mars"}}, `no cloud "mars" (have public, usgov, china)`},
		{"same domain", []directory.Tenant{{DisplayName: "a", Domains: []string{"a.com"}}, {DisplayName: "b", Domains: []string{"A.com"}}}, `already has a tenant "a.com"`},
		{"domain twice", []directory.Tenant{{DisplayName: "a", Domains: []string{"a.com", "A.COM"}}}, "twice"},
		{"nameless application", []directory.Tenant{{DisplayName: "a", Applications: []directory.Application{{}}}}, "application without a name"},
		{"same name", []directory.Tenant{{DisplayName: "a", Applications: []directory.Application{{Name: "x"}, {Name: "x"}}}}, "or both have one name and no ids"},
		{"same client id", []directory.Tenant{{DisplayName: "a", Applications: []directory.Application{{Name: "x", ClientID: id}, {Name: "y", ClientID: id}}}}, "same client id"},
		{"same identifier", []directory.Tenant{{DisplayName: "a", Applications: []directory.Application{{Name: "x", IdentifierURIs: []string{"api://x"}}, {Name: "y", IdentifierURIs: []string{"api://x"}}}}}, `has the identifier URI "api://x"`},
		{"Microsoft's identifier", []directory.Tenant{{DisplayName: "a", Applications: []directory.Application{{Name: "x", IdentifierURIs: []string{"https://graph.microsoft.com"}}}}}, "belongs to Microsoft Graph"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := directory.New()
			var err error
			for _, tenant := range tt.tenants {
				if _, err = d.AddTenant(tenant); err != nil {
					break
				}
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "directory: ") {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestIDsAreStable(t *testing.T) {
	t.Parallel()
	build := func() directory.Tenant {
		tenant, err := directory.New().AddTenant(directory.Tenant{DisplayName: "Contoso", Applications: []directory.Application{{Name: "deployer"}}})
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
	d := directory.New()
	tenant, err := d.AddTenant(directory.Tenant{DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"}, Applications: []directory.Application{{
		Name:        "deployer",
		Credentials: []directory.Credential{{Name: "main-branch", Issuer: "https://issuer.example", Subject: "s", Audiences: []string{exchangeAudience}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Tenant("nowhere.com"); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("tenant: %v", err)
	}
	if _, err := d.Application(tenant.ID, "nobody"); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("application: %v", err)
	}
	for _, err := range []error{
		func() error { _, err := d.AddApplication("x", directory.Application{}); return err }(),
		func() error { _, err := d.AddCredential("x", "y", directory.Credential{}); return err }(),
		d.RemoveCredential("x", "y", "z"),
	} {
		if !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("unknown tenant: %v", err)
		}
	}
	got, err := d.Tenant("Contoso.OnMicrosoft.com")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d.Tenants(), []directory.Tenant{got}); diff != "" {
		t.Errorf("Tenants (-want +got):\n%s", diff)
	}
	// What a caller does to the result stays with the caller.
	got.Applications[0].Credentials[0].Audiences[0] = "changed"
	again, err := d.Application(tenant.ID, tenant.Applications[0].ClientID)
	if err != nil || again.Credentials[0].Audiences[0] != exchangeAudience {
		t.Errorf("application %+v, %v", again, err)
	}
	if _, err := directory.ExchangeAudience("mars"); err == nil {
		t.Error("an audience for mars")
	}
	if audience, err := directory.ExchangeAudience("china"); err != nil || audience != "api://AzureADTokenExchangeChina" {
		t.Errorf("china: %q %v", audience, err)
	}
}

func TestOptionsRules(t *testing.T) {
	t.Parallel()
	var d directory.Directory
	if d.Options() != directory.DefaultOptions() {
		t.Errorf("options of the zero directory: %+v", d.Options())
	}
	o := directory.DefaultOptions()
	o.ClockSkew = -1
	if err := d.SetOptions(o); err == nil || !strings.Contains(err.Error(), "clockSkew") {
		t.Errorf("negative skew: %v", err)
	}
	for want, change := range map[string]func(*directory.Options){
		"have audience-first, subject-first":                  func(o *directory.Options) { o.MatchOrder = "" },
		"fetchTimeout: 0s is not positive":                    func(o *directory.Options) { o.FetchTimeout = 0 },
		"maxDocumentBytes: 0 (have 1 to 16777216)":            func(o *directory.Options) { o.MaxDocumentBytes = 0 },
		"discoveryFailureCode: 7 (have [501661 90061 50166])": func(o *directory.Options) { o.DiscoveryFailureCode = 7 },
		"throttleAfter: -1 is negative":                       func(o *directory.Options) { o.ThrottleAfter = -1 },
	} {
		o := directory.DefaultOptions()
		change(&o)
		if err := d.SetOptions(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestUpdateCredential(t *testing.T) {
	t.Parallel()
	d := directory.New()
	tenant, err := d.AddTenant(directory.Tenant{DisplayName: "Contoso", Applications: []directory.Application{{Name: "app", Credentials: []directory.Credential{
		{Name: "one", Issuer: "https://issuer.test", Subject: "a", Audiences: []string{"x"}, Description: "kept"},
		{Name: "two", Issuer: "https://issuer.test", Subject: "b", Audiences: []string{"x"}},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	app := tenant.Applications[0]
	want := app.Credentials[0]
	want.Subject, want.Audiences = "c", []string{"y"}
	got, err := d.UpdateCredential(tenant.ID, app.ClientID, "one", directory.Credential{Subject: "c", Audiences: []string{"y"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	for name, tt := range map[string]struct {
		credential string
		with       directory.Credential
		says       string
	}{
		"the subject of another": {"one", directory.Credential{Subject: "b"}, "must be unique"},
		"another name":           {want.ID, directory.Credential{Name: "three"}, "cannot be changed"},
		"another id":             {"one", directory.Credential{ID: tenant.ID}, "cannot be changed"},
		"nobody":                 {"three", directory.Credential{Subject: "d"}, "not found"},
		"subject and expression": {"one", directory.Credential{Subject: "d", Matching: "claims['sub'] eq 'd'"}, "give one of them"},
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
	d := directory.New()
	old := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	const github, gitlab = "https://token.actions.githubusercontent.com", "https://gitlab.com"
	tenant, err := d.AddTenant(directory.Tenant{DisplayName: "Contoso", Applications: []directory.Application{{Name: "app", Credentials: []directory.Credential{
		{Name: "github", Issuer: github, Matching: "claims['sub'] matches 'repo:a/*'", Audiences: []string{"x"}, Created: old},
		{Name: "gitlab", Issuer: gitlab, Matching: "claims['sub'] matches 'repo:a/*'", Audiences: []string{"x"}, Created: old},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		credential string
		with       directory.Credential
		ok         bool
	}{
		{"github", directory.Credential{Description: "same"}, true},
		{"github", directory.Credential{Issuer: github, Matching: "claims['sub'] matches 'repo:a/*'"}, true},
		{"github", directory.Credential{Matching: "claims['sub'] matches 'repo:b/*'"}, false},
		{"gitlab", directory.Credential{Issuer: github}, false},
		{"gitlab", directory.Credential{Issuer: github, Created: old}, false},
		{"gitlab", directory.Credential{Issuer: github, Created: old.AddDate(0, 1, 0)}, true}, // whoever says so wants it
	} {
		if _, err := d.UpdateCredential(tenant.ID, tenant.Applications[0].ClientID, tt.credential, tt.with); (err == nil) != tt.ok {
			t.Errorf("%s: %+v: error %v", tt.credential, tt.with, err)
		}
	}
}

// TestBrokenRules says where in a tenant all the broken rules are.
func TestBrokenRules(t *testing.T) {
	t.Parallel()
	_, err := directory.New().AddTenant(directory.Tenant{DisplayName: "Contoso", Applications: []directory.Application{
		{Name: "a"}, {Name: "b", Credentials: []directory.Credential{{Name: "one", Issuer: "https://issuer.test", Audiences: []string{"x"}}, {}}},
	}})
	var got []string
	for _, rule := range directory.BrokenRules(err) {
		got = append(got, rule.Path+": "+rule.Err.Error())
	}
	const one, other = `application "b": credential "one": `, `application "b": credential "": `
	want := []string{
		"applications[1].credentials[0].subject: " + one + "no subject, and no matching expression",
		"applications[1].credentials[1].name: " + other + "the name must have 3 to 120 letters, digits, - and _, the first a letter or a digit",
		"applications[1].credentials[1].issuer: " + other + "no issuer",
		"applications[1].credentials[1].subject: " + other + "no subject, and no matching expression",
		"applications[1].credentials[1].audiences: " + other + "federated identity credentials must have exactly one audience, this one has 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if rules := directory.BrokenRules(directory.ErrNotFound); rules != nil {
		t.Errorf("of another error: %v", rules)
	}
}
