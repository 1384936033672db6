package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/wording"
)

// findings are what lint prints with --json.
type findings struct {
	Scenarios   int       `json:"scenarios"`   // the scenario files without problems
	Directories int       `json:"directories"` // the directory files, with problems or without
	Issuers     int       `json:"issuers"`     // the issuer files, with problems or without
	Faults      int       `json:"faults"`      // the fault files, with problems or without
	Problems    []finding `json:"problems"`
	Warnings    []finding `json:"warnings"`
}

// finding is a problem or a warning. Line and column count from 1; line 0 means the whole file.
type finding struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func newLint() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lint [PATH|NAME...]",
		Short: "Check scenario, directory, issuer and fault files without running them",
		Long: `Check scenario files and print every problem as file:line:col: message, with the line, carets below the place and a hint where
there is one. What a run would refuse is a problem, too, in the same words: only what depends on values of the run is left to it.
Paths are files and folders, and names as run takes them; without any, the scenarios that come with issuerd are checked. A file whose
first level has tenants is checked as a directory, for serve --directory, and one that has platform or presets there as an issuer, for
--issuers, whose platform the scenarios beside it may name; one that has faults there is checked as faults, for --fault. Nothing is sent
anywhere. A warning is about an old word that means the same
as the new one that its hint says.

Exit status: 0 without problems, whatever the warnings, 2 with some or when a path can't be read.`,
		Example: `  issuerd lint
  issuerd lint my.yaml entra.yaml acme.yaml
  issuerd lint my.yaml --json`,
		SuggestFor:        []string{"check", "validate", "verify"},
		ValidArgsFunction: completeScenarios,
		RunE: func(cmd *cobra.Command, paths []string) error {
			l, err := lint(paths)
			if err != nil {
				return err
			}
			if asJSON {
				l.Problems, l.Warnings = findingsOf(l.problems), findingsOf(l.warnings)
				err = printJSON(cmd.OutOrStdout(), l.findings)
			} else {
				_, err = io.WriteString(cmd.OutOrStdout(), report.Problems(slices.Concat(l.problems, l.warnings)))
			}
			if err != nil {
				return err
			}
			if len(l.problems) > 0 {
				return &exitError{code: exitUsage}
			}
			checked := wording.Count(l.Scenarios, "scenario file")
			for _, kind := range otherKinds {
				if n := *kind.count(&l.findings); n > 0 {
					checked = wording.Count(n, kind.name) + ", " + checked
				}
			}
			_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%s, no problems\n", checked)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON document with the problems and warnings")
	return cmd
}

// otherKind is a kind of files beside scenarios.
type otherKind struct {
	name    string
	message string // of the scenario loader, about such a file in a folder
	is      func(src []byte) bool
	check   func(l *linted, path string, src []byte) error
	count   func(*findings) *int
}

var otherKinds = []otherKind{{
	"issuer file", scenario.IssuerFile, generic.IsFile,
	func(l *linted, path string, src []byte) error {
		file, err := generic.Parse(path, src, issuers.Names()...)
		if err == nil {
			l.issuers = append(l.issuers, file)
		}
		return err
	},
	func(f *findings) *int { return &f.Issuers },
}, {
	"directory file", scenario.DirectoryFile, directory.IsFile,
	func(_ *linted, path string, src []byte) error { _, err := parseDirectory(path, src); return err },
	func(f *findings) *int { return &f.Directories },
}, {
	"fault file", scenario.FaultFile, faults.IsFile,
	func(_ *linted, path string, src []byte) error { _, err := faults.Parse(path, src); return err },
	func(f *findings) *int { return &f.Faults },
}}

// linted is what the checks have found so far.
type linted struct {
	findings
	problems, warnings document.Problems
	issuers            []*generic.File // those without problems, whose platforms scenarios may name
}

// lint checks the directory and issuer files among the paths, and the others as scenarios.
func lint(paths []string) (*linted, error) {
	l := &linted{}
	var others []string
	for _, path := range paths {
		kind, err := otherKindOf(path)
		if err != nil {
			return nil, err
		}
		if kind == nil {
			others = append(others, path)
		} else if err := kind.lint(l, disk{}, path); err != nil {
			return nil, err
		}
	}
	if len(paths) > 0 && len(others) == 0 {
		return l, nil
	}
	loaded, err := load(others, l.issuers...)
	if err != nil {
		return nil, err
	}
	for _, p := range loaded.problems {
		n := slices.IndexFunc(otherKinds, func(kind otherKind) bool { return kind.message == p.Message })
		if n < 0 {
			l.problems = append(l.problems, p)
		} else if err := otherKinds[n].lint(l, loaded.from, p.File); err != nil {
			return nil, err
		}
	}
	for _, f := range loaded.files {
		l.warnings = append(l.warnings, f.Warnings...)
	}
	l.Scenarios = len(loaded.files)
	return l, nil
}

// otherKindOf is the kind of a file that is no scenario; nil for one that may be, and for a folder.
func otherKindOf(path string) (*otherKind, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	src, err := document.ReadFile(disk{}, path, document.MaxSize)
	if err != nil {
		return nil, err
	}
	for n := range otherKinds {
		if otherKinds[n].is(src) {
			return &otherKinds[n], nil
		}
	}
	return nil, nil
}

// lint counts a file and adds what is wrong with it.
func (kind *otherKind) lint(l *linted, from fs.FS, path string) error {
	src, err := document.ReadFile(from, path, document.MaxSize)
	if err != nil {
		return err
	}
	*kind.count(&l.findings)++
	err = kind.check(l, path, src)
	var some document.Problems
	if err != nil && !errors.As(err, &some) {
		return err
	}
	l.problems = append(l.problems, some...)
	return nil
}

func findingsOf(problems document.Problems) []finding {
	list := make([]finding, len(problems))
	for i, p := range problems {
		list[i] = finding{p.File, p.Line, p.Column, p.Message, p.Hint}
	}
	return list
}
