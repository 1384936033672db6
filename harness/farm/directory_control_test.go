package farm_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
)

// refusedWith wants an error of the control API with a status, that says something.
func refusedWith(t *testing.T, what string, err error, status int, says string) {
	t.Helper()
	var refused *control.Error
	if !errors.As(err, &refused) || refused.Status != status || !strings.Contains(refused.Message, says) {
		t.Errorf("%s: error %v, want status %d and %q", what, err, status, says)
	}
}

// TestApplications changes applications and credentials by name and client id, in one world of two with the same ones.
func TestApplications(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	spec := control.WorldSpec{Tenants: []directory.Tenant{{
		DisplayName: "Contoso",
		Applications: []directory.Application{
			{Name: "api", AppRoles: []directory.AppRole{{Value: "Read"}}},
			{Name: "deployer", AppRoleAssignments: []directory.AppRoleAssignment{{Resource: "api", Role: "Read"}}},
		},
		Subscriptions:     []directory.Subscription{{DisplayName: "Production", ResourceGroups: []directory.ResourceGroup{{Name: "web", Location: "westeurope"}}}},
		ManagedIdentities: []directory.ManagedIdentity{{Name: "worker"}},
	}}}
	w, other := newWorld(t, s, spec), newWorld(t, s, spec)
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	c := directory.Credential{Name: "main", Issuer: githubURL, Subject: subject, Audiences: []string{exchangeAudience}}
	app, err := w.Application("deployer")
	if err != nil || app.Name != "deployer" || app.Tenant != w.Describe().Tenant || app.ClientID == "" {
		t.Fatalf("application %+v, error %v", app, err)
	}
	if again, err := w.Application(strings.ToUpper(app.ClientID)); err != nil || !cmp.Equal(app, again) {
		t.Errorf("by client id: %+v, error %v", again, err)
	}
	if _, err := w.AddCredential("deployer", c); err != nil {
		t.Fatal(err)
	}
	updated, err := w.UpdateCredential("deployer", "main", directory.Credential{Subject: "other"})
	if err != nil || updated.Subject != "other" || updated.Issuer != githubURL {
		t.Errorf("updated %+v, error %v", updated, err)
	}
	worker := w.Directory().Tenants[0].ManagedIdentities[0]
	for _, name := range []string{"worker", worker.ClientID} {
		if _, err := w.AddCredential(name, c); err != nil {
			t.Errorf("the managed identity %s: %v", name, err)
		}
		got, err := w.SignIn(t.Context(), control.SignInSpec{Application: name, Mint: minting()})
		if err != nil || got.Claims["appid"] != worker.ClientID || !got.SignIn.ManagedIdentity {
			t.Errorf("the managed identity %s: AADSTS%d, claims %v, error %v", name, got.Code, got.Claims, err)
		}
		if err := w.RemoveCredential(name, "main"); err != nil {
			t.Errorf("the managed identity %s: %v", name, err)
		}
	}
	if err := w.RemoveCredential(app.ClientID, "main"); err != nil {
		t.Error(err)
	}
	refusedWith(t, "a credential that has gone", w.RemoveCredential("deployer", "main"), http.StatusNotFound, "not found")
	_, err = w.AddCredential("deploier", c)
	refusedWith(t, "a name that is not there", err, http.StatusNotFound, "have api, deployer")
	_, err = w.AddCredential(unknownClient, c)
	refusedWith(t, "a client id that is not there", err, http.StatusNotFound, unknownClient)

	if err := w.RemoveApplication("api"); err != nil { // a role of which is assigned
		t.Fatal(err)
	}
	refusedWith(t, "twice", w.RemoveApplication("api"), http.StatusNotFound, "have deployer")
	if left := w.Directory().Tenants[0].Applications; len(left) != 1 || len(left[0].AppRoleAssignments) != 0 {
		t.Errorf("left %+v, want the other one without its role", left)
	}
	if theirs := other.Applications(); len(theirs) != 2 || len(theirs[1].Credentials) != 0 {
		t.Errorf("the other world has %+v, want both applications as they were", theirs)
	}
}

// TestRemoveApplicationAtOnce has callers remove the same application: one does.
func TestRemoveApplicationAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.WorldSpec{})
	addApp(t, w, githubURL, subject)
	removed := make(chan error, 8)
	var wg sync.WaitGroup
	for range cap(removed) {
		wg.Go(func() { removed <- w.RemoveApplication("deployer") })
	}
	wg.Wait()
	close(removed)
	n := 0
	for err := range removed {
		if err == nil {
			n++
			continue
		}
		refusedWith(t, "too late", err, http.StatusNotFound, "")
	}
	if n != 1 || len(w.Applications()) != 0 {
		t.Errorf("removed by %d, %d left", n, len(w.Applications()))
	}
}

// tenantFile is a directory file with one tenant and one application that trusts a subject.
func tenantFile(tenant, application string) []byte {
	return fmt.Appendf(nil, `tenants:
  - displayName: %s
    domains: [%s.onmicrosoft.com]
    applications:
      - displayName: %s
        credentials:
          - {name: only, issuer: %q, subject: %q, audiences: [%q]}
`, tenant, strings.ToLower(tenant), application, githubURL, subject, exchangeAudience)
}

