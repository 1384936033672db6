package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/wording"
)

type exchangeFlags struct {
	farmFlags
	mintFlags
	app, tenant, scope string
	printToken         bool
}

func newExchange() *cobra.Command {
	var f exchangeFlags
	cmd := &cobra.Command{
		Use:   "exchange ISSUER|-",
		Short: "Sign in at Entra with a token, and print the checks that Entra made",
		Long: `Have an issuer of a running farm mint a token, sign in with it at the farm's Entra as a client does, and print the checks that Entra
made, each with what it wanted and what it got. ISSUER is a platform, or the URL of an issuer; with - the token to sign in with is
read from standard input.

The access token is printed with --print-token alone, and then without the checks.

Exit status: 0 Entra gave a token, 1 it refused, 2 bad usage, 3 no farm answers.`,
		Example: `  issuerd exchange github --app demo
  issuerd exchange github --preset branch --claim ref=refs/heads/main --app demo --json
  issuerd exchange kubernetes --app demo --print-token >access.jwt
  issuerd token github --audience api://AzureADTokenExchange | issuerd exchange - --app demo`,
		Args:              wantArgs(1, 1, "a platform, the URL of an issuer, or - for a token from standard input"),
		ValidArgsFunction: once(completePlatforms),
		RunE:              onFarm(&f.farmFlags, func(cmd *cobra.Command, args []string, farm *connection) error { return f.exchange(cmd, args[0], farm) }),
	}
	f.farmFlags.add(cmd)
	f.addJSON(cmd)
	f.mintFlags.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.app, "app", "", "the application to sign in as, by its name or client id; the only one of the world unless given")
	flags.StringVar(&f.tenant, "tenant", "", "the tenant to sign in at, by its id or a domain; the world's unless given")
	flags.StringVar(&f.scope, "scope", "", "what the access token is for; Microsoft Graph unless given")
	flags.BoolVar(&f.printToken, "print-token", false, "print the access token and nothing else")
	cmd.MarkFlagsMutuallyExclusive("json", "print-token")
	return cmd
}

func (f *exchangeFlags) exchange(cmd *cobra.Command, arg string, farm *connection) error {
	spec := control.SignInSpec{Application: f.app, Tenant: f.tenant, Scope: f.scope}
	if arg == "-" {
		for _, name := range mintFlagNames {
			if cmd.Flags().Changed(name) {
				return fmt.Errorf("exchange -: the token is there already, so --%s does not go with it", name)
			}
		}
		var err error
		if spec.Assertion, err = readToken(cmd.InOrStdin(), "standard input"); err != nil {
			return err
		}
	} else {
		mint, err := f.spec()
		if err == nil {
			mint.Issuer, mint.Preset, err = issuerOf(arg, f.preset)
		}
		if err != nil {
			return err
		}
		spec.Mint = &mint
	}
	if spec.Application == "" {
		var err error
		if spec.Application, err = farm.onlyApplication(cmd.Context()); err != nil {
			return err
		}
	}
	got, err := farm.SignIn(cmd.Context(), farm.world, spec)
	if err != nil {
		return err
	}
	switch {
	case f.json:
		err = printJSON(cmd.OutOrStdout(), got)
	case f.printToken && got.Token != "":
		_, err = fmt.Fprintln(cmd.OutOrStdout(), got.Token)
	case f.printToken:
		return &exitError{code: exitFail, err: errors.New(outcome(got)), hint: "without --print-token, the checks that Entra made are printed"}
	default:
		_, err = io.WriteString(cmd.OutOrStdout(), checksText(got.SignIn, "", colored(cmd.OutOrStdout()))+"\n"+outcome(got)+"\n")
	}
	if err != nil || got.Token != "" {
		return err
	}
	refused := &exitError{code: exitFail}
	if code, known := entra.Lookup(got.Code); known && !f.json {
		refused.hint = code.Fix
	}
	return refused
}

// onlyApplication is the application of a world that has one.
func (c *connection) onlyApplication(ctx context.Context) (string, error) {
	apps, err := c.Applications(ctx, c.world)
	if err != nil {
		return "", err
	}
	if len(apps) == 1 {
		return apps[0].ClientID, nil
	}
	names := make([]string, len(apps))
	for i, app := range apps {
		names[i] = app.Name
	}
	return "", fmt.Errorf("want --app: the world has %s (%s)", wording.Count(len(apps), "application"), wording.Have("", names))
}

// maxTokenText bounds a token that is read. Entra takes less.
const maxTokenText = 64 << 10

// readToken reads a token, and what may stand around it where people keep tokens: blanks, a line end. The error does
// not repeat it.
func readToken(r io.Reader, from string) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxTokenText+1))
	if err != nil {
		return "", fmt.Errorf("%s: %w", from, err)
	}
	token := strings.TrimSpace(string(text))
	switch {
	case len(text) > maxTokenText:
		return "", fmt.Errorf("%s: want a token, got more than %d bytes", from, maxTokenText)
	case token == "":
		return "", fmt.Errorf("%s: want a token, got nothing", from)
	case strings.ContainsAny(token, " \t\r\n"):
		return "", fmt.Errorf("%s: want a token alone, got %s", from, wording.Count(len(strings.Fields(token)), "word"))
	}
	return token, nil
}

// checksText lists the checks of a sign-in. Those that held and compared nothing are left out.
func checksText(in entra.SignIn, indent string, color bool) string {
	var b strings.Builder
	width := 0
	for _, check := range in.Checks {
		if !check.OK || check.Got != "" || check.Want != "" {
			width = max(width, len(check.Name))
		}
	}
	line := func(word, name, text string) {
		shown := fmt.Sprintf("%-4s", word)
		if code, has := map[string]string{"ok": "32", "FAIL": "31"}[word]; color && has {
			shown = "\x1b[" + code + "m" + shown + "\x1b[0m"
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("%s%s  %-*s  %s", indent, shown, width, name, wording.Printable(text)), " ") + "\n")
	}
	for _, check := range in.Checks {
		note := ""
		if check.Note != "" {
			note = " (" + check.Note + ")"
		}
		switch {
		case check.OK && check.Got == "" && check.Want == "":
		case check.OK && check.Got == "":
			line("ok", check.Name, check.Want+note)
		case check.OK:
			line("ok", check.Name, check.Got+note)
		default:
			line("FAIL", check.Name, "got   "+orNothing(check.Got)+note)
			if check.Want != "" {
				line("", "", "want  "+check.Want)
			}
		}
	}
	for _, fetch := range in.Fetched {
		text := fetch.URL
		if fetch.Error != "" {
			text += ": " + fetch.Error
		}
		fmt.Fprintf(&b, "%sfetched %s %s\n", indent, fetch.Document, wording.Printable(text))
	}
	return b.String()
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// outcome says in a line what came of a sign-in.
func outcome(got control.SignedIn) string {
	if got.Token == "" {
		if got.Description == "" {
			return fmt.Sprintf("refused: HTTP status %d %s", got.Status, wording.Printable(got.Error))
		}
		return "refused: " + wording.Printable(strings.ReplaceAll(got.Description, "\r\n", " "))
	}
	who := got.SignIn.AppName
	if who == "" {
		who = got.SignIn.ClientID
	}
	return wording.Printable(fmt.Sprintf("signed in as %s: access token for %s", who, orNothing(fmt.Sprint(got.Claims["aud"]))))
}
