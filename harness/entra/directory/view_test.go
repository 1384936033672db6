package directory_test

import (
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// TestViewOfNobody: of a tenant that is not there a view has the options, and nobody in it.
func TestViewOfNobody(t *testing.T) {
	t.Parallel()
	d := directory.New()
	o := directory.DefaultOptions()
	o.ThrottleAfter = 7
	if err := d.SetOptions(o); err != nil {
		t.Fatal(err)
	}
	v := d.View("nowhere.com", start)
	if v.Tenant != nil || v.Cloud != nil || v.Options != o {
		t.Errorf("view %+v", v)
	}
	if c, r := v.Client(directory.ZeroGUID), v.Resource("api://x"); c != nil || r != nil {
		t.Errorf("client %+v, resource %+v", c, r)
	}
}

// TestViewStays: a view shows what has spread by its time, also when the directory changes after it.
func TestViewStays(t *testing.T) {
	t.Parallel()
	now := start
	d := &directory.Directory{Now: func() time.Time { return now }}
	o := directory.DefaultOptions()
	o.PropagationDelay = time.Minute
	if err := d.SetOptions(o); err != nil {
		t.Fatal(err)
	}
	tenant, err := d.AddTenant(directory.Tenant{DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"}, Cloud: "china"})
	if err != nil {
		t.Fatal(err)
	}
	before := d.View("Contoso.OnMicrosoft.com", now)
	if before.Tenant == nil || before.Tenant.ID != tenant.ID || before.Cloud != directory.ChinaCloud {
		t.Fatalf("view %+v", before)
	}
	app, err := d.AddApplication(tenant.ID, directory.Application{Name: "orders", IdentifierURIs: []string{"api://orders"}})
	if err != nil {
		t.Fatal(err)
	}
	early, late := d.View(tenant.ID, now.Add(time.Minute-1)), d.View(tenant.ID, now.Add(time.Minute))
	for _, tt := range []struct {
		name       string
		view       *directory.View
		listed, is bool
	}{
		{"from before", &before, false, false}, {"before it has spread", &early, true, false}, {"when it has spread", &late, true, true},
	} {
		if got := len(tt.view.Tenant.Applications) == 1; got != tt.listed {
			t.Errorf("%s: the tenant has the application: %t, want %t", tt.name, got, tt.listed)
		}
		if client := tt.view.Client(app.ClientID); (client != nil) != tt.is {
			t.Errorf("%s: client %+v", tt.name, client)
		}
		if resource := tt.view.Resource("api://orders"); (resource != nil) != tt.is {
			t.Errorf("%s: resource %+v", tt.name, resource)
		}
	}
}

// TestResourceID: the id of a managed identity in Azure Resource Manager.
func TestResourceID(t *testing.T) {
	t.Parallel()
	m := directory.ManagedIdentity{Name: "web", Subscription: "5a2b1c3d-0000-4000-8000-000000000002", ResourceGroup: "App"}
	const want = "/subscriptions/5a2b1c3d-0000-4000-8000-000000000002/resourcegroups/App/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web"
	if got := m.ResourceID(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
