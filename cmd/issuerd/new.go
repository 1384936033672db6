package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/explain/reproduce"
)

func newNew() *cobra.Command {
	var preset, code, out string
	var force bool
	cmd := &cobra.Command{
		Use:   "new PLATFORM/NAME",
		Short: "Begin a scenario file that passes",
		Long: `Begin a scenario: a file in which a workload of a platform signs in, and which passes. It is written to PLATFORM/NAME.yaml, and its path is
printed. issuerd token --help lists the platforms and their presets. Where Entra refuses the tokens of a preset whatever the credential, the
file expects that; with --code, a refusal of your choice.

The first line names the schema of scenarios for editors, if that is in the file's folder or in one above it, where issuerd schema --install
puts it.`,
		Example: `  issuerd new github/my-case --out my-case.yaml && issuerd run my-case.yaml
  issuerd new fly/wrong-machine --preset machine --code 700213`,
		Args:              wantArgs(1, 1, "the name of the scenario, such as github/my-case"),
		ValidArgsFunction: once(cobra.NoFileCompletions),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := strings.TrimSuffix(args[0], ".yaml")
			if !strings.Contains(name, "/") {
				return &exitError{code: exitUsage, err: fmt.Errorf("%q: want a platform and a name, such as github/%s", args[0], name)}
			}
			number := 0
			if code != "" {
				known, err := codeNumber(code)
				if err != nil {
					return fmt.Errorf("--code %q: %w", code, err)
				}
				number = known
			}
			if out == "" {
				out = filepath.FromSlash(name + ".yaml")
			}
			schema := schemaBeside(out)
			made, err := reproduce.Start(name, preset, number, schema)
			if err != nil {
				return err
			}
			if err := writeScenario(out, made.Source, force); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), out)
			if schema == "" {
				fmt.Fprintln(cmd.ErrOrStderr(), "issuerd: hint: issuerd schema --install puts the schema where editors, and the next new file, find it")
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&preset, "preset", "", "the preset of the platform (default: its first of which Entra takes tokens)")
	flags.StringVar(&code, "code", "", "the refusal that the file is to expect, such as 700213")
	flags.StringVar(&out, "out", "", "the file to write (default: PLATFORM/NAME.yaml)")
	flags.BoolVar(&force, "force", false, "replace a file that is there")
	markFiles(cmd, "out")
	return cmd
}

// schemaPlaces are where the schema of scenarios is, in a folder: where people put it, and where schema --install does.
var schemaPlaces = []string{"scenario.schema.json", ".issuerd/scenario.schema.json"}

// schemaBeside is the path of the schema as a file says it: that in its folder, or in one of the five above it. Empty:
// there is none, or the file is standard output.
func schemaBeside(path string) string {
	if path == "" {
		return ""
	}
	folder := filepath.Dir(path)
	for range 6 {
		for _, place := range schemaPlaces {
			at := filepath.Join(folder, filepath.FromSlash(place))
			if info, err := os.Stat(at); err != nil || !info.Mode().IsRegular() {
				continue
			}
			to, err := filepath.Rel(filepath.Dir(path), at)
			if err != nil {
				return ""
			}
			if to = filepath.ToSlash(to); !strings.HasPrefix(to, ".") {
				to = "./" + to
			}
			return to
		}
		folder = filepath.Join(folder, "..")
	}
	return ""
}

// makeFolderOf makes the folder that a file is to be in.
func makeFolderOf(path string) error {
	return os.MkdirAll(filepath.Dir(path), 0o755)
}