// TestApplyDirectory puts another tenant in the place of the world's own.
func TestApplyDirectory(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w, app := signInWorld(t, s, control.WorldSpec{})
	other, _ := signInWorld(t, s, control.WorldSpec{})
	sign := func(w *farm.World, application string) int {
		t.Helper()
		got, err := w.SignIn(t.Context(), control.SignInSpec{Application: application, Mint: minting()})
		if err != nil {
			t.Fatal(err)
		}
		return got.Code
	}
	if got := sign(w, "deployer"); got != 0 {
		t.Fatalf("at first: AADSTS%d", got)
	}
	file, err := w.ApplyDirectory("fabrikam.yaml", tenantFile("Fabrikam", "builder"))
	if err != nil || len(file.Tenants) != 1 || file.Tenants[0].ID == "" {
		t.Fatalf("applied %+v, error %v", file, err)
	}
	if diff := cmp.Diff(file, w.Directory()); diff != "" {
		t.Errorf("the directory (-applied +is):\n%s", diff)
	}
	tenant := file.Tenants[0].ID
	if got := w.Describe().Tenant; got != tenant {
		t.Errorf("the world's tenant is %s, want %s", got, tenant)
	}
	if got := sign(w, "builder"); got != 0 {
		t.Errorf("the file's application: AADSTS%d", got)
	}
	if got := sign(w, app.ClientID); got != 700016 {
		t.Errorf("an application that has gone: AADSTS%d, want 700016", got)
	}
	if added, err := w.AddApplication(control.ApplicationSpec{Name: "later"}); err != nil || added.Tenant != tenant {
		t.Errorf("added to tenant %q, error %v, want %s", added.Tenant, err, tenant)
	}
	if other.Describe().Tenant != app.Tenant || sign(other, "deployer") != 0 {
		t.Error("the other world has changed")
	}

	before := w.Directory()
	for src, says := range map[string]string{
		"":                                "bad.yaml:",
		"tenants: []":                     "bad.yaml:1:",
		"tenants:\n  - displayNam: Wrong": `bad.yaml:2:5`,
		string(tenantFile("A", "b")) + string(tenantFile("C", "d")): "bad.yaml:",
	} {
		_, err := w.ApplyDirectory("bad.yaml", []byte(src))
		refusedWith(t, src, err, http.StatusBadRequest, says)
	}
	if diff := cmp.Diff(before, w.Directory()); diff != "" {
		t.Errorf("the directory after bad files (-want +got):\n%s", diff)
	}
	_, err = w.ApplyDirectory("", nil)
	refusedWith(t, "without a name", err, http.StatusBadRequest, "directory:")
}

// TestApplyDirectoryAtOnce has two callers apply files, while others read and change: the directory is one of the two.
func TestApplyDirectoryAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.WorldSpec{})
	var wg sync.WaitGroup
	for _, name := range []string{"Fabrikam", "Tailspin"} {
		wg.Go(func() {
			for range 20 {
				file, err := w.ApplyDirectory(name, tenantFile(name, name))
				if err != nil || file.Tenants[0].DisplayName != name {
					t.Errorf("%s: %+v, error %v", name, file, err)
				}
			}
		})
		wg.Go(func() {
			for n := range 20 {
				if tenants := w.Directory().Tenants; len(tenants) != 1 {
					t.Errorf("%d tenants, want one", len(tenants))
				}
				_ = w.Applications()
				_, err := w.AddApplication(control.ApplicationSpec{Name: fmt.Sprintf("%s %d", name, n)})
				if refused := (*control.Error)(nil); err != nil && !errors.As(err, &refused) && !strings.Contains(err.Error(), "already") {
					t.Errorf("add: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if name := w.Directory().Tenants[0].DisplayName; name != "Fabrikam" && name != "Tailspin" {
		t.Errorf("the tenant is %q", name)
	}
}

// TestWorkloadsListed lists the workloads of a world, without what is secret, and finds none of another's.
func TestWorkloadsListed(t *testing.T) {
	t.Parallel()
	s, w := workloadFarm(t)
	other := newWorld(t, s, control.WorldSpec{})
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	addIssuer(t, other, control.IssuerSpec{Platform: "github"})
	var started []control.Workload
	for range 3 {
		one, err := w.StartWorkload(control.WorkloadSpec{Issuer: "github", Env: map[string]string{"MINE": "1"}})
		if err != nil {
			t.Fatal(err)
		}
		started = append(started, one)
	}
	list := w.Workloads()
	if len(list) != 3 {
		t.Fatalf("%d workloads, want 3", len(list))
	}
	for n, one := range list {
		want := started[n]
		want.Env = nil
		if diff := cmp.Diff(want, one); diff != "" || one.Issuer != githubURL || one.Platform != "github" {
			t.Errorf("workload %d (-want +got):\n%s", n, diff)
		}
	}
	found, err := w.Workload(started[1].ID)
	if err != nil || !cmp.Equal(found, started[1]) || found.Env["MINE"] != "1" {
		t.Errorf("found %v, error %v", found, err)
	}
	found.Env["MINE"] = "changed"
	if again, err := w.Workload(started[1].ID); err != nil || again.Env["MINE"] != "1" {
		t.Error("a caller's change of the environment is seen by others")
	}
	_, err = other.Workload(started[1].ID)
	refusedWith(t, "another world's", err, http.StatusNotFound, "in this world")
	if err := w.EndWorkload(started[1].ID); err != nil {
		t.Fatal(err)
	}
	_, err = w.Workload(started[1].ID)
	refusedWith(t, "one that has ended", err, http.StatusNotFound, "ended")
	if left := w.Workloads(); len(left) != 2 || left[1].ID != started[2].ID || len(other.Workloads()) != 0 {
		t.Errorf("left %v", left)
	}
}
