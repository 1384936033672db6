package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
)

// caseFlags are what somebody may say about a sign-in that failed, beside the inputs.
type caseFlags struct {
	elsewhere                 bool // there is something beside the arguments, so that there need be none
	client, tenant, cloud, at string
}

func (f *caseFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.client, "client-id", "", "the client id of the application or managed identity, if the inputs do not say it")
	flags.StringVar(&f.tenant, "tenant", "", "the id of its tenant, if the inputs do not say it")
	flags.StringVar(&f.cloud, "cloud", "", "the cloud: "+strings.Join(directory.CloudNames(), ", "))
	flags.StringVar(&f.at, "at", "", "when the sign-in failed, as 2026-02-08T00:24:38Z; as the error says unless given")
}

var codeArgument = regexp.MustCompile(`^(?i:AADSTS|AADB2C)?\d{4,9}$`)

// read makes a case of the arguments of a command.
func (f *caseFlags) read(cmd *cobra.Command, args []string) (explain.Case, error) {
	c := explain.Case{Now: time.Now(), Client: f.client, Tenant: f.tenant, Cloud: f.cloud}
	if _, err := directory.CloudNamed(f.cloud); err != nil {
		return c, err
	}
	if f.at != "" {
		at, err := time.Parse(time.RFC3339, f.at)
		if err != nil {
			return c, fmt.Errorf("--at %q: want a time such as 2026-02-08T00:24:38Z", f.at)
		}
		c.At = at
	}
	if len(args) == 0 && f.elsewhere {
		return c, nil
	}
	if len(args) == 0 {
		if isTerminalInput(cmd.InOrStdin()) {
			return c, &exitError{code: exitUsage, err: errors.New("nothing to explain"), hint: whatIsTaken}
		}
		args = []string{"-"}
	}
	for _, arg := range args {
		if codeArgument.MatchString(arg) && !exists(arg) {
			code, err := codeNumber(strings.TrimPrefix(strings.ToUpper(arg), "AADB2C"))
			if err != nil {
				return c, err
			}
			c.Codes = append(c.Codes, code)
			continue
		}
		name, data, err := readInput(cmd.InOrStdin(), arg)
		if err != nil {
			return c, err
		}
		found, err := input.Read(name, data)
		if err != nil {
			return c, err
		}
		c.Inputs = append(c.Inputs, found)
	}
	return c, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// readInput reads an argument: standard input, a file, or a text that is no file's name.
func readInput(stdin io.Reader, arg string) (name string, data []byte, err error) {
	if arg == "-" {
		data, err = bounded(stdin, "standard input")
		return "standard input", data, err
	}
	file, err := os.Open(arg)
	if err != nil {
		if looksLikeText(arg) {
			return "the argument", []byte(arg), nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			return "", nil, &exitError{code: exitUsage, err: fmt.Errorf("%s: there is no such file", arg), hint: whatIsTaken}
		}
		return "", nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return "", nil, fmt.Errorf("%s is a folder; want a file", arg)
	}
	data, err = bounded(file, arg)
	return arg, data, err
}

// looksLikeText tells an error text from the name of a file.
func looksLikeText(arg string) bool {
	return strings.Contains(arg, "AADSTS") || strings.ContainsAny(arg, " \n{")
}

// bounded reads no more than an input may have.
func bounded(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, input.MaxSize+1))
	if err == nil && len(data) > input.MaxSize {
		err = fmt.Errorf("it has more than %d MB: give the part that is about the sign-in", input.MaxSize>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return data, nil
}

// isTerminalInput tells whether somebody would have to type.
func isTerminalInput(r io.Reader) bool {
	file, isFile := r.(*os.File)
	if !isFile {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
