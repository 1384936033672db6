package farm_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// metadataOf is the kid of a token of the metadata server of a workload of Google's; nil: none answers there. An address
// that has become free may be anybody's a moment later, but nobody else has the world's keys.
func metadataOf(t *testing.T, run control.Workload) any {
	t.Helper()
	address := "http://" + run.Env["GCE_METADATA_HOST"] + "/computeMetadata/v1/instance/service-accounts/default/identity?audience=a"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Metadata-Flavor", "Google")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	token, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return nil
	}
	header, _, err := control.DecodeToken(string(token))
	if err != nil {
		return nil
	}
	return header["kid"]
}

// TestEndWorkloads ends 50 workloads of Google's one by one: none of their 50 listeners is held, and nothing else of
// the world has gone.
func TestEndWorkloads(t *testing.T) {
	t.Parallel()
	s, w := workloadFarm(t)
	client := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	id := w.Describe().ID
	other, err := w.StartWorkload(githubSpec())
	if err != nil {
		t.Fatal(err)
	}
	var started []control.Workload
	for range 50 {
		run, err := client.StartWorkload(t.Context(), id, control.WorkloadSpec{Issuer: googleIssuer})
		if err != nil {
			t.Fatal(err)
		}
		started = append(started, run)
	}
	minted, err := client.Mint(t.Context(), id, control.MintSpec{Issuer: googleIssuer, Audience: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	listening := func() (n int) {
		for _, run := range started {
			if metadataOf(t, run) == minted.Header["kid"] {
				n++
			}
		}
		return n
	}
	if n := listening(); n != len(started) {
		t.Fatalf("%d listeners, want %d", n, len(started))
	}
	stranger := newWorld(t, s, control.WorldSpec{Name: "stranger"})
	var refusal *control.Error
	if err := client.EndWorkload(t.Context(), stranger.Describe().ID, started[0].ID); !errors.As(err, &refusal) || refusal.Status != http.StatusNotFound {
		t.Errorf("ended through another world: %v, want 404", err)
	}
	for _, run := range started {
		if err := client.EndWorkload(t.Context(), id, run.ID); err != nil {
			t.Fatal(err)
		}
	}
	if n := listening(); n != 0 {
		t.Errorf("%d listeners are held after the end of their workloads, want none", n)
	}
	browser := &http.Client{Transport: s.Transport(id)}
	if status := statusOf(t, browser, started[0].Base+"/computeMetadata/v1/project/project-id", "Metadata-Flavor", "Google"); status != http.StatusNotFound {
		t.Errorf("the API of an ended workload: HTTP status %d, want 404", status)
	}
	if status := statusOf(t, browser, other.Env["ACTIONS_ID_TOKEN_REQUEST_URL"], "Authorization", "Bearer "+other.Env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]); status != http.StatusOK {
		t.Errorf("another workload: HTTP status %d, want 200", status)
	}
	if err := client.EndWorkload(t.Context(), id, started[0].ID); !errors.As(err, &refusal) || refusal.Status != http.StatusNotFound ||
		!strings.Contains(refusal.Message, "it has ended already") {
		t.Errorf("ended a second time: %v, want 404 that says so", err)
	}
}

// TestEndWorkloadFrees ends a pod and an agent: the folder and what is in it, the socket and the timer of the renewal
// are gone.
func TestEndWorkloadFrees(t *testing.T) {
	t.Parallel()
	clock := &timers{now: fixed}
	s := start(t, farm.Options{Now: clock.time, After: clock.after, Addr: map[plane.Plane]string{plane.Workload: free}})
	w := newWorld(t, s, control.WorldSpec{})
	for platform, variable := range map[string]string{"kubernetes": "AZURE_FEDERATED_TOKEN_FILE", "spiffe": "SPIFFE_ENDPOINT_SOCKET"} {
		iss := addIssuer(t, w, control.IssuerSpec{Platform: platform})
		run, err := w.StartWorkload(control.WorkloadSpec{Issuer: iss.URL})
		if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimPrefix(run.Env[variable], "unix://")
		if _, err := os.Stat(path); err != nil {
			t.Fatal(err)
		}
		if err := w.EndWorkload(run.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s after the end: %v, want none", variable, err)
		}
		if left := clock.left(); len(left) != 0 {
			t.Errorf("%s: timers in %v after the end, want none", platform, left)
		}
		if _, err := w.SetClock(control.ClockSpec{Advance: control.Duration(1 << 40)}); err != nil { // renews nothing
			t.Error(err)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s came back: %v", variable, err)
		}
	}
}

// TestEndWorkloadWhileUsed has several end a workload that others ask and whose clock is moved. One of them has ended
// it.
func TestEndWorkloadWhileUsed(t *testing.T) {
	t.Parallel()
	s, w := workloadFarm(t)
	pod := addIssuer(t, w, control.IssuerSpec{Platform: "kubernetes"})
	for _, url := range []string{googleIssuer, githubIssuer, pod.URL} {
		run, err := w.StartWorkload(control.WorkloadSpec{Issuer: url})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		ended := 0
		for range 4 {
			wg.Go(func() {
				if err := w.EndWorkload(run.ID); err == nil {
					mu.Lock()
					ended++
					mu.Unlock()
				}
			})
			wg.Go(func() {
				client := &http.Client{Transport: s.Transport(w.Describe().ID)}
				resp, err := client.Get(run.Base + "/")
				if err == nil { // a listener of its own may be gone
					_ = resp.Body.Close()
				}
			})
			wg.Go(func() {
				if _, err := w.SetClock(control.ClockSpec{Advance: control.Duration(1 << 40)}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if ended != 1 {
			t.Errorf("%s: ended %d times, want once", url, ended)
		}
	}
}
