// Package runner plays scenario files against a target and reports what happened.
//
// Each case gets a world of its own on the target and plays its steps in order until one does not do what is expected
// of it; cases run in parallel. What a target cannot do is found out from the steps, and such a case is skipped with
// the reason.
//
//	files, problems := scenario.LoadFS(scenarios.FS, runner.Names(), ".")
//	t, err := targets.InProcess(farm.Options{Hosts: runner.Hosts(files)})
//	defer t.Close()
//	run := runner.Run(ctx, files, runner.Options{Target: t})
//	fmt.Println(run.Status())
//
// There is a file for each kind of step. To add one, write step_<name>.go and add it to the list in step.go and to
// scenario.Action.
package runner
