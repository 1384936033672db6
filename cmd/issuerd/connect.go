package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/wording"
)

// farmFlags say which running farm a command is about, and which of its worlds.
type farmFlags struct {
	control, farm string // the second is the name of before
	world         string
	json          bool
}

// addControl gives a command --control.
func (f *farmFlags) addControl(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.control, "control", "", "the control plane of a running farm (default: that of "+controlURLVariable+", or of serve --env-file)")
	flags.StringVar(&f.farm, "farm", "", "--control by its former name")
	_ = flags.MarkHidden("farm") // it was made on the line above
}

// add gives a command --control and --world.
func (f *farmFlags) add(cmd *cobra.Command) {
	f.addControl(cmd)
	cmd.Flags().StringVar(&f.world, "world", control.DefaultWorld, "the world, by its id or name")
}

// addJSON gives a command --json.
func (f *farmFlags) addJSON(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.json, "json", false, "print what the management API answers, as JSON")
}

// given is the URL of --control, and whether there is one. An empty one is no farm.
func (f *farmFlags) given(cmd *cobra.Command) (value, option string, ok bool) {
	switch flags := cmd.Flags(); {
	case flags.Changed("control"):
		return f.control, "--control", true
	case flags.Changed("farm"):
		return f.farm, "--farm", true
	}
	return "", "", false
}

// connection is a running farm, with one of its worlds, and where what leads to it was read.
type connection struct {
	*control.Client
	world              string
	urlFrom, tokenFrom string
	file               string // of serve --env-file, if that is where the URL is from
}

// found looks for a running farm: in --control, in ISSUERD_CONTROL_URL and in the file of serve --env-file. Nil: there
// is none.
func (f *farmFlags) found(cmd *cobra.Command) (*connection, error) {
	address, from, given := f.given(cmd)
	if !given {
		address, from = os.Getenv(controlURLVariable), controlURLVariable
	}
	if address == "" && given {
		return nil, nil
	}
	if address != "" {
		return connectTo(from, address)
	}
	left, err := readEnvFile(findEnvFile())
	switch {
	case errors.Is(err, fs.ErrNotExist) && os.Getenv(envFileVariable) == "":
		return nil, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, &exitError{code: exitRun, err: fmt.Errorf("%s: %w", envFileVariable, err), hint: "no farm runs that was started with issuerd serve --env-file=" + os.Getenv(envFileVariable)}
	case err != nil:
		return nil, err
	}
	if err := validateURL(left.path, left.url); err != nil {
		return nil, err
	}
	client := &control.Client{URL: left.url, Token: left.token}
	return &connection{Client: client, urlFrom: left.path, tokenFrom: left.path, file: left.path}, nil
}

// connectTo leads to the farm at an address that from has. Its token is in ISSUERD_CONTROL_TOKEN, or in the file that
// the farm has left.
func connectTo(from, address string) (*connection, error) {
	if err := validateURL(from, address); err != nil {
		return nil, err
	}
	client := &control.Client{URL: address, Token: os.Getenv(controlTokenVariable)}
	c := &connection{Client: client, urlFrom: from, tokenFrom: controlTokenVariable}
	if client.Token != "" {
		return c, nil
	}
	if left, err := readEnvFile(findEnvFile()); err == nil && left.url == address {
		client.Token, c.tokenFrom = left.token, left.path
		return c, nil
	}
	return nil, &exitError{
		code: exitUsage, err: fmt.Errorf("%s %q: a running farm wants the bearer token that it printed at its start; set %s", from, address, controlTokenVariable),
		hint: "issuerd serve --env-file leaves address and token where commands find them",
	}
}

// validateURL refuses what can't lead to a running farm before anything is tried.
func validateURL(from, address string) error {
	u, err := url.Parse(address)
	if err == nil && u.User != nil || strings.Contains(address, "@") { // which is not repeated
		return fmt.Errorf("%s: want the URL of a control plane without a user or a password; its bearer token goes into %s", from, controlTokenVariable)
	}
	if err != nil || !isPlaneURL(u) {
		return &exitError{code: exitUsage, err: fmt.Errorf("%s %q: want the URL of a control plane, such as http://127.0.0.1:8446", from, address), hint: withScheme(address)}
	}
	return nil
}

