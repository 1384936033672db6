package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/explain/reproduce"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/targets"
	"github.com/issuerd/issuerd/wording"
)

// reproduction is what reproduce prints with --json.
type reproduction struct {
	Reproduced bool              `json:"reproduced"`
	Code       string            `json:"code"`              // what the scenario yields
	Seen       string            `json:"seen,omitempty"`    // the code of the input, where another one is answered today
	Values     []reproduce.Value `json:"values"`            // that the refusal prints
	Assumed    []string          `json:"assumed"`           // what the inputs do not say
	Got        string            `json:"got,omitempty"`     // the code that the emulator answered
	Problem    string            `json:"problem,omitempty"` // what differs, or why there is no scenario
	Name       string            `json:"name,omitempty"`    // of the scenario
	Path       string            `json:"path,omitempty"`    // where it was written
	Scenario   string            `json:"scenario,omitempty"`
}

func newReproduce() *cobra.Command {
	var f caseFlags
	var opts reproduce.Options
	var out string
	var asJSON, force bool
	cmd := &cobra.Command{
		Use:   "reproduce [FILE|-|TEXT|CODE...]",
		Short: "Write a scenario that yields a refusal that somebody has seen, and play it",
		Long: `Write a scenario that yields the refusal of a failing sign-in: the same code and the same values in the emulator. It is played at once, in
this process. Kept beside your code, it is a regression test: of the refusal, and of the fix, which it ends with where that is known.

Arguments are those of issuerd explain: files, - for standard input, the text of the error, or a code. With the text, give what there is:
the token, the credential, the workflow's file, or an entry of a farm's journal; then they are in the scenario.

The text of the error is enough. What it does not say is made up, as little as it takes, and said: here and at the beginning of the file. A
token never gets into the file, only what it says. Without a text, a token and a credential are enough: the code is what the checks answer.

Exit status: 0 it is reproduced, 1 it is not, and the reason is said, 2 bad usage, or inputs without a refusal.`,
		Example: `  issuerd reproduce "AADSTS700213: No matching federated identity record found for presented assertion subject 'repo:octo-org/octo-repo:environment:prod'."
  issuerd reproduce 7000272 --out rotated.yaml --name rotated
  issuerd reproduce 50166 --json`,
		SuggestFor:        []string{"repro"},
		ValidArgsFunction: completeFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.read(cmd, args)
			if err != nil {
				return err
			}
			opts.Schema = schemaBeside(out)
			opts.Name = cmp.Or(opts.Name, nameOfFile(out))
			if out != "" && !force && exists(out) {
				return alreadyThere(out)
			}
			made, err := reproduce.Make(c, opts)
			var unable *reproduce.UnableError
			if errors.As(err, &unable) {
				if asJSON {
					err = errors.Join(&exitError{code: exitFail}, printJSON(cmd.OutOrStdout(), reproduction{Code: unable.Code, Problem: unable.Reason, Values: []reproduce.Value{}, Assumed: []string{}}))
					return err
				}
				return &exitError{code: exitFail, err: err}
			}
			if err != nil {
				return &exitError{code: exitUsage, err: err, hint: "issuerd explain says what else is in the inputs"}
			}
			got, err := playMade(cmd.Context(), made)
			if err == nil && !got.Reproduced && got.Got == made.Code && !opts.NoFix {
				opts.NoFix = true // what does not work is the fix, or it would do no better without it
				if made, err = reproduce.Make(c, opts); err == nil {
					got, err = playMade(cmd.Context(), made)
				}
			}
			if err != nil {
				return err
			}
			report := reproduction{
				Reproduced: got.Reproduced, Code: made.Code, Seen: made.Seen, Values: made.Values, Assumed: made.Assumed,
				Got: got.Got, Problem: got.Problem, Name: made.Name, Path: out,
			}
			if out != "" {
				if err := writeScenario(out, made.Source, force); err != nil {
					return err
				}
			}
			if err := report.print(cmd, made.Source, asJSON); err != nil {
				return err
			}
			if !got.Reproduced {
				return &exitError{code: exitFail}
			}
			return nil
		},
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&out, "out", "", "write the scenario to this file (default: standard output)")
	flags.StringVar(&opts.Name, "name", "", "the scenario's name, platform/slug or the slug alone (default: that of the file, or the code)")
	flags.BoolVar(&opts.Anonymize, "anonymize", false, "put other names in the place of organisations, repositories, hosts and ids, the same for the same one")
	flags.BoolVar(&force, "force", false, "replace a file that is there")
	flags.BoolVar(&asJSON, "json", false, "print a JSON document with what came of it, and with the scenario unless --out has it")
	markFiles(cmd, "out")
	return cmd
}

