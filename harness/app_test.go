package harness_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness"
)

func TestFindApp(t *testing.T) {
	t.Parallel()
	farm := harness.New(t, harness.WithTenants(harness.Tenant{DisplayName: "Contoso", Applications: []harness.Application{{Name: "api"}, {Name: "web"}}}))
	api := farm.MustFindApp("api")
	if byID := farm.MustFindApp(strings.ToUpper(api.ClientID)); *byID != *api {
		t.Errorf("by its client id it is %v, want %v", byID, api)
	}
	if made := farm.MustAddApp("deployer"); *farm.MustFindApp("deployer") != *made {
		t.Error("another application than the one that was added")
	}
	if app, err := farm.AddApp("api"); err == nil || !strings.Contains(err.Error(), `application "api" of tenant "Contoso": there already`) {
		t.Errorf("AddApp of one that is there: %v and error %v", app, err)
	}
	for name, want := range map[string]string{
		"apo": `no application "apo" (have api, web, deployer)`,
		"":    `no application ""`,
	} {
		if app, err := farm.FindApp(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v and error %v, want %q", name, app, err, want)
		}
	}
	if _, err := harness.New(t).FindApp("api"); err == nil || !strings.Contains(err.Error(), "have none") {
		t.Errorf("in an empty tenant: error %v", err)
	}
}

// TestCredentials changes what an application trusts while it signs in.
func TestCredentials(t *testing.T) {
	t.Parallel()
	farm, issuer, _ := setUp(t)
	app := farm.MustAddApp("web")
	token := issuer.MustMint(harness.MintSpec{Audience: []string{audience}}).Token
	signIn := func(want int) {
		t.Helper()
		_, err := app.Exchange(token)
		if want == 0 && err != nil {
			t.Fatal(err)
		}
		if want != 0 {
			refusedWith(t, want, err)
		}
	}
	credentials := func() string {
		var all []string
		for _, a := range farm.Tenants()[0].Applications {
			for _, c := range a.Credentials {
				if a.ClientID == app.ClientID {
					all = append(all, fmt.Sprintf("%s %s %s", c.Name, c.Subject, c.Audiences))
				}
			}
		}
		return strings.Join(all, "; ")
	}
	signIn(70025)
	added, err := app.AddCredential(harness.Credential{Name: "production", Issuer: issuer.URL, Subject: subject})
	if err != nil || added.ID == "" {
		t.Fatalf("added %v, error %v", added, err)
	}
	signIn(0)
	updated, err := app.UpdateCredential("production", harness.Credential{Subject: "somebody"})
	if err != nil || updated.ID != added.ID || updated.Issuer != issuer.URL {
		t.Fatalf("updated %v, error %v", updated, err)
	}
	if got, want := credentials(), "production somebody ["+audience+"]"; got != want {
		t.Errorf("credentials %q, want %q", got, want)
	}
	signIn(700213)
	if err := app.RemoveCredential("production"); err != nil {
		t.Fatal(err)
	}
	if got := credentials(); got != "" {
		t.Errorf("credentials %q after the only one was removed", got)
	}
	if err := app.RemoveCredential("production"); err == nil || !strings.HasPrefix(err.Error(), "harness: ") {
		t.Errorf("removed twice: error %v", err)
	}
	farm.Tenants()[0].Applications[0].Name = "changed"
	if farm.Tenants()[0].Applications[0].Name == "changed" {
		t.Error("the directory is the caller's to change")
	}
}
