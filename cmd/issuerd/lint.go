package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/wording"
)

// findings are what lint prints with --json.
type findings struct {
	Scenarios   int       `json:"scenarios"`   // the scenario files without problems
	Directories int       `json:"directories"` // the directory files, with problems or without
	Problems    []finding `json:"problems"`
	Warnings    []finding `json:"warnings"`
}

// finding is a problem or a warning. Line and column count from 1; line 0 means the whole file.
type finding struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func newLint() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lint [PATH|NAME...]",
		Short: "Check scenario and directory files without running them",
		Long: `Check scenario files and print every problem as file:line:col: message, with a hint where there is one.
Paths are files and folders, and names as run takes them; without any, the scenarios that come with issuerd are checked. A file whose
first level has tenants is checked as a directory, for serve --directory. Nothing is sent anywhere. A warning is about an old word that
means the same as the new one that its hint says.

Exit status: 0 without problems, whatever the warnings, 2 with some or when a path can't be read.`,
		Example: `  issuerd lint
  issuerd lint my.yaml entra.yaml
  issuerd lint my.yaml --json`,
		SuggestFor:        []string{"check", "validate", "verify"},
		ValidArgsFunction: completeScenarios,
		RunE: func(cmd *cobra.Command, paths []string) error {
			found, problems, warnings, err := lint(paths)
			if err != nil {
				return err
			}
			if asJSON {
				found.Problems, found.Warnings = findingsOf(problems), findingsOf(warnings)
				err = printJSON(cmd.OutOrStdout(), found)
			} else {
				err = printFindings(cmd.OutOrStdout(), problems, warnings)
			}
			if err != nil {
				return err
			}
			if len(problems) > 0 {
				return &exitError{code: exitUsage}
			}
			checked := wording.Count(found.Scenarios, "scenario file")
			if found.Directories > 0 {
				checked = wording.Count(found.Directories, "directory file") + ", " + checked
			}
			_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%s, no problems\n", checked)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON document with the problems and warnings")
	return cmd
}

// lint checks the directory files among the paths, and the others as scenarios.
func lint(paths []string) (found findings, problems, warnings document.Problems, err error) {
	found.Directories, paths, problems, err = lintDirectories(paths)
	if err != nil || found.Directories > 0 && len(paths) == 0 {
		return found, problems, nil, err
	}
	loaded, err := load(paths)
	if err != nil {
		return found, nil, nil, err
	}
	for _, p := range loaded.problems {
		if p.Message != scenario.DirectoryFile {
			problems = append(problems, p)
			continue
		}
		some, err := lintDirectory(p.File)
		if err != nil {
			return found, nil, nil, err
		}
		problems = append(problems, some...)
		found.Directories++
	}
	for _, f := range loaded.files {
		warnings = append(warnings, f.Warnings...)
	}
	found.Scenarios = len(loaded.files)
	return found, problems, warnings, nil
}

// lintDirectory returns what is wrong with a directory file.
func lintDirectory(path string) (document.Problems, error) {
	_, _, err := readDirectory(path)
	var problems document.Problems
	if err != nil && !errors.As(err, &problems) {
		return nil, err
	}
	return problems, nil
}

// printFindings prints a line for each problem and warning, and one for each hint.
func printFindings(w io.Writer, all ...document.Problems) error {
	for _, problems := range all {
		if len(problems) > 0 {
			if _, err := fmt.Fprintln(w, problems); err != nil {
				return err
			}
		}
	}
	return nil
}

func findingsOf(problems document.Problems) []finding {
	list := make([]finding, len(problems))
	for i, p := range problems {
		list[i] = finding{p.File, p.Line, p.Column, p.Message, p.Hint}
	}
	return list
}

// lintDirectories checks those of the paths that are directory files, and returns how many they are, the other paths,
// and what is wrong.
func lintDirectories(paths []string) (count int, others []string, problems document.Problems, err error) {
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			others = append(others, path)
			continue
		}
		src, err := document.ReadFile(disk{}, path, document.MaxSize)
		if err != nil {
			return 0, nil, nil, err
		}
		if !directory.IsFile(src) {
			others = append(others, path)
			continue
		}
		count++
		some, err := lintDirectory(path)
		if err != nil {
			return 0, nil, nil, err
		}
		problems = append(problems, some...)
	}
	return count, others, problems, nil
}
