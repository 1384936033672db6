package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/scenario"
)

func newLint() *cobra.Command {
	return &cobra.Command{
		Use:   "lint [PATH...]",
		Short: "Check scenario files without running them",
		Long: `Check scenario files and print every problem as file:line:col: message, with a hint where there is one.
Paths are files and folders; without any, the scenarios that come with issuerd are checked. Nothing is sent anywhere.

Exit status: 0 without problems, 2 with some or when a path can't be read.`,
		RunE: func(cmd *cobra.Command, paths []string) error {
			files, problems, err := load(paths)
			if err != nil {
				return err
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

func printProblems(w io.Writer, problems []scenario.Problem) {
	for i := range problems {
		fmt.Fprintln(w, problems[i].Error())
		if problems[i].Hint != "" {
			fmt.Fprintf(w, "\thint: %s\n", problems[i].Hint)
		}
	}
}
