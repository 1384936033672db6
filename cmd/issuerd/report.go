package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/report"
)

func newReport() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Merge the reports of a run's shards, and write them in other forms",
	}
	cmd.AddCommand(newReportMerge())
	return cmd
}

func newReportMerge() *cobra.Command {
	var f reportFlags
	var verbose bool
	cmd := &cobra.Command{
		Use:   "merge FILE...",
		Short: "Make one report of the JSON reports of a run's shards",
		Long: `Make one report of the JSON reports of a run's shards (issuerd run --shard … --json FILE), in any form. All shards must be there, each
once, and be of one run: of the same version, target, cases and files, and of the same run of a CI system where it says so. A single report
of a whole run is taken as it is, to have it in another form.

Exit status: as of issuerd run, so 0 if all passed, 1 or 3 if some case failed or could not be carried out; 2 if the reports are not one run's.`,
		Example: `  issuerd run gitlab --shard 1/2 --json shard1.json
  issuerd run gitlab --shard 2/2 --json shard2.json
  issuerd report merge shard1.json shard2.json --junit junit.xml`,
		Args:              wantArgs(1, many, "JSON reports"),
		ValidArgsFunction: completeFiles,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if err := f.validate(); err != nil {
				return err
			}
			run, err := mergeReports(paths)
			if err != nil {
				return err
			}
			files, err := f.open()
			if err != nil {
				return err
			}
			stdout := cmd.OutOrStdout()
			err = files.write(run)
			if f.streams() {
				err = errors.Join(err, report.Text(stdout, run, report.TextOptions{Color: colored(stdout), Verbose: verbose, GitHub: onGitHub()}), annotate(stdout, f.format, run))
			} else {
				err = errors.Join(err, report.Formats[f.format](stdout, run))
			}
			if err != nil {
				return cannotRun(err)
			}
			return exitOf(run)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "tell what was answered in each step, in cases that passed too")
	return cmd
}

// mergeReports reads JSON reports and makes one of them.
func mergeReports(paths []string) (report.Run, error) {
	var parts []report.Named
	for _, path := range paths {
		run, err := readReport(path)
		if err != nil {
			return report.Run{}, fmt.Errorf("%s: %w", path, err)
		}
		parts = append(parts, report.Named{Name: path, Run: run})
	}
	return report.Merge(parts)
}

func readReport(path string) (report.Run, error) {
	file, err := os.Open(path)
	if err != nil {
		return report.Run{}, errors.Unwrap(err) // the path is said already
	}
	defer func() { _ = file.Close() }() // it was only read
	return report.Read(file)
}
