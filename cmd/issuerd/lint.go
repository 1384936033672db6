package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/wording"
)

func newLint() *cobra.Command {
	return &cobra.Command{
		Use:   "lint [PATH...]",
		Short: "Check scenario and directory files without running them",
		Long: `Check scenario files and print every problem as file:line:col: message, with a hint where there is one.
Paths are files and folders; without any, the scenarios that come with issuerd are checked. A file whose first level has tenants is checked
as a directory, for serve --directory. Nothing is sent anywhere. A warning is about an old word that means the same as the new one that its
hint says.

Exit status: 0 without problems, whatever the warnings, 2 with some or when a path can't be read.`,
		RunE: func(cmd *cobra.Command, paths []string) error {
			directories, paths, broken, err := lintDirectories(paths)
			if err != nil {
				return err
			}
			for _, problem := range broken {
				fmt.Fprintln(cmd.OutOrStdout(), problem)
			}
			var files []*scenario.File
			var problems document.Problems
			if directories == 0 || len(paths) > 0 {
				if files, problems, err = load(paths); err != nil {
					return err
				}
			}
			if len(problems) > 0 {
				fmt.Fprintln(cmd.OutOrStdout(), problems)
			}
			for _, f := range files {
				if len(f.Warnings) > 0 {
					fmt.Fprintln(cmd.OutOrStdout(), f.Warnings)
				}
			}
			if len(problems)+len(broken) > 0 {
				return &exitError{code: exitUsage}
			}
			if directories > 0 {
				_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%s, %s, no problems\n", wording.Count(directories, "directory file"), wording.Count(len(files), "scenario file"))
			} else {
				_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%s, no problems\n", wording.Count(len(files), "scenario file"))
			}
			return err
		},
	}
}

// lintDirectories checks those of the paths that are directory files, and returns how many they are, the other paths,
// and what is wrong.
func lintDirectories(paths []string) (count int, others []string, broken []error, err error) {
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
		if _, err := parseDirectory(path, src); err != nil {
			broken = append(broken, err)
		}
	}
	return count, others, broken, nil
}
