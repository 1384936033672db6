package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
)

func newWorkload() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "workload",
		Short: "Start workloads at a running farm, print their environments, list and end them",
		Long: `Start workloads at a running farm, print their environments, list and end them. A workload is somebody who asks a platform's own token
API for tokens, with what the platform puts into the environment. It ends with its world.`,
	}
	cmd.AddCommand(newWorkloadStart(), newWorkloadList(), newWorkloadEnv(), newWorkloadEnd())
	return cmd
}

type workloadFlags struct {
	farmFlags
	preset, audience string
	claims, env      []string
}

func newWorkloadStart() *cobra.Command {
	var f workloadFlags
	cmd := &cobra.Command{
		Use:   "start ISSUER",
		Short: "Start a workload of an issuer, and print its id",
		Long: `Start a workload of an issuer, and print its id. issuerd workload env prints its environment, and issuerd token --print-env does both at
once.`,
		Example: `  issuerd workload start github --preset environment
  issuerd workload start terraform --env TFC_WORKLOAD_IDENTITY_AUDIENCE=api://AzureADTokenExchange`,
		Args:              wantArgs(1, 1, "a platform or the URL of an issuer"),
		ValidArgsFunction: once(completePlatforms),
		RunE: onFarm(&f.farmFlags, func(cmd *cobra.Command, args []string, farm *connection) error {
			spec, err := f.spec(args[0])
			if err != nil {
				return err
			}
			workload, err := farm.StartWorkload(cmd.Context(), farm.world, spec)
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), workload)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), workload.ID)
			return err
		}),
	}
	f.farmFlags.add(cmd)
	f.addJSON(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.preset, "preset", "", "the context it runs in; the issuer's own unless given")
	flags.StringVar(&f.audience, "audience", "", "of tokens that the platform delivers without being asked; its usual one unless given")
	flags.StringArrayVar(&f.claims, "claim", nil, "name=text, or name:=JSON for other types; name:=null removes the claim (repeatable)")
	flags.StringArrayVar(&f.env, "env", nil, "NAME=value: a variable that the workload's user sets (repeatable)")
	return cmd
}

func (f *workloadFlags) spec(arg string) (spec control.WorkloadSpec, err error) {
	spec.Audience = f.audience
	if spec.Issuer, spec.Preset, err = issuerOf(arg, f.preset); err != nil {
		return spec, err
	}
	if spec.Claims, err = parseMembers("--claim", f.claims); err != nil {
		return spec, err
	}
	spec.Env, err = parseEnv(f.env)
	return spec, err
}

func newWorkloadList() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the workloads",
		Example: "  issuerd workload list\n  issuerd workload list --json",
		Args:    noArgs,
		RunE: onFarm(&f, func(cmd *cobra.Command, _ []string, farm *connection) error {
			workloads, err := farm.Workloads(cmd.Context(), farm.world)
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), list(workloads))
			}
			rows := [][]string{{"ID", "SINCE", "TOKEN API"}}
			for _, w := range workloads {
				rows = append(rows, []string{w.ID, moment(w.Now), w.Base})
			}
			return printTable(cmd.OutOrStdout(), rows)
		}),
	}
	f.add(cmd)
	f.addJSON(cmd)
	return cmd
}

func newWorkloadEnv() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:   "env ID",
		Short: "Print the environment of a workload for a shell",
		Long: `Print the environment in which the platform's own clients find their token, as a shell takes it: eval "$(issuerd workload env ID)". It
holds the platform's credential.`,
		Example:           `  id=$(issuerd workload start github) && eval "$(issuerd workload env $id)"`,
		Args:              wantArgs(1, 1, "the id of a workload"),
		ValidArgsFunction: once(completeWorkloads),
		RunE: onFarm(&f, func(cmd *cobra.Command, args []string, farm *connection) error {
			workload, err := farm.Workload(cmd.Context(), farm.world, args[0])
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), workload)
			}
			return printExports(cmd.OutOrStdout(), workload.Env)
		}),
	}
	f.add(cmd)
	f.addJSON(cmd)
	return cmd
}

// printExports prints variables by name for a shell.
func printExports(w io.Writer, env map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if _, err := fmt.Fprintf(w, "export %s=%s\n", name, shellQuote(env[name])); err != nil {
			return err
		}
	}
	return nil
}

func newWorkloadEnd() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:               "end ID...",
		Short:             "End workloads",
		Example:           `  id=$(issuerd workload start github) && issuerd workload end $id`,
		Args:              wantArgs(1, many, "ids of workloads"),
		ValidArgsFunction: completeWorkloads,
		RunE: onFarm(&f, func(cmd *cobra.Command, args []string, farm *connection) error {
			for _, id := range args {
				if err := farm.EndWorkload(cmd.Context(), farm.world, id); err != nil {
					return err
				}
			}
			return nil
		}),
	}
	f.add(cmd)
	return cmd
}
