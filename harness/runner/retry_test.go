package runner_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
)

// TestRetryThatRunsOutOfTime says what the retry was waiting for.
func TestRetryThatRunsOutOfTime(t *testing.T) {
	t.Parallel()
	src := head + `steps:
  - mint: {audience: api://AzureADTokenExchange, claims: {sub: other}, via: direct}
  - exchange: {retry: {for: 45m, every: 1m}}
`
	ctx, cancel := context.WithCancelCause(t.Context())
	tgt := start(t)
	next := tgt.Transport
	var requests atomic.Int32
	tgt.Transport = func(world string) http.RoundTripper {
		entra := next(world)
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if requests.Add(1) > 2 {
				cancel(errors.New("out of time"))
				return silent{}.RoundTrip(r)
			}
			return entra.RoundTrip(r)
		})
	}
	got := play(ctx, t, src, runner.Options{Target: tgt})
	expectProblem(t, got, report.Error, src, "exchange:", "out of time; attempt 2: want a token, got AADSTS700213", "'other'")
}

// TestRetryOfTooManyAttempts has durations that are known only when the step runs.
func TestRetryOfTooManyAttempts(t *testing.T) {
	t.Parallel()
	tests := []struct{ every, says string }{
		{"1ms", "600001 attempts, the limit is 1000"},
		{"-1s", "every -1s is not a positive duration"},
	}
	for _, tt := range tests {
		t.Run(tt.every, func(t *testing.T) {
			t.Parallel()
			src := head + "steps:" + mintStep + "\n  - exchange: {retry: {for: 10m, every: \"${{ env.EVERY }}\"}}\n"
			got := play(t.Context(), t, src, runner.Options{Env: map[string]any{"EVERY": tt.every}})
			expectProblem(t, got, report.Error, src, "exchange:", tt.says)
			if n := got.Steps[len(got.Steps)-1].Attempts; n != 0 {
				t.Errorf("%d attempts were made", n)
			}
		})
	}
}
