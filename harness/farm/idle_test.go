package farm_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// slow is a client that takes its answer only when it is told to.
type slow struct {
	*httptest.ResponseRecorder
	reached, release chan struct{}
}

func (s slow) Write(b []byte) (int, error) {
	close(s.reached)
	<-s.release
	return s.ResponseRecorder.Write(b)
}

// TestIdleWorlds has worlds end that nobody uses, with what they have, and no others.
func TestIdleWorlds(t *testing.T) {
	t.Parallel()
	clock := &timers{now: time.Now()}
	s := start(t, farm.Options{Now: clock.time, After: clock.after, IdleWorlds: time.Hour, Addr: map[plane.Plane]string{plane.Workload: free}})
	manager := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	world := func() *farm.World {
		w := newWorld(t, s, control.WorldSpec{})
		addIssuer(t, w, control.IssuerSpec{Platform: "github"})
		return w
	}
	// deleted deletes a world and tells whether it was there: a request that only asks would count as use.
	deleted := func(w *farm.World) bool {
		answer := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodDelete, "/v1/worlds/"+w.Describe().ID, nil)
		r.Header.Set("Authorization", "Bearer "+s.Token())
		s.Handler(plane.Control).ServeHTTP(answer, r)
		return answer.Code == http.StatusOK
	}
	idle, asked, managed, working, answering := world(), world(), world(), world(), world()
	workload := func(w *farm.World) control.Workload {
		job, err := w.StartWorkload(control.WorkloadSpec{Issuer: githubURL})
		if err != nil {
			t.Fatal(err)
		}
		return job
	}
	gone, busy := workload(idle), workload(working)
	status := func(job control.Workload) (int, string) {
		return get(t, trusting(s), job.Env["ACTIONS_ID_TOKEN_REQUEST_URL"], "")
	}

	out := slow{httptest.NewRecorder(), make(chan struct{}), make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := httptest.NewRequest(http.MethodGet, githubURL+discoveryPath, nil)
		r.Header.Set(plane.WorldHeader, answering.Describe().ID)
		s.Handler(plane.Issuer).ServeHTTP(out, r)
	}()
	<-out.reached

	use := func() {
		document(t, canonical(s, asked.Describe().ID), githubURL+discoveryPath)
		if _, err := manager.World(t.Context(), managed.Describe().ID); err != nil {
			t.Fatal(err)
		}
		status(busy) // a refusal, as it shows no credential, is a use too
	}
	for range 3 {
		clock.pass(45 * time.Minute)
		use()
	}
	if _, body := status(gone); !strings.Contains(body, "world has been deleted") {
		t.Errorf("the workload of the idle world answers %q", body)
	}
	var refusal *control.Error
	if _, err := manager.World(t.Context(), idle.Describe().ID); !errors.As(err, &refusal) || refusal.Status != http.StatusNotFound {
		t.Errorf("the idle world: %v, want a 404", err)
	}
	close(out.release)
	<-done
	clock.pass(59 * time.Minute) // since the last use
	for name, w := range map[string]*farm.World{"asked": asked, "managed": managed, "working": working, "answering": answering} {
		if !deleted(w) {
			t.Errorf("%s: the world has ended", name)
		}
	}

	last := world()
	clock.pass(time.Hour - time.Second)
	document(t, canonical(s, last.Describe().ID), githubURL+discoveryPath)
	clock.pass(time.Hour - time.Second)
	clock.pass(2 * time.Second)
	if deleted(last) {
		t.Error("an hour after its last use the world is there")
	}
	document(t, canonical(s, ""), githubURL+discoveryPath) // the default world stays
}

func TestIdleWorldsOff(t *testing.T) {
	t.Parallel()
	clock := &timers{now: time.Now()}
	s := start(t, farm.Options{Now: clock.time, After: clock.after})
	w := newWorld(t, s, control.WorldSpec{})
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	clock.pass(20 * time.Hour)
	document(t, canonical(s, w.Describe().ID), githubURL+discoveryPath)
	if left := clock.left(); len(left) != 0 {
		t.Errorf("timers in %v", left)
	}
	if _, err := farm.Start(farm.Options{IdleWorlds: -time.Second}); err == nil || !strings.Contains(err.Error(), "-1s") {
		t.Errorf("a negative time: %v", err)
	}
}
