package entra_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

func TestCredentialsOfAnApplication(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	add := func(name, subject string) error {
		_, err := r.dir.AddCredential(r.tenant.ID, r.app.ClientID, directory.Credential{Name: name, Issuer: r.issuer.url, Subject: subject, Audiences: []string{exchangeAudience}})
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
	if err := r.dir.RemoveCredential(r.tenant.ID, r.app.ClientID, "main-branch"); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
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
				if _, err := r.dir.AddCredential(r.tenant.ID, r.app.ClientID, directory.Credential{Name: name, Issuer: "https://x.example", Subject: name, Audiences: []string{"a"}}); err != nil {
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