// isPlaneURL tells a URL that may be that of a plane.
func isPlaneURL(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// withScheme is a hint for who has left out the http:// of an address, or nothing.
func withScheme(address string) string {
	u, err := url.Parse("http://" + address)
	if err != nil || !isPlaneURL(u) || u.User != nil || strings.Contains(address, "://") {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", u)
}

// startHint is how to have a running farm.
const startHint = "start issuerd serve --env-file, or lead to one with --control or " + controlURLVariable

// connect is found for commands that need a farm, in the world of --world. Who has set the token alone means a farm at
// the usual address.
func (f *farmFlags) connect(cmd *cobra.Command) (*connection, error) {
	c, err := f.found(cmd)
	if err != nil {
		return nil, err
	}
	if _, _, given := f.given(cmd); c == nil && !given && os.Getenv(controlTokenVariable) != "" {
		if c, err = connectTo("the usual address", "http://"+plane.Control.DefaultAddr()); err != nil {
			return nil, err
		}
	}
	if c == nil {
		return nil, &exitError{
			code: exitRun, err: fmt.Errorf("%s: needs a running farm, and finds none", cmd.CommandPath()),
			hint: startHint,
		}
	}
	return c, c.explain(cmd.Context(), c.enter(cmd.Context(), f.world))
}

// enter picks the world of --world, which a command without that flag does not have.
func (c *connection) enter(ctx context.Context, world string) (err error) {
	if c.world = control.DefaultWorld; world != "" && world != control.DefaultWorld {
		c.world, err = c.findWorld(ctx, world)
	}
	return err
}

// findWorld returns the id of a world that is named by its id or its name.
func (c *connection) findWorld(ctx context.Context, name string) (string, error) {
	worlds, err := c.Worlds(ctx)
	if err != nil {
		return "", err
	}
	var known, ids []string
	for _, w := range worlds {
		if w.ID == name {
			return w.ID, nil
		}
		if w.Name == name {
			ids = append(ids, w.ID)
		}
		known = append(known, w.ID)
		if w.Name != w.ID {
			known = append(known, w.Name)
		}
	}
	switch len(ids) {
	case 1:
		return ids[0], nil
	case 0:
		return "", &exitError{code: exitUsage, err: fmt.Errorf("no world %q (%s)", name, wording.Have(name, known)), hint: didYouMean(name, known, "it may have ended; issuerd world new makes one")}
	}
	return "", fmt.Errorf("%s are called %q: give an id (%s)", wording.Count(len(ids), "world"), name, wording.Have(name, ids))
}

// onFarm makes the RunE of a command that needs a farm.
func onFarm(f *farmFlags, do func(*cobra.Command, []string, *connection) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, err := f.connect(cmd)
		if err != nil {
			return err
		}
		return c.explain(cmd.Context(), do(cmd, args, c))
	}
}

// explain turns what the client of the API returns into what the user has to know: which address did not answer, or
// what was wrong with the request. What a farm can't do, and what can't be done in a world that has ended, is no bad
// usage.
func (c *connection) explain(ctx context.Context, err error) error {
	var known *exitError
	var refusal *control.Error
	var unreached *control.UnreachableError
	var other *control.AnswerError
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.As(err, &refusal) && refusal.Status == http.StatusUnauthorized:
		return &exitError{
			code: exitUsage, err: fmt.Errorf("the farm at %s does not take the bearer token of %s", c.URL, c.tokenFrom),
			hint: "a farm prints its token at its start, and has a new one each time; issuerd serve --env-file leaves it where commands find it",
		}
	case errors.As(err, &refusal) && refusal.Status == http.StatusNotFound && c.hasEnded(ctx):
		return &exitError{code: exitRun, err: fmt.Errorf("the world %s has ended: %w", c.world, err), hint: "issuerd world list lists those that are there"}
	case errors.As(err, &refusal) && refusal.Status >= http.StatusInternalServerError:
		return &exitError{code: exitRun, err: err, hint: refusal.Hint}
	case errors.As(err, &refusal):
		if refusal.Member != "" && !strings.Contains(refusal.Message, refusal.Member) {
			err = fmt.Errorf("%s: %w", refusal.Member, err)
		}
		return &exitError{code: exitUsage, err: err, hint: refusal.Hint}
	case errors.Is(err, context.Canceled):
		return cannotRun(context.Canceled)
	case errors.As(err, &unreached):
		hint := "start one with issuerd serve"
		if c.file != "" {
			hint = "the farm that wrote " + c.file + " has ended without removing it; start another with issuerd serve --env-file"
		}
		return &exitError{code: exitRun, err: fmt.Errorf("no farm answers at %s (of %s): %w", c.URL, c.urlFrom, unreached.Err), hint: hint}
	case errors.As(err, &other):
		return &exitError{code: exitRun, err: fmt.Errorf("what answers at %s (of %s) is no farm: %w", c.URL, c.urlFrom, other.Err), hint: "it wants the control plane, whose URL issuerd serve prints at its start"}
	}
	return err
}

// hasEnded tells whether the world is gone that the command is about.
func (c *connection) hasEnded(ctx context.Context) bool {
	if c.world == "" || c.world == control.DefaultWorld { // which does not end
		return false
	}
	_, err := c.World(ctx, c.world)
	var refusal *control.Error
	return errors.As(err, &refusal) && refusal.Status == http.StatusNotFound
}
