package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
)

func newDecode() *cobra.Command {
	return &cobra.Command{
		Use:   "decode [FILE|-]",
		Short: "Print what a token says, without verifying it",
		Long: `Print what a token says as one JSON document: its header, its claims, and those claims that are times. The token is read from standard
input or from a file, and never taken as an argument, where other users of the machine could read it. Nobody verifies it.

On a terminal the times are said in words too. Times are those of this machine's clock, not of a farm's world.`,
		Example: `  issuerd token github | issuerd decode
  issuerd token github >token.jwt && issuerd decode token.jwt`,
		Args:              wantArgs(0, 1, "a file, or - for standard input"),
		ValidArgsFunction: once(completeFiles),
		RunE: func(cmd *cobra.Command, args []string) error {
			token, err := tokenFrom(cmd, args)
			if err != nil {
				return err
			}
			decoded, err := control.Decode(token)
			if err != nil {
				return err
			}
			if err := printJSON(cmd.OutOrStdout(), decoded); err != nil {
				return err
			}
			if isTerminal(cmd.OutOrStdout()) {
				return sayTimes(cmd.ErrOrStderr(), decoded.Times, time.Now())
			}
			return nil
		},
	}
}

// tokenFrom reads the token of a command's only argument: a file, or - for standard input, as without one.
func tokenFrom(cmd *cobra.Command, args []string) (string, error) {
	if len(args) == 0 || args[0] == "-" {
		return readToken(cmd.InOrStdin(), "standard input")
	}
	file, err := os.Open(args[0])
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // it was only read
	return readToken(file, args[0])
}

// sayTimes says when the times of a token are, the earliest first.
func sayTimes(w io.Writer, times map[string]time.Time, now time.Time) error {
	names := slices.SortedFunc(maps.Keys(times), func(a, b string) int { return times[a].Compare(times[b]) })
	for _, name := range names {
		if _, err := fmt.Fprintf(w, "%-10s %s, %s\n", name, moment(times[name]), fromNow(times[name].Sub(now))); err != nil {
			return err
		}
	}
	return nil
}

// fromNow says how far away a time is, to the minute if that is far.
func fromNow(d time.Duration) string {
	rounded := d.Abs().Round(time.Second)
	if rounded >= time.Hour {
		rounded = rounded.Round(time.Minute)
	}
	switch text := control.Duration(rounded).String(); {
	case rounded == 0:
		return "now"
	case d < 0:
		return text + " ago"
	default:
		return "in " + text
	}
}
