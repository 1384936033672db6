package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
)

type explainFlags struct {
	caseFlags
	farm        farmFlags
	trace       string
	json, fetch bool
}

func newExplain() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain [FILE|-|TEXT|CODE]...",
		Short: "Say why a sign-in fails, from an error text, a token, a credential or a workflow",
		Long: `Say why a sign-in fails: what was presented, which federated credential is nearest and which characters differ, what Entra answers and
where in its order, how sure that is, and the commands that mend it.

An argument is a file, - for standard input, an error text, or a code such as AADSTS700213. Give what there is, several at once: the
text of the error, as the terminal or the log has it; the token; the credential, as Microsoft Graph, the Azure CLI, Terraform or Bicep
has it; the workflow's file; an entry of a farm's journal; a scenario, which is played. Without an argument, standard input is read. A token is never
taken as an argument, where other users of the machine could read it.

With --trace, the sign-in that a running farm has answered with this trace id or correlation id is explained, in whatever world it was.

The checks are those of issuerd's Entra. One whose input is missing is not known, and the list goes on. Nothing is sent anywhere; with
--fetch, the documents of the token's issuer are fetched, to check its key and signature. No token and no signature is printed.

Exit status: 0 it was explained, 2 bad usage, or the inputs say nothing about a sign-in.`,
		Example: `  issuerd explain AADSTS700213
  issuerd token github | issuerd explain -`,
		Args:              wantArgs(0, many, "files, - for standard input, an error text, or codes"),
		ValidArgsFunction: completeFiles,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.explain(cmd, args) },
	}
	f.caseFlags.add(cmd)
	f.farm.addControl(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.trace, "trace", "", "explain the sign-in of a running farm with this trace id or correlation id")
	flags.BoolVar(&f.json, "json", false, "print the report as JSON")
	flags.BoolVar(&f.fetch, "fetch", false, "fetch the documents of the token's issuer, and check its key and signature")
	return cmd
}

func (f *explainFlags) explain(cmd *cobra.Command, args []string) error {
	f.elsewhere = f.trace != ""
	c, err := f.read(cmd, args)
	if err != nil {
		return err
	}
	if f.trace != "" {
		if err := f.addTraced(cmd, &c); err != nil {
			return err
		}
	}
	if f.fetch {
		c.HTTP = outside()
	}
	for i := range c.Inputs {
		in := &c.Inputs[i]
		if in.Scenario == nil {
			continue
		}
		if in.SignIns, err = signInsOf(cmd.Context(), in.Scenario); err != nil {
			return err
		}
	}
	report, err := explain.Explain(cmd.Context(), c)
	if err != nil {
		return err
	}
	if report.Empty() && !f.json {
		return nothingToExplain(report)
	}
	if f.json {
		err = printJSON(cmd.OutOrStdout(), report)
	} else {
		_, err = io.WriteString(cmd.OutOrStdout(), report.Text(colored(cmd.OutOrStdout())))
	}
	if err == nil && report.Empty() {
		err = &exitError{code: exitUsage}
	}
	return err
}

// addTraced adds the sign-in of --trace, as a running farm has it in its journal.
func (f *explainFlags) addTraced(cmd *cobra.Command, c *explain.Case) error {
	farm, err := f.farm.connect(cmd)
	if err != nil {
		return err
	}
	found, err := farm.FindSignIn(cmd.Context(), f.trace)
	if err != nil {
		return farm.explain(cmd.Context(), err)
	}
	c.Inputs = append(c.Inputs, input.Found{
		Input: fmt.Sprintf("entry %d of the journal of the world %s", found.Entry.Seq, found.World), Kind: "a sign-in", SignIns: []entra.SignIn{*found.Entry.SignIn},
	})
	return nil
}

// nothingToExplain is the error about inputs that say nothing.
func nothingToExplain(report explain.Report) error {
	if len(report.Notes) > 0 {
		return errors.New(strings.Join(report.Notes, "\n"))
	}
	return &exitError{code: exitUsage, err: errors.New("nothing to explain here"), hint: whatIsTaken}
}

const whatIsTaken = "give the text of an error with AADSTS in it, a token, a federated credential, a workflow's or pipeline's file, an entry of a journal, a scenario, or a code"

// outside reaches issuers on the network, as the checks of the emulator want it: certificates are verified.
func outside() *http.Client {
	return &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableKeepAlives: true}}
}
