package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/issuers/generic"
)

// schemas are the formats of files.
var schemas = map[string]func() []byte{"scenario": scenario.Schema, "directory": directory.Schema, "issuer": generic.Schema}

var schemaNames = []string{"scenario", "directory", "issuer"}

func newSchema() *cobra.Command {
	names := schemaNames
	var install, vscode bool
	var folder string
	cmd := &cobra.Command{
		Use:   "schema [scenario|directory|issuer]",
		Short: "Print the JSON schema of scenario, directory or issuer files",
		Long: `Print the JSON schema of scenario files, or of the files that serve --directory or --issuers reads, for editors: put its path into the
first line of a file,
	# yaml-language-server: $schema=scenario.schema.json

With --install it writes all three into a folder instead, and says what to tell an editor; with --vscode it tells VS Code itself, in
.vscode/settings.json below the working directory. Whatever else is in that file stays as it is, and so does a file that has schemas of
YAML already. Run it again after an update of issuerd.`,
		Example: `  issuerd schema >scenario.schema.json
  issuerd schema directory >directory.schema.json
  issuerd schema issuer >issuer.schema.json
  issuerd schema --install
  issuerd schema --install --dir schemas --vscode`,
		Args:              wantArgs(0, 1, "one of scenario, directory and issuer"),
		ValidArgsFunction: once(cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case install && len(args) > 0:
				return fmt.Errorf("schema --install writes all schemas: leave %q out", args[0])
			case !install && (vscode || cmd.Flags().Changed("dir")):
				return errors.New("--dir and --vscode are for --install")
			case install:
				return installSchemas(cmd.OutOrStdout(), folder, vscode)
			}
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
	cmd.Flags().BoolVar(&install, "install", false, "write the schemas into a folder and say what to tell an editor")
	cmd.Flags().StringVar(&folder, "dir", schemaFolder, "the `FOLDER` for --install")
	cmd.Flags().BoolVar(&vscode, "vscode", false, "with --install, add them to .vscode/settings.json")
	return cmd
}
