package runner_test

import (
	"os"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
)

// TestScenarios plays every scenario of the project in this process.
func TestScenarios(t *testing.T) {
	t.Parallel()
	files, problems := scenario.LoadFS(os.DirFS("../../scenarios"), runner.Names(), ".")
	for _, p := range problems {
		t.Error(p.Error())
	}
	if len(files) == 0 {
		t.Fatal("no scenarios")
	}
	tgt, err := targets.InProcess(farm.Options{Hosts: runner.Hosts(files)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tgt.Close(); err != nil {
			t.Error(err)
		}
	})
	run := runner.Run(t.Context(), files, runner.Options{Target: tgt})
	failed := 0
	for _, r := range run.Results {
		if r.Status != report.Pass {
			failed++
		}
	}
	if failed > 0 {
		var text strings.Builder
		if err := report.Text(&text, run, report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		t.Errorf("%d cases did not pass:\n%s", failed, text.String())
	}
}
