package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/issuerd/issuerd/wording"
)

// didYouMean is a hint with the known word that somebody may have meant, or with what to do otherwise. The hint of a
// [wording.UnknownError] comes by itself.
func didYouMean(word string, known []string, otherwise string) string {
	return cmp.Or(wording.DidYouMean(word, known), otherwise)
}

// finishCommands gives the whole tree of commands what all of them have: commands of commands that tell what they do
// not know, and completions.
func finishCommands(root *cobra.Command) {
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	root.InitDefaultHelpCmd()
	help, _, _ := root.Find([]string{"help"}) // it has just been made
	help.Run, help.RunE = nil, helpAbout
	root.InitDefaultCompletionCmd()
	eachCommand(root, func(cmd *cobra.Command) {
		if cmd.HasSubCommands() {
			cmd.Args = knownCommand
			if !cmd.Runnable() {
				cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() } // so that an unknown command is an error
			}
		}
		if example, ok := cobraExamples[cmd.CommandPath()]; ok {
			cmd.Example = example
			if cmd.Name() != "help" && !cmd.HasSubCommands() {
				cmd.Args = noArgs
			}
		} else if cmd.Example == "" {
			cmd.Example = examplesBelow(cmd)
		}
		completeFlags(cmd)
	})
}

// eachCommand calls f for a command and all below it.
func eachCommand(cmd *cobra.Command, f func(*cobra.Command)) {
	f(cmd)
	for _, sub := range cmd.Commands() {
		eachCommand(sub, f)
	}
}

// examplesBelow are the first examples of the commands below a command.
func examplesBelow(cmd *cobra.Command) string {
	var lines []string
	for _, sub := range cmd.Commands() {
		if first, _, _ := strings.Cut(sub.Example, "\n"); first != "" {
			lines = append(lines, first)
		}
	}
	return strings.Join(lines, "\n")
}

// cobraExamples are the examples of the commands that cobra makes.
var cobraExamples = map[string]string{
	"issuerd help": `  issuerd help token`,
	"issuerd completion": `  # in ~/.bashrc, or in a shell for this session alone
  eval "$(issuerd completion bash)"`,
	"issuerd completion bash":       `  issuerd completion bash >~/.local/share/bash-completion/completions/issuerd`,
	"issuerd completion zsh":        `  issuerd completion zsh >~/.zfunc/_issuerd`,
	"issuerd completion fish":       `  issuerd completion fish >~/.config/fish/completions/issuerd.fish`,
	"issuerd completion powershell": `  issuerd completion powershell >issuerd.ps1`,
}

// knownCommand takes no arguments: one that a command with commands below it gets is none of these.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	word, known := args[0], []string{}
	for _, sub := range cmd.Commands() {
		if slices.Contains(sub.SuggestFor, word) {
			word, known = sub.Name(), []string{sub.Name()}
			break
		}
		if !sub.Hidden {
			known = append(known, sub.Name())
		}
	}
	return &exitError{
		code: exitUsage, err: fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath()),
		hint: didYouMean(word, known, cmd.CommandPath()+" --help lists the commands"),
	}
}

// helpAbout prints the help of the command that the arguments name.
func helpAbout(cmd *cobra.Command, args []string) error {
	about, rest, err := cmd.Root().Find(args)
	if err != nil {
		return err
	}
	if about.HasSubCommands() && len(rest) > 0 {
		return knownCommand(about, rest)
	}
	about.InitDefaultHelpFlag() // as cobra's own does, to list it
	return about.Help()
}

// noArgs is for commands that take flags alone.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s: want no arguments, got %s: %q", cmd.Name(), wording.Count(len(args), "argument"), args)
}

// flagError says what is wrong with a flag: the name with one that is near, or the value with what it takes.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var bad *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				known = append(known, "--"+f.Name)
			}
		})
		name := "--" + unknown.GetSpecifiedName()
		return &exitError{code: exitUsage, err: err, hint: didYouMean(name, known, cmd.CommandPath()+" --help lists the flags")}
	case errors.As(err, &bad):
		if want, ok := flagWants[bad.GetFlag().Value.Type()]; ok {
			return fmt.Errorf("--%s %q: want %s", bad.GetFlag().Name, bad.GetValue(), want)
		}
	}
	return err
}

// flagWants says what flags of a type take.
var flagWants = map[string]string{
	"bool":     "true or false",
	"int":      "a whole number",
	"duration": "a duration such as 90s, 10m or 1h30m",
}
