package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/scenarios"
)

func newLint() *cobra.Command {
	return &cobra.Command{
		Use:   "lint [PATH...]",
		Short: "Check scenario files without running them",
		Long: `Check scenario files and print every problem as file:line:col: message, with a hint where there is one.
Paths are files and folders; without any, the scenarios that come with issuerd are checked. Nothing is sent anywhere.

Exit status: 0 without problems, 2 with some, 3 when a path can't be read.`,
		RunE: func(cmd *cobra.Command, paths []string) error {
			files, problems, err := load(paths)
			if err != nil {
				return cannotRun(err)
			}
			if len(problems) > 0 {
				printProblems(cmd.OutOrStdout(), problems)
				return &exitError{code: exitUsage}
			}
			_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%d scenario files, no problems\n", len(files))
			return err
		},
	}
}

// load reads the scenarios at the paths, or without any those that come with the program.
func load(paths []string) ([]*scenario.File, []scenario.Problem, error) {
	if len(paths) == 0 {
		files, problems := scenario.LoadFS(scenarios.FS, runner.Names(), ".")
		return files, problems, nil
	}
	var files []*scenario.File
	var problems []scenario.Problem
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, nil, err
		}
		var more []*scenario.File
		var bad []scenario.Problem
		if info.IsDir() {
			more, bad = scenario.LoadFS(os.DirFS(path), runner.Names(), ".")
		} else {
			more, bad = loadFile(path)
		}
		rebase(path, info.IsDir(), more, bad)
		files, problems = append(files, more...), append(problems, bad...)
	}
	if len(files) == 0 && len(problems) == 0 {
		return nil, nil, fmt.Errorf("no *.yaml or *.yml in %v", paths)
	}
	return files, problems, nil
}

func loadFile(path string) ([]*scenario.File, []scenario.Problem) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, []scenario.Problem{{File: path, Message: err.Error()}}
	}
	f, problems := scenario.Load(path, src, runner.Names())
	if f == nil {
		return nil, problems
	}
	return []*scenario.File{f}, problems
}

// rebase makes the paths of what was loaded below a folder readable from here.
func rebase(path string, isDir bool, files []*scenario.File, problems []scenario.Problem) {
	if !isDir {
		return
	}
	for _, f := range files {
		f.Path = filepath.Join(path, f.Path)
	}
	for i := range problems {
		problems[i].File = filepath.Join(path, problems[i].File)
	}
}

func printProblems(w io.Writer, problems []scenario.Problem) {
	for i := range problems {
		fmt.Fprintln(w, problems[i].Error())
		if problems[i].Hint != "" {
			fmt.Fprintf(w, "\thint: %s\n", problems[i].Hint)
		}
	}
}
