// Command issuerd impersonates token issuers and Microsoft Entra's workload identity federation, and plays scenarios
// against them. It is for tests and demonstrations, never for production.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/wording"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the process, whatever it is doing
	code := Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The exit codes.
const (
	exitOK    = 0 // everything passed
	exitFail  = 1 // an expectation was not met
	exitUsage = 2 // bad usage, or a file that is bad or can't be read
	exitRun   = 3 // it could not run: a port is taken, no engine or farm answers
)

// exitError carries an exit code, and perhaps a hint, up to Main. With a nil err, what there is to say has been said.
type exitError struct {
	code int
	err  error
	hint string
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func cannotRun(err error) error { return &exitError{code: exitRun, err: err} }

// Main is the program without its process: arguments and streams come in, the exit code goes out.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := &output{Writer: stdout}
	root := newRoot(stdin, out, stderr)
	root.SetArgs(args)
	err := refuseTokens(args)
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	if out.err != nil { // whatever the command makes of it
		err = cannotRun(out.err)
	}
	if err == nil {
		return exitOK
	}
	return tell(stderr, err)
}

// tell prints an error with its hint, and returns the exit code.
func tell(stderr io.Writer, err error) int {
	exit := &exitError{code: exitUsage, err: err}
	errors.As(err, &exit)
	if unknown := (*wording.UnknownError)(nil); exit.hint == "" && errors.As(err, &unknown) {
		exit.hint = unknown.Hint()
	}
	if exit.err != nil {
		fmt.Fprintf(stderr, "issuerd: error: %s\n", wording.PrintableLines(exit.err.Error()))
	}
	if exit.hint != "" {
		fmt.Fprintf(stderr, "issuerd: hint: %s\n", wording.PrintableLines(exit.hint))
	}
	return exit.code
}

// The groups of commands in the help: those that are used by themselves, and those that need a running farm.
const (
	mainGroup = "main"
	farmGroup = "farm"
)

func newRoot(stdin io.Reader, stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "issuerd",
		Short: "Impersonate token issuers and Microsoft Entra's workload identity federation",
		Long: `issuerd impersonates the token issuers of GitHub Actions, Kubernetes, Google Cloud, AWS, SPIFFE, Terraform Cloud,
GitLab and other CI systems, emulates Microsoft Entra's workload identity federation, and plays scenario files end to end against the two.

It is for tests and demonstrations. Never use it in production.

Exit status: 0 everything passed, 1 an expectation was not met, 2 bad usage, or a file that is bad or can't be
read, 3 it could not run.`,
		Example: `  issuerd token github --decode
  issuerd run github/branch
  issuerd serve --ca-file ca.pem`,
		Version:       thisBuild().String(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().Bool("version", false, "print the version, as the command does") // without cobra's -v, which is serve's --verbose
	root.AddGroup(&cobra.Group{ID: mainGroup, Title: "Commands:"}, &cobra.Group{ID: farmGroup, Title: "Commands for a running farm:"})
	addTo(root, mainGroup,
		newServe(),
		newRun(),
		newToken(),
		newDecode(),
		newExplain(),
		newReproduce(),
		newNew(),
		newCheck(),
		newLint(),
		newReport(),
		newSchema(),
	)
	addTo(root, farmGroup, newExchange(), newJournal(), newFault(), newRotate(), newKey(), newClock(), newIssuer(), newApp(), newCredential(),
		newDirectory(), newWorkload(), newWorld(), newHealth())
	root.AddCommand(newVersion())
	finishCommands(root)
	return root
}

// addTo adds commands to a group of the help.
func addTo(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, cmd := range commands {
		cmd.GroupID = group
	}
	root.AddCommand(commands...)
}

// assignments parses the name=value flags of one option.
func assignments(option string, list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, item := range list {
		name, value, ok := strings.Cut(item, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%s %q: want name=value", option, item)
		}
		out[name] = value
	}
	return out, nil
}
