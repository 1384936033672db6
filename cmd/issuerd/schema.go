package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/wording"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [scenario|directory]",
		Short: "Print the JSON schema of scenario files, or of directory files",
		Long: `Print the JSON schema of scenario files, or of the files that serve --directory reads, for editors: put its path into the first line of
a file,
	# yaml-language-server: $schema=scenario.schema.json`,
		Example: `  issuerd schema >scenario.schema.json
  issuerd schema directory >directory.schema.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("schema: want one of scenario and directory, got %s", wording.Count(len(args), "argument"))
			}
			return nil
		},
		ValidArgsFunction: once(cobra.FixedCompletions([]string{"scenario", "directory"}, cobra.ShellCompDirectiveNoFileComp)),
		RunE: func(cmd *cobra.Command, args []string) error {
			schema := scenario.Schema()
			switch {
			case len(args) == 0 || args[0] == "scenario":
			case args[0] == "directory":
				schema = directory.Schema()
			default:
				err := fmt.Errorf("schema %q: want scenario or directory", args[0])
				return &exitError{code: exitUsage, err: err, hint: didYouMean(args[0], []string{"scenario", "directory"}, "")}
			}
			_, err := cmd.OutOrStdout().Write(schema)
			return err
		},
	}
}
