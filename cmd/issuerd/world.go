package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
)

func newWorld() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "world",
		Short: "Make, list and end the worlds of a running farm",
		Long: `Make, list and end the worlds of a running farm. A world has issuers, an Entra, a clock and a journal of its own, and others see nothing of
it. The world "default" is there from the start; the commands for a running farm are about it unless --world names another, by its id or its
name. A world in which nothing is asked ends by itself, see issuerd serve --idle-worlds.`,
	}
	cmd.AddCommand(newWorldNew(), newWorldList(), newWorldEnd())
	return cmd
}

func newWorldNew() *cobra.Command {
	var f farmFlags
	var spec control.WorldSpec
	var start, path string
	var skew time.Duration
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Make a world, and print its id",
		Long:  "Make a world without any issuer, and print its id. Its Entra has one tenant, Contoso, with nothing in it, unless --directory names a file.",
		Example: `  issuerd world new staging
  issuerd world new frozen --start 2027-01-31T12:00:00Z --frozen --json`,
		Args: wantArgs(1, 1, "a name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec.Name, spec.Skew = args[0], control.Duration(skew)
			if start != "" {
				var err error
				if spec.Start, err = parseTime(start); err != nil {
					return fmt.Errorf("--start %w", err)
				}
			}
			if path != "" {
				dir, _, err := readDirectory(path)
				if err != nil {
					return err
				}
				file := dir.File()
				spec.Tenants, spec.Options = file.Tenants, &file.Options
			}
			return onFarm(&f, func(cmd *cobra.Command, _ []string, farm *connection) error {
				if err := farm.refuseName(cmd.Context(), spec.Name); err != nil {
					return err
				}
				world, err := farm.CreateWorld(cmd.Context(), spec)
				if err != nil {
					return err
				}
				if f.json {
					return printJSON(cmd.OutOrStdout(), world)
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), world.ID)
				return err
			})(cmd, args)
		},
	}
	f.addControl(cmd)
	f.addJSON(cmd)
	flags := cmd.Flags()
	flags.StringVar(&start, "start", "", "what its clock says at the start; the real time unless given")
	flags.BoolVar(&spec.Frozen, "frozen", false, "its clock stands still until it is moved or resumed")
	flags.DurationVar(&skew, "skew", 0, "how far the issuers' clock is ahead of Entra's")
	flags.StringVar(&spec.Cloud, "cloud", "", "the cloud of tenants that do not say: public, usgov or china; public unless given")
	flags.StringVar(&path, "directory", "", "a file with Entra's tenants, applications and credentials")
	markFiles(cmd, "directory")
	return cmd
}

// refuseName refuses the name of a world that is there: --world could not tell the two apart.
func (c *connection) refuseName(ctx context.Context, name string) error {
	worlds, err := c.Worlds(ctx)
	if err != nil {
		return err
	}
	for _, w := range worlds {
		if name != "" && (w.Name == name || w.ID == name) {
			return &exitError{
				code: exitUsage, err: fmt.Errorf("world new %q: there is a world of this name, with the id %s", name, w.ID),
				hint: "give another name, or end that one: issuerd world end " + w.ID,
			}
		}
	}
	return nil
}

func newWorldList() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the worlds, the default one first",
		Example: "  issuerd world list\n  issuerd world list --json",
		Args:    noArgs,
		RunE: onFarm(&f, func(cmd *cobra.Command, _ []string, farm *connection) error {
			worlds, err := farm.Worlds(cmd.Context())
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), list(worlds))
			}
			rows := [][]string{{"ID", "NAME", "TENANT", "CLOCK"}}
			for _, w := range worlds {
				clock := moment(w.Now)
				if w.Frozen {
					clock += " frozen"
				}
				rows = append(rows, []string{w.ID, w.Name, w.Tenant, clock})
			}
			return printTable(cmd.OutOrStdout(), rows)
		}),
	}
	f.addControl(cmd)
	f.addJSON(cmd)
	return cmd
}

func newWorldEnd() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:               "end WORLD...",
		Short:             "End worlds, by their ids or names",
		Example:           "  issuerd world new temporary\n  issuerd world end temporary",
		Args:              wantArgs(1, many, "worlds"),
		ValidArgsFunction: completeWorlds,
		RunE: onFarm(&f, func(cmd *cobra.Command, args []string, farm *connection) error {
			for _, name := range args {
				id, err := farm.findWorld(cmd.Context(), name)
				if err == nil {
					err = farm.DeleteWorld(cmd.Context(), id)
				}
				if err != nil {
					return err
				}
			}
			return nil
		}),
	}
	f.addControl(cmd)
	return cmd
}
