package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/wording"
)

type journalFlags struct {
	farmFlags
	query       control.JournalQuery
	plane, code string
	follow      bool
	tail        int
	wait        time.Duration
}

func newJournal() *cobra.Command {
	var f journalFlags
	cmd := &cobra.Command{
		Use:   "journal",
		Short: "Print what happened at a running farm",
		Long: `Print the journal of a running farm, a line for each request and each sign-in, the oldest first. Below a sign-in that Entra refused are
the checks that it made, with what the one that failed wanted and got. The journal holds no token.

A farm keeps the last 1,000 entries of a world. With --json --follow each entry is a JSON document on a line of its own.

Exit status: 0, 1 nothing came in the time of --wait, 2 bad usage, 3 no farm answers, or it has ended.`,
		Example: `  issuerd journal
  issuerd journal --failed
  issuerd journal --sign-ins --tail 1
  issuerd journal --platform github --route jwks --json`,
		Args: noArgs,
		RunE: onFarm(&f.farmFlags, func(cmd *cobra.Command, _ []string, farm *connection) error { return f.print(cmd, farm) }),
	}
	f.farmFlags.add(cmd)
	f.addJSON(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&f.follow, "follow", "f", false, "go on with what happens from now on, until Ctrl-C")
	flags.BoolVar(&f.query.Failed, "failed", false, "only sign-ins that were refused, and requests that were answered with 400 or more")
	flags.BoolVar(&f.query.SignIns, "sign-ins", false, "only sign-ins")
	flags.StringVar(&f.code, "code", "", "only sign-ins that this code refused, such as AADSTS700213")
	flags.StringVar(&f.plane, "plane", "", "only requests on this plane: issuer, workload, entra or control")
	flags.StringVar(&f.query.Platform, "platform", "", "only what is of this platform, or of entra")
	flags.StringVar(&f.query.Issuer, "issuer", "", "only sign-ins with tokens of the issuer with this URL, and requests for its documents")
	flags.StringVar(&f.query.Route, "route", "", "only requests for this route, such as jwks or discovery")
	flags.IntVar(&f.query.After, "after", 0, "only entries with a higher number")
	flags.IntVar(&f.tail, "tail", -1, "only the last so many of those that are there; -1: all that are kept")
	flags.DurationVar(&f.wait, "wait", 0, "how long to wait for an entry if there is none to print, at most 1m; with --tail 0, for the next one")
	cmd.MarkFlagsMutuallyExclusive("follow", "wait")
	return cmd
}

func (f *journalFlags) print(cmd *cobra.Command, farm *connection) error {
	if err := f.validate(); err != nil {
		return err
	}
	read, err := farm.Journal(cmd.Context(), farm.world, f.query)
	if err != nil {
		return err
	}
	if f.tail >= 0 && len(read.Entries) > f.tail {
		read.Entries = read.Entries[len(read.Entries)-f.tail:]
	}
	if f.wait > 0 && len(read.Entries) == 0 {
		f.query.After, f.query.Wait = max(read.Last, f.query.After), f.wait
		if read, err = farm.Journal(cmd.Context(), farm.world, f.query); err != nil {
			return err
		}
		if len(read.Entries) == 0 {
			return &exitError{code: exitFail, err: fmt.Errorf("nothing came in %s", control.Duration(f.wait))}
		}
	}
	if f.json && !f.follow {
		return printJSON(cmd.OutOrStdout(), read)
	}
	if err := f.printPart(cmd, read); err != nil || !f.follow {
		return err
	}
	f.query.After = max(read.Last, f.query.After)
	err = farm.Follow(cmd.Context(), farm.world, f.query, func(part control.Journal) error { return f.printPart(cmd, part) })
	if cmd.Context().Err() != nil {
		return nil // the user has seen enough
	}
	return err
}

// printPart prints entries, and warns of those that are missing before them.
func (f *journalFlags) printPart(cmd *cobra.Command, part control.Journal) error {
	if part.Dropped > 0 && (f.follow || f.query.After > 0) {
		fmt.Fprintf(cmd.ErrOrStderr(), "issuerd: warning: %s too old to be kept\n", wording.Count(part.Dropped, "entry"))
	}
	return f.printEntries(cmd.OutOrStdout(), part.Entries)
}

func (f *journalFlags) validate() error {
	if f.tail < -1 {
		return fmt.Errorf("--tail %d: want how many entries, or -1 for all", f.tail)
	}
	if f.wait < 0 {
		return fmt.Errorf("--wait %s: want a duration that is not negative", f.wait)
	}
	if f.query.After < 0 {
		return fmt.Errorf("--after %d: want the number of an entry", f.query.After)
	}
	if f.plane != "" {
		f.query.Plane = plane.Plane(f.plane)
		if names := planeNames(); !slices.Contains(names, f.plane) {
			err := fmt.Errorf("--plane %q: want one of %s", f.plane, strings.Join(names, ", "))
			return &exitError{code: exitUsage, err: err, hint: didYouMean(f.plane, names, "")}
		}
	}
	if f.code != "" {
		var err error
		if f.query.Code, err = codeNumber(f.code); err != nil {
			return fmt.Errorf("--code %q: %w", f.code, err)
		}
	}
	return nil
}

func planeNames() []string {
	names := make([]string, len(plane.All))
	for i, p := range plane.All {
		names[i] = string(p)
	}
	return names
}

func (f *journalFlags) printEntries(w io.Writer, entries []control.Entry) error {
	color := colored(w)
	for _, entry := range entries {
		text := entryText(entry, color)
		if f.json {
			raw, err := json.Marshal(entry)
			if err != nil {
				return err
			}
			text = string(raw) + "\n"
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

// injectedText names the faults that have changed an answer, if there are any.
func injectedText(faults []string) string {
	if len(faults) == 0 {
		return ""
	}
	return "  (injected: " + strings.Join(faults, ", ") + ")"
}

// entryText is an entry of the journal in a line, and below it the checks of a sign-in that was refused.
func entryText(e control.Entry, color bool) string {
	at := moment(e.Time)
	in := e.SignIn
	if in == nil {
		status := fmt.Sprint(e.Status)
		if e.Status == 0 {
			status = "no answer"
		}
		text := fmt.Sprintf("%s  %-8s  %s %s %s", at, e.Plane, e.Method, e.URL, status)
		if e.Agent != "" {
			text += "  " + e.Agent
		}
		text += injectedText(e.Injected)
		return wording.Printable(text) + "\n"
	}
	who := in.AppName
	if who == "" {
		who = in.ClientID
	}
	text := fmt.Sprintf("%s  %-8s  %s", at, "sign-in", orNothing(who))
	if in.Issuer != "" {
		text += fmt.Sprintf(" with a token of %s for %s", in.Issuer, orNothing(in.Subject))
	}
	text = wording.Printable(text)
	injected := wording.Printable(injectedText(in.Injected)) + "\n"
	switch {
	case in.Status == 0: // a fault's doing
		return text + ": no answer" + injected
	case in.Code == 0 && in.Status < 400:
		return text + ": signed in" + injected
	case in.Code == 0:
		return strings.TrimRight(fmt.Sprintf("%s: refused, HTTP status %d %s", text, in.Status, wording.Printable(in.Error)), " ") + injected + checksText(*in, "    ", color)
	}
	return fmt.Sprintf("%s: refused, %s", text, codeName(in.Code)) + injected + checksText(*in, "    ", color)
}
