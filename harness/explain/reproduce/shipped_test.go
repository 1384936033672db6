package reproduce_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
	"github.com/issuerd/issuerd/harness/explain/paste"
	"github.com/issuerd/issuerd/harness/explain/reproduce"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
	"github.com/issuerd/issuerd/scenarios"
)

// refusals keeps the descriptions of the refusals that pass, without what differs each time.
type refusals struct {
	mu   sync.Mutex
	seen map[string]bool
}

type listener struct {
	next http.RoundTripper
	to   *refusals
}

func (l listener) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err != nil || resp.StatusCode < http.StatusBadRequest {
		return resp, err
	}
	raw, err := io.ReadAll(resp.Body)
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(raw))
	var body struct {
		Description string `json:"error_description"`
	}
	if json.Unmarshal(raw, &body) == nil && strings.HasPrefix(body.Description, "AAD") {
		text, _, _ := strings.Cut(body.Description, " Trace ID")
		text, _, _ = strings.Cut(text, "\r\nCorrelation ID")
		l.to.mu.Lock()
		l.to.seen[text] = true
		l.to.mu.Unlock()
	}
	return resp, err
}

// TestShippedScenarios plays the scenarios that come with issuerd, and reproduces each refusal from its text alone.
func TestShippedScenarios(t *testing.T) {
	t.Parallel()
	files, problems := scenario.LoadFS(scenarios.FS, runner.Names(), ".")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	target, err := targets.InProcess(farm.Options{Hosts: runner.Hosts(files)})
	if err != nil {
		t.Fatal(err)
	}
	all := &refusals{seen: map[string]bool{}}
	transport := target.Transport
	target.Transport = func(world string) http.RoundTripper { return listener{transport(world), all} }
	runner.Run(t.Context(), files, runner.Options{Target: target})
	if err := target.Close(); err != nil {
		t.Error(err)
	}
	texts := slices.Sorted(maps.Keys(all.seen))
	if len(texts) < 100 {
		t.Fatalf("%d texts, want those of all scenarios", len(texts))
	}
	var made []*reproduce.Scenario
	for _, text := range texts {
		read := paste.Read(text)
		found := input.Found{Input: "refusal.txt", Text: &read}
		s, err := reproduce.Make(explain.Case{Inputs: []input.Found{found}}, reproduce.Options{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if code, _, _ := strings.Cut(text, ":"); s.Code != code {
			t.Errorf("%s: it is %s in the scenario", text, s.Code)
		}
		for _, v := range s.Values {
			masked := strings.Contains(text, "'{{tenantid}}'") || strings.Contains(text, directory.ZeroGUID)
			if !v.Given && !masked {
				t.Errorf("%s: %s was not read", text, v.Name)
			}
		}
		made = append(made, s)
	}
	emulated := emulator(t, made...)
	for _, s := range made {
		if out, err := s.Play(t.Context(), emulated); err != nil || !out.Reproduced {
			t.Errorf("got %q: %s %v\n%s", out.Got, out.Problem, err, s.Source)
		}
	}
}
