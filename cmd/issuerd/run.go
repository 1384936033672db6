package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/targets/container/docker"
)

type runFlags struct {
	farm          farmFlags
	target, image string
	run           string
	labels, vars  []string
	issuers       []string
	parallel      int
	timeout       time.Duration
	shard         string
	failFast      bool
	list, runsDry bool
	watches       bool
	verbose       bool
	only          []string // the paths of the files to play again; nil: all
	reports       reportFlags
}

func newRun() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [PATH|NAME...]",
		Short: "Play scenario files against a target",
		Long: `Play scenario files against a target and report what happened: a line for each case as it ends, below it what was not as expected,
and at the end which cases did not pass. A terminal also shows how far the run is, and which case takes longest.
A path is a file or a folder; without any, the scenarios that come with issuerd are played. Where nothing is at a path, it is
the name of a scenario that comes with issuerd, as a line of the report has it, such as github/branch, or of their folder. A case of a file
or a scenario stands in brackets behind it. A label is also the name of a platform, and a code of Entra's may be its number alone.

Targets:
  emulator    a farm in this process (the default)
  container   a farm in a container of --image; needs a Docker engine
  URL         the control plane of a running farm, as of --control

Without --target, a running farm is the target if one is named by --control, ISSUERD_CONTROL_URL or serve --env-file; else it is emulator.

Exit status: 0 all passed, 1 an expectation was not met, 2 bad usage, or a file that is bad or can't be read, 3 some case
could not be carried out, or none: no engine or farm answers.`,
		Example: `  issuerd run my.yaml
  issuerd run github/branch 'github/aadsts7002138-subject-case[environment]'
  issuerd run github --label 700213 --label -native
  issuerd run gitlab --fail-fast --json report.json
  issuerd run my.yaml --var branch=main --target emulator --timeout 1m
  issuerd run terraform --list
  issuerd run my.yaml --dry-run
  issuerd run gitlab --junit junit.xml --shard 1/2`,
		SuggestFor:        []string{"play", "test"},
		ValidArgsFunction: completeScenarios,
		RunE:              func(cmd *cobra.Command, paths []string) error { return f.play(cmd, paths) },
	}
	flags := cmd.Flags()
	f.farm.addControl(cmd)
	flags.StringVar(&f.target, "target", "", "what to run against: emulator, container or the URL of a control plane (default: a running farm, else emulator)")
	cmd.MarkFlagsMutuallyExclusive("target", "control")
	flags.StringVar(&f.image, "image", docker.DefaultImage, "the image of --target container")
	flags.StringArrayVar(&f.issuers, "issuers", nil, "an issuer file, whose platform the scenarios may name (repeatable)")
	flags.StringVar(&f.run, "run", "", "play only cases whose name[case] this regular expression matches")
	flags.StringArrayVar(&f.labels, "label", nil, "play only scenarios with this label, platform or code; with a - before it, only those without (repeatable)")
	flags.StringArrayVar(&f.vars, "var", nil, "name=value over a variable that the files declare (repeatable)")
	flags.IntVar(&f.parallel, "parallel", 8, "cases at the same time")
	flags.DurationVar(&f.timeout, "timeout", 0, "bound each case by this time, in place of what its file says (default: the file's, else 5m)")
	flags.BoolVar(&f.failFast, "fail-fast", false, "start no further case after the first that does not pass")
	flags.StringVar(&f.shard, "shard", "", "play a part of the cases: 2/5, or auto for what the CI system's variables say")
	flags.BoolVar(&f.list, "list", false, "print the names of the cases that would be played, and play none")
	flags.BoolVar(&f.runsDry, "dry-run", false, "say which cases would be played, with which steps, and which skipped and why; send nothing")
	flags.BoolVar(&f.watches, "watch", false, "play again what changes of the files, until Ctrl-C")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "tell what was answered in each step, in cases that pass too")
	f.reports.add(cmd)
	markFiles(cmd, "issuers")
	for _, once := range []string{"list", "dry-run", "watch"} {
		for _, other := range []string{"list", "dry-run", "watch", "json", "junit", "tap", "ctrf"} {
			if once != other {
				cmd.MarkFlagsMutuallyExclusive(once, other)
			}
		}
	}
	return cmd
}

func (f *runFlags) play(cmd *cobra.Command, paths []string) error {
	if err := f.validate(cmd); err != nil {
		return err
	}
	remote, err := f.remote(cmd)
	if err != nil {
		return err
	}
	if f.watches {
		return f.watch(cmd, paths, remote)
	}
	return f.round(cmd, paths, remote)
}

// round plays what the arguments name, once.
func (f *runFlags) round(cmd *cobra.Command, paths []string, remote *connection) error {
	chosen, err := f.choose(cmd, paths)
	if err != nil {
		return err
	}
	if f.list {
		return printCases(cmd.OutOrStdout(), chosen.cases, f.reports.format)
	}
	if f.runsDry {
		return f.dryRun(cmd.OutOrStdout(), remote, chosen)
	}
	out, err := f.openReports(cmd, chosen)
	if err != nil {
		return err
	}
	defer out.close()
	t, stop, err := f.open(cmd.Context(), remote, chosen.hosts)
	if err != nil {
		return err
	}
	run := runner.Run(cmd.Context(), chosen.files, runner.Options{
		Target: t, Parallel: f.parallel, Timeout: f.timeout, FailFast: f.failFast, Select: chosen.selects, Vars: chosen.vars, Env: environment(),
		Issuers: chosen.issuers, Began: out.began, Ended: out.ended,
	})
	out.progress.stop()
	if err := stop(); err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "issuerd: the target did not stop: %v\n", err)
	}
	chosen.identify(&run)
	if err := out.end(run); err != nil {
		return cannotRun(err)
	}
	return exitOf(run)
}

// exitOf is the exit status of a run.
func exitOf(run report.Run) error {
	switch run.Status() {
	case report.Fail:
		return &exitError{code: exitFail}
	case report.Error:
		return &exitError{code: exitRun}
	}
	return nil
}

// validate checks the flags that need no file.
func (f *runFlags) validate(cmd *cobra.Command) error {
	if err := f.reports.validate(); err != nil {
		return err
	}
	switch format := f.reports.format; {
	case (f.list || f.runsDry) && format != "text" && format != "json":
		return fmt.Errorf("--format %q: what would be played is told in text or json", format)
	case f.watches && !f.reports.streams():
		return fmt.Errorf("--format %q: --watch is for somebody who reads text", format)
	}
	if f.parallel < 1 {
		return fmt.Errorf("--parallel %d: want at least 1", f.parallel)
	}
	if f.timeout < 0 || f.timeout == 0 && cmd.Flags().Changed("timeout") {
		return fmt.Errorf("--timeout %s: want a time such as 30s or 5m", f.timeout)
	}
	return nil
}

// environment is the process's environment for expressions.
func environment() map[string]any {
	env := map[string]any{}
	for _, item := range os.Environ() {
		if name, value, ok := strings.Cut(item, "="); ok {
			env[name] = value
		}
	}
	return env
}
