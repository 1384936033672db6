package runner_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
)

// head begins a file whose steps follow. Its credential matches what the preset mints.
const head = `name: github/test
about: A test.
issuer: {platform: github, preset: branch}
entra:
  app: deployer
  credentials:
    - {name: main, subject: "repo:octo-org/octo-repo:ref:refs/heads/main"}
`

// mintStep is the first step of most files.
const mintStep = `
  - mint: {audience: api://AzureADTokenExchange, via: direct}`

// load reads a scenario that has no problems but those that can't be carried out, which are found when it is played
// here; TestLint has them found before.
func load(t *testing.T, src string) *scenario.File {
	t.Helper()
	names := runner.Names()
	names.Rules = scenario.Rules{}
	f, problems := scenario.Load("test.yaml", []byte(src), names)
	for _, p := range problems {
		t.Errorf("%s (%s)", p.Error(), p.Hint)
	}
	if f == nil {
		t.FailNow()
	}
	return f
}

// worlds counts the worlds that a run makes and deletes.
type worlds struct {
	next http.RoundTripper

	mu            sync.Mutex
	made, deleted int
}

func (w *worlds) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/v1/worlds":
		w.made++
	case r.Method == http.MethodDelete && strings.Count(r.URL.Path, "/") == 3:
		w.deleted++
	}
	return resp, nil
}

// start is a target in this process that must have no world of a case left when the test ends.
func start(t *testing.T) *targets.Target {
	t.Helper()
	tgt, err := targets.InProcess(farm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	count := &worlds{next: tgt.Control.HTTP.Transport}
	tgt.Control = &control.Client{URL: tgt.Control.URL, Token: tgt.Control.Token, HTTP: &http.Client{Transport: count}}
	t.Cleanup(func() {
		if count.made != count.deleted {
			t.Errorf("%d worlds made and %d deleted", count.made, count.deleted)
		}
		if err := tgt.Close(); err != nil {
			t.Error(err)
		}
	})
	return tgt
}

// play runs one file with one case.
func play(ctx context.Context, t *testing.T, src string, opts runner.Options) report.Result {
	t.Helper()
	if opts.Target == nil {
		opts.Target = start(t)
	}
	run := runner.Run(ctx, []*scenario.File{load(t, src)}, opts)
	if len(run.Results) != 1 {
		t.Fatalf("%d results, want 1", len(run.Results))
	}
	return run.Results[0]
}

// problemOf is why a result is not a pass, wherever it is kept; nil if there is none.
func problemOf(r report.Result) *report.Problem {
	if r.Problem != nil {
		return r.Problem
	}
	for _, s := range r.Steps {
		if s.Problem != nil {
			return s.Problem
		}
	}
	return nil
}

// place is the line and column at which a text stands in a source.
func place(t *testing.T, src, text string) (line, col int) {
	t.Helper()
	before, _, found := strings.Cut(src, text)
	if !found || strings.Count(src, text) != 1 {
		t.Fatalf("%q is not in the file exactly once", text)
	}
	return strings.Count(before, "\n") + 1, len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
}

// expectProblem compares a result with what it should be: its status, where in the source its problem points, and what
// that says.
func expectProblem(t *testing.T, got report.Result, status report.Status, src, at string, says ...string) {
	t.Helper()
	if got.Status != status {
		t.Errorf("status %s, want %s", got.Status, status)
	}
	problem := problemOf(got)
	if problem == nil {
		t.Fatalf("no problem; reason %q", got.Reason)
	}
	line, col := place(t, src, at)
	if problem.Line != line || problem.Col != col || problem.File != "test.yaml" {
		t.Errorf("problem at %s:%d:%d, want test.yaml:%d:%d: %s", problem.File, problem.Line, problem.Col, line, col, problem.Message)
	}
	if !strings.Contains(problem.Source, strings.Split(at, "\n")[0]) {
		t.Errorf("source line %q, want one with %q", problem.Source, at)
	}
	for _, want := range says {
		if !strings.Contains(problem.Message, want) {
			t.Errorf("message %q does not say %q", problem.Message, want)
		}
	}
}
