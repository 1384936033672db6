package main

import (
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/wording"
)

// many is as many arguments as anybody gives.
const many = math.MaxInt

// wantArgs wants from least to most arguments, and says what they are.
func wantArgs(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return fmt.Errorf("%s: want %s, got %s", cmd.CommandPath(), what, wording.Count(len(args), "argument"))
		}
		return nil
	}
}

// first is the first of the arguments, or nothing.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
