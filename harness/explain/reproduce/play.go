package reproduce

import (
	"cmp"
	"context"
	"strings"

	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
)

// Hosts are those that the target must answer for, besides the platforms' own.
func (s *Scenario) Hosts() []string { return runner.Hosts([]*scenario.File{s.file}) }

// Outcome is what playing a scenario came to.
type Outcome struct {
	Reproduced bool
	Got        string // the code that the emulator answered; empty: none
	Problem    string // what differs, or why it could not be played; empty when it is reproduced
}

// Play plays the scenario at a target. Of the refusal, the code, the OAuth error, the status and the values are
// compared.
func (s *Scenario) Play(ctx context.Context, target *targets.Target) (Outcome, error) {
	if s.file == nil {
		return Outcome{}, errNotLoaded
	}
	run := runner.Run(ctx, []*scenario.File{s.file}, runner.Options{Target: target})
	var out Outcome
	for _, result := range run.Results {
		out.Reproduced = result.Status == report.Pass
		problem := result.Problem
		if n := len(result.Steps); n > 0 {
			for _, step := range result.Steps {
				out.Got = cmp.Or(step.Error, out.Got) // the steps after the refusal have none
			}
			if last := result.Steps[n-1].Problem; last != nil {
				problem = last
			}
		}
		if problem != nil {
			out.Problem = strings.TrimSpace(problem.Message)
		}
	}
	return out, nil
}
