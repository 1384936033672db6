package farm_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
)

// TestFaultsInForce lists, sets and ends faults of two worlds that have the same issuer.
func TestFaultsInForce(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	spec := control.IssuerSpec{Platform: "github", Faults: []control.Fault{{Name: "header", Parameters: map[string]any{"set": map[string]any{"typ": "at+jwt"}}}}}
	w, other := newWorld(t, s, control.WorldSpec{}), newWorld(t, s, control.WorldSpec{})
	addIssuer(t, w, spec)
	addIssuer(t, w, control.IssuerSpec{Platform: "gitlab"})
	addIssuer(t, other, control.IssuerSpec{Platform: "github"})
	check := func(of *farm.World, ref string, want ...control.FaultInForce) {
		t.Helper()
		got, err := of.Faults(ref)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = []control.FaultInForce{}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("faults of %q (-want +got):\n%s", ref, diff)
		}
	}
	header := control.FaultInForce{Issuer: githubURL, Name: "header", Parameters: spec.Faults[0].Parameters, Hits: 2}
	status := control.FaultInForce{Issuer: githubURL, Name: "status", Parameters: map[string]any{"code": 418.0}, Hits: 1}
	mint(t, w, githubURL, subject)
	mint(t, w, githubURL, subject)
	mint(t, other, githubURL, subject)
	set, err := w.SetFault(control.FaultSpec{Issuer: "github", Name: "status", Parameters: map[string]any{"code": 418}})
	if want := status; err != nil || set.Hits != 0 || set.Issuer != want.Issuer || set.Name != want.Name {
		t.Fatalf("set %+v, error %v", set, err)
	}
	get(t, canonical(s, w.Describe().ID), githubURL+discoveryPath, "")
	get(t, canonical(s, other.Describe().ID), githubURL+discoveryPath, "")
	check(w, "github", status, header)
	check(w, "", status, header)
	check(w, "gitlab")
	check(other, "")
	if _, err := w.SetFault(control.FaultSpec{Issuer: githubURL, Name: "status"}); err != nil {
		t.Fatal(err)
	}
	status.Parameters, status.Hits = nil, 0
	check(w, githubURL, status, header)
	if err := w.SetFaults(control.FaultsSpec{Issuer: githubURL, Faults: spec.Faults}); err != nil {
		t.Fatal(err)
	}
	header.Hits = 0
	check(w, githubURL, header)
	if err := w.ClearFault("github", "header"); err != nil {
		t.Fatal(err)
	}
	check(w, "")
	for name, says := range map[string]string{"header": "not in force", "haeder": "no fault is called"} {
		var refused *control.Error
		if err := w.ClearFault("github", name); !errors.As(err, &refused) || refused.Status != http.StatusNotFound || !strings.Contains(refused.Message, says) {
			t.Errorf("clear %s: error %v, want one that says %q", name, err, says)
		}
	}
	if _, err := w.SetFault(control.FaultSpec{Issuer: "github", Name: "status", Parameters: map[string]any{"code": 1}}); err == nil {
		t.Error("a bad parameter was taken")
	}
	check(w, "")
}

// TestTwoSetFaults has two callers set different faults of one issuer at once.
func TestTwoSetFaults(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.WorldSpec{})
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	names := []string{"status", "unreachable"}
	for range 50 {
		var wg sync.WaitGroup
		for _, name := range names {
			wg.Go(func() {
				if _, err := w.SetFault(control.FaultSpec{Issuer: githubURL, Name: name}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got, err := w.Faults(githubURL); err != nil || len(got) != len(names) {
			t.Fatalf("faults %+v, error %v, want both", got, err)
		}
		for _, name := range names {
			wg.Go(func() {
				if err := w.ClearFault(githubURL, name); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got, err := w.Faults(githubURL); err != nil || len(got) != 0 {
			t.Fatalf("faults %+v, error %v, want none", got, err)
		}
	}
}
