package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
)

func newClock() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:   "clock",
		Short: "Print, set and move the clock of a running farm",
		Long: `Print the time of a running farm: what Entra's clock says, and how far the issuers' clock is ahead of it, if it is. A world has clocks
of its own, which its Entra, its issuers and its workloads go by.`,
		Example: "  issuerd clock\n  issuerd clock --json",
		Args:    noArgs,
		RunE: onFarm(&f, func(cmd *cobra.Command, _ []string, farm *connection) error {
			world, err := farm.World(cmd.Context(), farm.world)
			if err != nil {
				return err
			}
			return f.printClock(cmd, world)
		}),
	}
	f.add(cmd)
	f.addJSON(cmd)
	advance := clockCommand("advance DURATION", "Move the clock on", wantArgs(1, 1, "a duration, such as 1h or 90s"), func(args []string) (control.ClockSpec, error) {
		d, err := time.ParseDuration(first(args))
		if err != nil || d < 0 {
			return control.ClockSpec{}, fmt.Errorf("clock advance %q: want a duration that is not negative, such as 1h, 30m or 90s", first(args))
		}
		return control.ClockSpec{Advance: control.Duration(d)}, nil
	})
	advance.Long = "Move the clock on. What the platforms do in that time for the workloads, such as to renew their tokens, is done when it returns."
	advance.Example = "  issuerd clock advance 1h"
	set := clockCommand("set TIME", "Set the clock", wantArgs(1, 1, "a time, such as 2027-01-31T12:00:00Z or 2027-01-31"), func(args []string) (control.ClockSpec, error) {
		t, err := parseTime(first(args))
		return control.ClockSpec{Set: t}, err
	})
	set.Example = "  issuerd clock set 2027-01-31T12:00:00Z\n  issuerd clock set 2027-01-31"
	freeze := clockCommand("freeze", "Stop the clock", noArgs, func([]string) (control.ClockSpec, error) { return control.ClockSpec{Freeze: new(true)}, nil })
	freeze.Long = "Stop the clock. It stands still until it is moved or resumed."
	freeze.Example = "  issuerd clock freeze"
	resume := clockCommand("resume", "Have the clock go on", noArgs, func([]string) (control.ClockSpec, error) { return control.ClockSpec{Freeze: new(false)}, nil })
	resume.Example = "  issuerd clock resume"
	cmd.AddCommand(advance, set, freeze, resume)
	return cmd
}

func clockCommand(use, short string, args cobra.PositionalArgs, spec func([]string) (control.ClockSpec, error)) *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: func(cmd *cobra.Command, args []string) error {
			asked, err := spec(args)
			if err != nil { // before anybody looks for a farm
				return err
			}
			return onFarm(&f, func(cmd *cobra.Command, _ []string, farm *connection) error {
				world, err := farm.SetClock(cmd.Context(), farm.world, asked)
				if err != nil {
					return err
				}
				return f.printClock(cmd, world)
			})(cmd, args)
		},
	}
	f.add(cmd)
	f.addJSON(cmd)
	return cmd
}

func (f *farmFlags) printClock(cmd *cobra.Command, world control.World) error {
	if f.json {
		return printJSON(cmd.OutOrStdout(), world)
	}
	text := moment(world.Now)
	if world.Frozen {
		text += " frozen"
	}
	if world.Skew != 0 {
		text += fmt.Sprintf(" (the issuers' clock: %s)", moment(world.Now.Add(time.Duration(world.Skew))))
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), text)
	return err
}

// parseTime reads a time as RFC 3339 has it, or a day, which begins at midnight UTC.
func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q: want a time such as 2027-01-31T12:00:00Z, or a day such as 2027-01-31", text)
}
