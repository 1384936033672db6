package farm_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
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

// TestEntraFaultsOfOneWorld has two worlds of a farm ask Entra at once, of which one has a fault for the next five
// requests.
func TestEntraFaultsOfOneWorld(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w, other := newWorld(t, s, control.WorldSpec{}), newWorld(t, s, control.WorldSpec{})
	spec := control.FaultSpec{Issuer: control.OfEntra, Name: "throttled", Parameters: map[string]any{"times": 5}}
	if set, err := w.SetFault(spec); err != nil || set.Issuer != control.OfEntra || set.Name != "throttled" {
		t.Fatalf("set %+v, error %v", set, err)
	}
	var throttled, elsewhere atomic.Int64
	var wg sync.WaitGroup
	ask := func(of *farm.World, count *atomic.Int64) {
		address := "https://login.microsoftonline.com/" + of.Describe().Tenant + "/oauth2/v2.0/token"
		if status, _ := get(t, canonical(s, of.Describe().ID), address, ""); status == http.StatusTooManyRequests {
			count.Add(1)
		}
	}
	for range 10 {
		wg.Go(func() { ask(w, &throttled) })
		wg.Go(func() { ask(other, &elsewhere) })
	}
	wg.Wait()
	if throttled.Load() != 5 || elsewhere.Load() != 0 {
		t.Errorf("throttled %d times, and %d in the other world; want 5 and 0", throttled.Load(), elsewhere.Load())
	}
	for of, hits := range map[*farm.World]int{w: 5, other: 0} {
		list, err := of.Faults("")
		got := 0
		for _, f := range list {
			got += f.Hits
		}
		if err != nil || got != hits {
			t.Errorf("faults in force: %+v, error %v, want %d hits", list, err, hits)
		}
	}
	if err := other.ClearFault(control.OfEntra, "throttled"); err == nil || !strings.Contains(err.Error(), "not in force at Entra") {
		t.Errorf("to end it in the other world: %v", err)
	}
	if err := w.ClearFault(control.OfEntra, "status-of-nothing"); err == nil || !strings.Contains(err.Error(), "no fault is called") {
		t.Errorf("to end what is no fault: %v", err)
	}
}
