package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [scenario|directory]",
		Short: "Print the JSON schema of scenario files, or of directory files",
		Long: `Print the JSON schema of scenario files, or of the files that serve --directory reads, for editors: put its path into the first line of
a file,
	# yaml-language-server: $schema=scenario.schema.json`,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: []string{"scenario", "directory"},
		RunE: func(cmd *cobra.Command, args []string) error {
			schema := scenario.Schema()
			switch {
			case len(args) == 0 || args[0] == "scenario":
			case args[0] == "directory":
				schema = directory.Schema()
			default:
				return fmt.Errorf("schema %q: want scenario or directory", args[0])
			}
			_, err := cmd.OutOrStdout().Write(schema)
			return err
		},
	}
}