// playMade plays a scenario that was just written, at a farm of its own.
func playMade(ctx context.Context, made *reproduce.Scenario) (reproduce.Outcome, error) {
	target, err := targets.InProcess(farm.Options{Hosts: made.Hosts(), Version: version()})
	if err != nil {
		return reproduce.Outcome{}, cannotRun(err)
	}
	got, err := made.Play(ctx, target)
	return got, errors.Join(err, target.Close())
}

// print says what came of it. Without --out, the scenario goes to standard output.
func (r *reproduction) print(cmd *cobra.Command, source []byte, asJSON bool) error {
	if asJSON {
		if r.Path == "" {
			r.Scenario = string(source)
		}
		if r.Assumed == nil {
			r.Assumed = []string{}
		}
		if r.Values == nil {
			r.Values = []reproduce.Value{}
		}
		return printJSON(cmd.OutOrStdout(), r)
	}
	if r.Path == "" {
		if _, err := cmd.OutOrStdout().Write(source); err != nil {
			return err
		}
	}
	r.say(cmd.ErrOrStderr())
	return nil
}

// named are the words for what messages print.
var named = map[string]string{
	"iss": "issuer", "sub": "subject", "aud": "audience", "kid": "key id", "appId": "client id", "clientId": "client id", "tenantId": "tenant",
	"appDisplayName": "application", "resourceId": "resource's id", "resourceName": "resource", "iat": "issued at", "exp": "expires at", "alg": "algorithm",
	"list": "supported", "actual": "enterprise", "values": "wanted", "name": "missing",
}

// say says in words what came of it.
func (r *reproduction) say(w io.Writer) {
	var given, other []string
	for _, v := range r.Values {
		word := v.Name
		if named[word] != "" {
			word = named[word]
		}
		text := fmt.Sprintf("%s %q", word, v.Text)
		if v.Given {
			given = append(given, text)
		} else {
			other = append(other, text)
		}
	}
	with := ""
	if len(given) > 0 {
		with = " with " + strings.Join(given, ", ")
	} else if len(other) > 0 {
		with = ", with values that are made up"
	}
	if r.Reproduced {
		fmt.Fprintf(w, "reproduced: %s%s\n", r.Code, wording.Printable(with))
	} else {
		fmt.Fprintf(w, "not reproduced: want %s%s\n", r.Code, wording.Printable(with))
		fmt.Fprintf(w, "  %s\n", wording.Printable(r.Problem))
	}
	for _, a := range r.Assumed {
		fmt.Fprintf(w, "assumed: %s\n", wording.Printable(a))
	}
	if r.Path != "" {
		fmt.Fprintf(w, "written: %s (issuerd run %s)\n", r.Path, r.Path)
	}
}

// writeScenario writes a scenario to a file. One that is there is replaced only if over says so.
func writeScenario(path string, source []byte, over bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if !over {
		flags |= os.O_EXCL
	}
	if err := makeFolderOf(path); err != nil {
		return err
	}
	file, err := os.OpenFile(path, flags, 0o644)
	if errors.Is(err, os.ErrExist) {
		return alreadyThere(path)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(source)
	return errors.Join(err, file.Close())
}

func alreadyThere(path string) error {
	return &exitError{code: exitUsage, err: fmt.Errorf("%s is there already", path), hint: "give another name, or --force to replace it"}
}

// slug is what the last part of a scenario's name can be.
var slug = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

// nameOfFile is the name that a scenario in a file must have to be run with its folder: that of the file, without the
// platform, unless the folder is that of Entra's own. Empty: the file's name can be none.
func nameOfFile(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	if path == "" || !slug.MatchString(name) {
		return ""
	}
	if filepath.Base(filepath.Dir(path)) == "entra" {
		return "entra/" + name
	}
	return name
}
