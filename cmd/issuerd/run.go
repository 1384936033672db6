package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
	"github.com/issuerd/issuerd/harness/targets/container/docker"
	"github.com/issuerd/issuerd/wording"
)

type runFlags struct {
	farm          farmFlags
	target, image string
	run           string
	labels, vars  []string
	issuers       []string
	parallel      int
	failFast      bool
	format, json  string
}

func newRun() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [PATH|NAME...]",
		Short: "Play scenario files against a target",
		Long: `Play scenario files against a target and report what happened, a line for each case.
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
  issuerd run my.yaml --var branch=main --target emulator`,
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
	flags.BoolVar(&f.failFast, "fail-fast", false, "start no further case after the first that does not pass")
	flags.StringVar(&f.format, "format", "text", "the report on standard output: text or json")
	flags.StringVar(&f.json, "json", "", "write the JSON report to this file too")
	markFiles(cmd, "json", "issuers")
	return cmd
}

func (f *runFlags) play(cmd *cobra.Command, paths []string) error {
	ctx := cmd.Context()
	if f.format != "text" && f.format != "json" {
		return fmt.Errorf("--format %q: want text or json", f.format)
	}
	if f.parallel < 1 {
		return fmt.Errorf("--parallel %d: want at least 1", f.parallel)
	}
	remote, err := f.remote(cmd)
	if err != nil {
		return err
	}
	selected, err := regexp.Compile(f.run)
	if err != nil {
		return fmt.Errorf("--run: %w", err)
	}
	set, issuers, err := readIssuers(f.issuers)
	if err != nil {
		return err
	}
	loaded, err := load(paths, issuers...)
	if err != nil {
		return err
	}
	files := loaded.files
	if len(loaded.problems) > 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), loaded.problems)
		return &exitError{code: exitUsage}
	}
	labels, err := parseLabels(f.labels, files)
	if err != nil {
		return err
	}
	vars, err := variables(f.vars, files)
	if err != nil {
		return err
	}
	var file *os.File // of --json, opened now so that a run is not for nothing
	if f.json != "" {
		if file, err = os.Create(f.json); err != nil {
			return err
		}
		defer func() { _ = file.Close() }() // after a report it is closed already
	}
	hosts := runner.Hosts(files)
	for _, p := range set.More() {
		hosts = append(hosts, p.Hosts()...)
	}
	t, stop, err := f.open(ctx, remote, hosts)
	if err != nil {
		return err
	}
	run := runner.Run(ctx, files, runner.Options{
		Target: t, Parallel: f.parallel, FailFast: f.failFast, Vars: vars, Env: environment(), Issuers: issuers,
		Select: func(file *scenario.File, name string) bool {
			return labels.selects(file) && loaded.selects(file, name) && selected.MatchString(name)
		},
	})
	if err := stop(); err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "issuerd: the target did not stop: %v\n", err)
	}
	if len(run.Results) == 0 {
		return f.nothingSelected(files)
	}
	if err := f.report(cmd.OutOrStdout(), file, run); err != nil {
		return cannotRun(err)
	}
	switch run.Status() {
	case report.Fail:
		return &exitError{code: exitFail}
	case report.Error:
		return &exitError{code: exitRun}
	}
	return nil
}

// nothingSelected says which flags leave no case.
func (f *runFlags) nothingSelected(files []*scenario.File) error {
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = file.Name
	}
	err := fmt.Errorf("no case is selected by --run %q and --label %q", f.run, f.labels)
	return &exitError{code: exitUsage, err: err, hint: didYouMean(f.run, names, "")}
}

// variables checks that each --var is one that some file declares.
func variables(list []string, files []*scenario.File) (map[string]any, error) {
	given, err := assignments("--var", list)
	if err != nil {
		return nil, err
	}
	vars, declared := map[string]any{}, declaredVariables(files)
	for name, value := range given {
		if !slices.Contains(declared, name) {
			return nil, wording.Unknown(name, declared, "--var %s: no scenario declares the variable %q", name, name)
		}
		vars[name] = value
	}
	return vars, nil
}

// declaredVariables are the variables that any of the files declares, by name.
func declaredVariables(files []*scenario.File) []string {
	declared := map[string]bool{}
	for _, f := range files {
		for name := range f.Vars {
			declared[name] = true
		}
	}
	return slices.Sorted(maps.Keys(declared))
}

// remote is the running farm to run against. Nil: --target is another.
func (f *runFlags) remote(cmd *cobra.Command) (*connection, error) {
	switch {
	case f.target == "emulator" || f.target == "container":
		return nil, nil
	case strings.Contains(f.target, "://"):
		return connectTo("--target", f.target)
	case cmd.Flags().Changed("target"):
		err := fmt.Errorf("--target %q: want emulator, container or the URL of a control plane", f.target)
		return nil, &exitError{code: exitUsage, err: err, hint: didYouMean(f.target, []string{"emulator", "container"}, "")}
	}
	farm, err := f.farm.found(cmd)
	if farm == nil || err != nil {
		return nil, err
	}
	if _, _, given := f.farm.given(cmd); !given {
		_, err = fmt.Fprintf(cmd.ErrOrStderr(), "issuerd: runs against the farm at %s (of %s); --target emulator runs without it\n", farm.URL, farm.urlFrom)
	}
	return farm, err
}

// open makes the target, and the function that ends what was started for it.
func (f *runFlags) open(ctx context.Context, remote *connection, hosts []string) (t *targets.Target, stop func() error, err error) {
	switch {
	case remote != nil:
		if t, err = targets.Remote(ctx, remote.URL, remote.URL, remote.Token, nil); err != nil {
			return nil, nil, remote.explain(ctx, err)
		}
		return t, t.Close, nil
	case f.target == "container":
		t, stop, err = openContainer(ctx, f.image, hosts)
	default:
		if t, err = targets.InProcess(farm.Options{Hosts: hosts, Version: version()}); err == nil {
			stop = t.Close
		}
	}
	if err != nil {
		return nil, nil, cannotRun(err)
	}
	return t, stop, nil
}

// report prints the report, and writes it to the file of --json unless that is nil. What goes wrong with the file does
// not keep the run from being told.
func (f *runFlags) report(stdout io.Writer, file *os.File, run report.Run) error {
	var failed error
	if file != nil {
		failed = errors.Join(report.JSON(file, run), file.Close())
	}
	if f.format == "json" {
		return errors.Join(failed, report.JSON(stdout, run))
	}
	return errors.Join(failed, report.Text(stdout, run, colored(stdout)))
}

// colored tells whether to use colour: only on a terminal that has it, and not when NO_COLOR is set.
func colored(w io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(w)
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
