package farm_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
)

// TestDirectoryToBeginWith makes worlds with tenants and options of their own, and one without.
func TestDirectoryToBeginWith(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	options := directory.DefaultOptions()
	options.ClockSkew, options.MatchOrder = time.Second, directory.SubjectFirst
	spec := control.WorldSpec{Name: "given", Cloud: "usgov", Options: &options, Tenants: []directory.Tenant{
		{DisplayName: "Fabrikam", Applications: []directory.Application{{Name: "deployer"}}, Subscriptions: []directory.Subscription{{DisplayName: "s"}}},
		{DisplayName: "Tailspin", Cloud: "china"},
	}}
	w := newWorld(t, s, spec)
	got := w.Directory()
	if diff := cmp.Diff(options, got.Options); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	if len(got.Tenants) != 2 || got.Tenants[0].DisplayName != "Fabrikam" || got.Tenants[0].Cloud != "usgov" || got.Tenants[1].Cloud != "china" {
		t.Errorf("tenants %+v, want the two that were given, in the cloud of the world unless they say another", got.Tenants)
	}
	if w.Describe().Tenant != got.Tenants[0].ID {
		t.Errorf("the world's tenant is %q, want the first, %q", w.Describe().Tenant, got.Tenants[0].ID)
	}
	if app, err := w.AddApplication(control.ApplicationSpec{Name: "second"}); err != nil || app.Tenant != got.Tenants[0].ID {
		t.Errorf("an application in tenant %q (%v), want the first", app.Tenant, err)
	}

	again := newWorld(t, s, spec).Directory()
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("another world of the same specification (-first +second):\n%s", diff)
	}
	plain := newWorld(t, s, control.WorldSpec{Name: "plain"}).Directory()
	if diff := cmp.Diff(directory.DefaultOptions(), plain.Options); diff != "" || len(plain.Tenants) != 1 || plain.Tenants[0].DisplayName != "Contoso" {
		t.Errorf("without any: tenants %+v, options (-want +got):\n%s", plain.Tenants, diff)
	}
}
