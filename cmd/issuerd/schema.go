package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/issuers/generic"
)

// schemas are the formats of files.
var schemas = map[string]func() []byte{"scenario": scenario.Schema, "directory": directory.Schema, "issuer": generic.Schema}

func newSchema() *cobra.Command {
	names := []string{"scenario", "directory", "issuer"}
	return &cobra.Command{
		Use:   "schema [scenario|directory|issuer]",
		Short: "Print the JSON schema of scenario, directory or issuer files",
		Long: `Print the JSON schema of scenario files, or of the files that serve --directory or --issuers reads, for editors: put its path into the
first line of a file,
	# yaml-language-server: $schema=scenario.schema.json`,
		Example: `  issuerd schema >scenario.schema.json
  issuerd schema directory >directory.schema.json
  issuerd schema issuer >issuer.schema.json`,
		Args:              wantArgs(0, 1, "one of scenario, directory and issuer"),
		ValidArgsFunction: once(cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "scenario"
			if len(args) > 0 {
				name = args[0]
			}
			schema, ok := schemas[name]
			if !ok {
				err := fmt.Errorf("schema %q: want scenario, directory or issuer", name)
				return &exitError{code: exitUsage, err: err, hint: didYouMean(name, names, "")}
			}
			_, err := cmd.OutOrStdout().Write(schema())
			return err
		},
	}
}
