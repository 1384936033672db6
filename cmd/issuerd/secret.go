package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// bearer matches the value of an Authorization header.
var bearer = regexp.MustCompile(`(?i)\bbearer\s+\S`)

// flagName matches the name of a flag.
var flagName = regexp.MustCompile(`^--[a-z-]+$`)

// refuseTokens refuses a token on the command line, which every user of the machine can read while the command runs,
// and which the shell's history keeps. It repeats nothing of the token.
func refuseTokens(args []string) error {
	if len(args) > 0 && strings.HasPrefix(args[0], "__complete") { // the shell asks about a line that is being written
		return nil
	}
	control := os.Getenv(controlTokenVariable)
	for i, arg := range args {
		hint := "give it on standard input, or in a file or a variable of the environment, where the command takes it so"
		switch {
		case control != "" && strings.Contains(arg, control):
			hint = "the token of the control plane goes into " + controlTokenVariable + " only"
		case document.Redact(arg) != arg, bearer.MatchString(arg):
		default:
			continue
		}
		where := fmt.Sprintf("argument %d", i+1)
		name, _, _ := strings.Cut(arg, "=")
		if !strings.HasPrefix(arg, "-") && i > 0 {
			name = args[i-1] // which holds none
		}
		if flagName.MatchString(name) && (control == "" || !strings.Contains(name, control)) {
			where = name
		}
		return &exitError{code: exitUsage, err: fmt.Errorf("%s holds a token, which every user of this machine could read", where), hint: hint}
	}
	return nil
}
