package farm_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// TestChangesThatCantBeKept has the disk of a farm go away: every change is refused, and nothing changes.
func TestChangesThatCantBeKept(t *testing.T) {
	t.Parallel()
	var log logged
	s, err := farm.Start(farm.Options{
		State: t.TempDir(), Now: func() time.Time { return time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC) }, NoIssuers: true, Log: log.logger(),
		Addr: map[plane.Plane]string{plane.Issuer: free, plane.Workload: "", plane.Entra: free, plane.Control: free},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err == nil {
			t.Error("the end of the farm does not say that its journal is not written")
		}
	}()
	w := newWorld(t, s, control.WorldSpec{Tenants: []directory.Tenant{{
		DisplayName:   "Fabrikam",
		Subscriptions: []directory.Subscription{{DisplayName: "one", RoleAssignments: []directory.RoleAssignment{{Principal: "deployer", Role: "Owner"}}}},
		Applications: []directory.Application{{
			Name:               "deployer",
			Credentials:        []directory.Credential{{Name: "only", Issuer: githubURL, Subject: "deploy", Audiences: []string{exchangeAudience}}},
			AppRoleAssignments: []directory.AppRoleAssignment{{Resource: "Microsoft Graph", Role: "Application.ReadWrite.All"}},
		}},
	}}})
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	tenant, id := w.Directory().Tenants[0], w.Describe().ID
	client, assertion := canonical(s, id), mint(t, w, githubURL, "deploy").Token
	graphToken := exchangeFor(t, client, tenant.ID, tenant.Applications[0].ClientID, assertion, "https://graph.microsoft.com/.default").AccessToken
	armToken := exchangeFor(t, client, tenant.ID, tenant.Applications[0].ClientID, assertion, "https://management.azure.com/.default").AccessToken
	before := pictureOf(t, s, id, false)
	if err := farm.LoseDisk(s); err != nil {
		t.Fatal(err)
	}
	credential := directory.Credential{Name: "second", Issuer: githubURL, Subject: "x", Audiences: []string{exchangeAudience}}
	manager := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	client1 := tenant.Applications[0].ClientID
	for name, change := range map[string]func() error{
		"a world": func() error { _, err := manager.CreateWorld(t.Context(), control.WorldSpec{}); return err },
		"an issuer": func() error {
			_, err := manager.AddIssuer(t.Context(), id, control.IssuerSpec{Platform: "gcp"})
			return err
		},
		"a reference": func() error {
			_, err := manager.AddIssuer(t.Context(), id, control.IssuerSpec{Platform: "github", Claims: map[string]any{"sub": "y"}})
			return err
		},
		"a rotation": func() error {
			_, err := manager.Rotate(t.Context(), id, control.RotateSpec{Issuer: githubURL})
			return err
		},
		"a withdrawal": func() error {
			_, err := manager.Publish(t.Context(), id, control.PublishSpec{Issuer: githubURL})
			return err
		},
		"a fault": func() error {
			_, err := manager.SetFault(t.Context(), id, control.FaultSpec{Issuer: githubURL, Name: "unreachable"})
			return err
		},
		"faults": func() error {
			return manager.SetFaults(t.Context(), id, control.FaultsSpec{Issuer: githubURL, Faults: []control.Fault{{Name: "unreachable"}}})
		},
		"an application": func() error {
			_, err := manager.AddApplication(t.Context(), id, control.ApplicationSpec{Name: "x", Credentials: []directory.Credential{}})
			return err
		},
		"a credential":         func() error { _, err := manager.AddCredential(t.Context(), id, client1, credential); return err },
		"an application's end": func() error { return manager.RemoveApplication(t.Context(), id, client1) },
		"a directory": func() error {
			_, err := manager.ApplyDirectory(t.Context(), id, "other.yaml", tenantFile("Tailspin", "builder"))
			return err
		},
		"the clock": func() error {
			_, err := manager.SetClock(t.Context(), id, control.ClockSpec{Advance: control.Duration(time.Hour)})
			return err
		},
		"a clock that stands still": func() error {
			_, err := manager.SetClock(t.Context(), id, control.ClockSpec{Freeze: new(true)})
			return err
		},
		"a credential's end": func() error { return manager.RemoveCredential(t.Context(), id, client1, "only") },
		"a world's end":      func() error { return manager.DeleteWorld(t.Context(), id) },
	} {
		var refused *control.Error
		if err := change(); !errors.As(err, &refused) || refused.Status != http.StatusInsufficientStorage {
			t.Errorf("%s: %v, want the status 507", name, err)
		}
	}
	if status, body := call(t, client, http.MethodPost, "https://graph.microsoft.com/v1.0/applications", graphToken, `{"displayName":"x"}`); status != http.StatusInternalServerError {
		t.Errorf("Microsoft Graph: %d %s", status, body)
	}
	address := "https://management.azure.com/subscriptions/" + tenant.Subscriptions[0].ID + "/resourcegroups/new?api-version=2022-09-01"
	if status, body := call(t, client, http.MethodPut, address, armToken, `{"location":"westeurope"}`); status != http.StatusInternalServerError {
		t.Errorf("Azure Resource Manager: %d %s", status, body)
	}
	after := pictureOf(t, s, id, false)
	before.Journal, after.Journal = control.Journal{}, control.Journal{}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("something has changed (-want +got):\n%s", diff)
	}
	if !strings.Contains(log.String(), "not kept") || strings.Contains(log.String(), "PRIVATE") {
		t.Errorf("the log is %s", log.String())
	}
}
