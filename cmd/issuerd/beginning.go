package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// args takes the path of --env-file as an argument too, since serve has no others.
func (f *serveFlags) args(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && cmd.Flags().Changed("env-file") && f.envFile == defaultEnvFile() {
		f.envFile = args[0]
		return nil
	}
	return noArgs(cmd, args)
}

// beginning is how the default world begins: its clock, and the faults of its issuers.
func (f *serveFlags) beginning() (world control.WorldSpec, faults []control.FaultSpec, err error) {
	world.Frozen = f.freeze
	if f.clock != "" {
		if world.Start, err = parseTime(f.clock); err != nil {
			return world, nil, fmt.Errorf("--clock %w", err)
		}
	}
	faults, err = parseFaults(f.faults)
	return world, faults, err
}

// parseFaults reads the faults of serve --fault. One that would take the place of an earlier one is an error.
func parseFaults(flags []string) (all []control.FaultSpec, err error) {
	var from []string // the flag of each
	for _, text := range flags {
		var more []control.FaultSpec
		if isFaultFile(text) {
			more, err = readFaultFile(text)
		} else {
			more = make([]control.FaultSpec, 1)
			more[0], err = parseFault(text)
		}
		if err != nil {
			return nil, err
		}
		for _, fault := range more {
			i := slices.IndexFunc(all, func(other control.FaultSpec) bool { return other.Issuer == fault.Issuer && other.Name == fault.Name })
			if i >= 0 {
				return nil, fmt.Errorf("--fault %q: %s of %s is already in --fault %q, and only one of them would be in force: leave one out",
					text, fault.Name, fault.Issuer, from[i])
			}
			all, from = append(all, fault), append(from, text)
		}
	}
	return all, nil
}

// resetClock has the clock of a world that --state has kept be as the flags say.
func (f *serveFlags) resetClock(kept *farm.World, world control.WorldSpec) error {
	if f.state == "" || f.clock == "" && !f.freeze {
		return nil
	}
	spec := control.ClockSpec{Set: world.Start}
	if f.freeze {
		spec.Freeze = new(true)
	}
	if _, err := kept.SetClock(spec); err != nil {
		return fmt.Errorf("--clock: %w", err)
	}
	return nil
}

// answerTime is how long a farm has to answer that may have ended.
const answerTime = time.Second

// validateEnvFile is the file of --env-file before the farm is there, or nil. One that another farm has left, which
// still answers, is not replaced.
func (f *serveFlags) validateEnvFile(ctx context.Context, addrs map[plane.Plane]string) (*envFile, error) {
	if f.envFile == "" {
		return nil, nil
	}
	if addrs[plane.Control] == "" {
		return nil, errors.New("--env-file: the control plane listens nowhere, and the file is to say where")
	}
	var err error
	if f.envFile, err = filepath.Abs(f.envFile); err != nil {
		return nil, cannotRun(err)
	}
	left := &envFile{path: f.envFile}
	if err := left.validatePath(); err != nil {
		return nil, err
	}
	other, err := readEnvFile(f.envFile)
	if err != nil {
		return left, nil // there is none, or an empty one
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	if _, err := (&control.Client{URL: other.url, Token: other.token}).Info(ctx); err == nil {
		return nil, &exitError{
			code: exitRun, err: fmt.Errorf("--env-file: a farm at %s has left %s, and runs", other.url, other.path),
			hint: "end it, or give another path, --env-file=PATH, and to the commands in " + envFileVariable,
		}
	}
	return left, nil
}
