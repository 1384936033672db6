package runner_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
)

// roundTrip is a function as an http.RoundTripper.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// endings counts the results of a run by status and reason or message.
func endings(run report.Run) map[string]int {
	count := map[string]int{}
	for _, r := range run.Results {
		text := r.Reason
		if problem := problemOf(r); problem != nil {
			text = problem.Message
		}
		count[r.Status.String()+": "+text]++
	}
	return count
}

// TestInterruptedRunSaysSoOnce interrupts a run when as many cases as may are under way.
func TestInterruptedRunSaysSoOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	tgt := start(t)
	var under atomic.Int32
	tgt.Transport = func(string) http.RoundTripper {
		if under.Add(1) == 4 {
			cancel(errors.New("the user pressed a key"))
		}
		return silent{}
	}
	files := slices.Repeat([]*scenario.File{load(t, signIn)}, 20)
	run := runner.Run(ctx, files, runner.Options{Target: tgt, Parallel: 4})
	want := map[string]int{"error: the user pressed a key": 1, "skip: interrupted": 19}
	if diff := cmp.Diff(want, endings(run)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if run.Status() != report.Error {
		t.Errorf("the run is a %s, want an error", run.Status())
	}
}

// TestInterruptedBeforeTheStart has no case under way that could say why.
func TestInterruptedBeforeTheStart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the user pressed a key"))
	files := slices.Repeat([]*scenario.File{load(t, signIn)}, 3)
	run := runner.Run(ctx, files, runner.Options{Target: start(t)})
	want := map[string]int{"error: the user pressed a key": 1, "skip: interrupted": 2}
	if diff := cmp.Diff(want, endings(run)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

// TestTargetThatDies answers two cases and then nobody.
func TestTargetThatDies(t *testing.T) {
	t.Parallel()
	tgt := start(t)
	next := tgt.Control.HTTP.Transport
	var worlds, asked atomic.Int32
	tgt.Control = &control.Client{URL: tgt.Control.URL, Token: tgt.Control.Token, HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost && r.URL.Path == "/v1/worlds" {
			asked.Add(1)
			if worlds.Add(1) > 2 {
				return nil, errors.New("connection refused")
			}
		}
		return next.RoundTrip(r)
	})}}
	files := slices.Repeat([]*scenario.File{load(t, signIn)}, 10)
	run := runner.Run(t.Context(), files, runner.Options{Target: tgt, Parallel: 1})
	got := endings(run)
	var message string
	for ending := range maps.Keys(got) {
		if strings.HasPrefix(ending, "error: ") {
			message = ending
		}
	}
	if !strings.Contains(message, "connection refused") {
		t.Errorf("error %q, want the connection's", message)
	}
	want := map[string]int{"pass: ": 2, message: 1, "skip: the target could not be reached": 7}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if n := asked.Load(); n != 3 {
		t.Errorf("%d worlds asked for, want 3: no further case begins", n)
	}
}

// TestRefusedWorldStopsNothing has the target refuse a world of one case, which says nothing of the others.
func TestRefusedWorldStopsNothing(t *testing.T) {
	t.Parallel()
	bad := strings.Replace(signIn, "issuer:", "clock: {start: \"9999-01-01T00:00:00Z\"}\nissuer:", 1)
	run := runner.Run(t.Context(), []*scenario.File{load(t, bad), load(t, signIn)}, runner.Options{Target: start(t), Parallel: 1})
	if first, second := run.Results[0].Status, run.Results[1].Status; first != report.Error || second != report.Pass {
		t.Errorf("%s and %s, want an error and a pass", first, second)
	}
}
