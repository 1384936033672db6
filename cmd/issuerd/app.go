package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
)

func newApp() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "app",
		Short: "Add applications to the Entra of a running farm, list, show and remove them",
	}
	cmd.AddCommand(newAppAdd(), newAppList(), newAppShow(), newAppRemove())
	return cmd
}

func newAppAdd() *cobra.Command {
	var f farmFlags
	var spec control.ApplicationSpec
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add an application, and print its client id",
		Long:  "Add an application to the tenant of a running farm's Entra, and print its client id. issuerd credential add has it trust an issuer.",
		Example: `  issuerd app add deployer
  issuerd app add service --no-service-principal --json`,
		Args: wantArgs(1, 1, "the name of the application"),
		RunE: onFarm(&f, func(cmd *cobra.Command, args []string, farm *connection) error {
			spec.Name = args[0]
			app, err := farm.AddApplication(cmd.Context(), farm.world, spec)
			if err != nil {
				return err
			}
			if f.json {
				err = printJSON(cmd.OutOrStdout(), app)
			} else {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), app.ClientID)
			}
			farm.hintSpread(cmd.Context(), cmd.ErrOrStderr(), propagation)
			return err
		}),
	}
	f.add(cmd)
	f.addJSON(cmd)
	cmd.Flags().BoolVar(&spec.NoServicePrincipal, "no-service-principal", false, "leave out its service principal, without which nobody signs in as it")
	return cmd
}

func newAppList() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the applications",
		Example: "  issuerd app list\n  issuerd app list --json",
		Args:    noArgs,
		RunE: onFarm(&f, func(cmd *cobra.Command, _ []string, farm *connection) error {
			apps, err := farm.Applications(cmd.Context(), farm.world)
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), list(apps))
			}
			rows := [][]string{{"NAME", "CLIENT ID", "CREDENTIALS"}}
			for _, app := range apps {
				rows = append(rows, []string{app.Name, app.ClientID, fmt.Sprint(len(app.Credentials))})
			}
			return printTable(cmd.OutOrStdout(), rows)
		}),
	}
	f.add(cmd)
	f.addJSON(cmd)
	return cmd
}

func newAppShow() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:               "show APP",
		Short:             "Show an application with its credentials",
		Example:           "  issuerd app show demo\n  issuerd app show demo --json",
		Args:              wantArgs(1, 1, "the name or client id of an application"),
		ValidArgsFunction: once(completeApps),
		RunE: onFarm(&f, func(cmd *cobra.Command, args []string, farm *connection) error {
			app, err := farm.Application(cmd.Context(), farm.world, args[0])
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), app)
			}
			err = printTable(cmd.OutOrStdout(), [][]string{
				{"name", app.Name}, {"tenant", app.Tenant}, {"client id", app.ClientID}, {"object id", app.ObjectID},
			})
			if err != nil || len(app.Credentials) == 0 {
				return err
			}
			if _, err := fmt.Fprintln(cmd.OutOrStdout()); err != nil {
				return err
			}
			return printCredentials(cmd.OutOrStdout(), app.Credentials)
		}),
	}
	f.add(cmd)
	f.addJSON(cmd)
	return cmd
}

func newAppRemove() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:               "remove APP...",
		Short:             "Remove applications",
		Example:           "  issuerd app add temporary\n  issuerd app remove temporary",
		Args:              wantArgs(1, many, "applications"),
		ValidArgsFunction: completeApps,
		RunE: onFarm(&f, func(cmd *cobra.Command, args []string, farm *connection) error {
			for _, app := range args {
				if err := farm.RemoveApplication(cmd.Context(), farm.world, app); err != nil {
					return err
				}
			}
			farm.hintSpread(cmd.Context(), cmd.ErrOrStderr(), propagation)
			return nil
		}),
	}
	f.add(cmd)
	return cmd
}
