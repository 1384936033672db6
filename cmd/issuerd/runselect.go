package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/wording"
)

// chosen is what a run is to play.
type chosen struct {
	files   []*scenario.File
	issuers []*generic.File
	hosts   []string // of their issuers
	vars    map[string]any
	selects func(file *scenario.File, title string) bool
	cases   []runner.Case // those that are to be played

	shard *report.Shard    // nil: the cases are all that are selected
	whole report.Selection // what was selected before it was divided
}

// identify says in a report whose it is.
func (c *chosen) identify(run *report.Run) {
	run.Issuerd, run.Shard, run.Selection, run.Job = version(), c.shard, &c.whole, jobOf(os.Getenv)
}

// choose reads the files that the arguments name, and selects cases of them.
func (f *runFlags) choose(cmd *cobra.Command, paths []string) (*chosen, error) {
	shard, err := parseShard(f.shard, os.Getenv)
	if err != nil {
		return nil, err
	}
	selected, err := regexp.Compile(f.run)
	if err != nil {
		return nil, fmt.Errorf("--run: %w", err)
	}
	set, issuers, err := readIssuers(f.issuers)
	if err != nil {
		return nil, err
	}
	loaded, err := load(paths, issuers...)
	if err != nil {
		return nil, err
	}
	if len(loaded.problems) > 0 {
		fmt.Fprint(cmd.ErrOrStderr(), report.Problems(loaded.problems))
		return nil, &exitError{code: exitUsage}
	}
	c := &chosen{files: loaded.files, issuers: issuers, shard: shard}
	labels, err := parseLabels(f.labels, c.files)
	if err != nil {
		return nil, err
	}
	if c.vars, err = variables(f.vars, c.files); err != nil {
		return nil, err
	}
	c.selects = func(file *scenario.File, title string) bool {
		return labels.selects(file) && loaded.selects(file, title) && selected.MatchString(title)
	}
	if c.cases = runner.Plan(c.files, c.selects); len(c.cases) == 0 {
		return nil, f.nothingSelected(c.files)
	}
	if c.whole, err = identity(c); err != nil {
		return nil, err
	}
	if shard != nil {
		c.restrict(func(_ *scenario.File, title string) bool { return inShard(*shard, title) })
		if len(c.cases) == 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "issuerd: no case of %d falls into shard %s\n", c.whole.Cases, shard)
		}
	}
	if f.only != nil {
		c.restrict(func(file *scenario.File, _ string) bool {
			return slices.Contains(f.only, file.Path) || file.Uses != "" && slices.Contains(f.only, file.Uses)
		})
	}
	c.hosts = runner.Hosts(c.files)
	for _, p := range set.More() {
		c.hosts = append(c.hosts, p.Hosts()...)
	}
	return c, nil
}

// restrict leaves out the cases that are not to be played for a reason that says nothing against the others.
func (c *chosen) restrict(selects func(file *scenario.File, title string) bool) {
	all := c.selects
	c.selects = func(file *scenario.File, title string) bool { return all(file, title) && selects(file, title) }
	c.cases = runner.Plan(c.files, c.selects)
}

// identity identifies what is selected: by the names of the cases, the text of their files, and what goes into them.
func identity(c *chosen) (report.Selection, error) {
	hash := sha256.New()
	enc := json.NewEncoder(hash)
	var last *scenario.File
	for _, one := range c.cases {
		text := ""
		if one.File != last {
			text, last = one.File.Source(), one.File
		}
		if err := enc.Encode([]string{one.Title(), text}); err != nil {
			return report.Selection{}, err
		}
	}
	for _, file := range c.issuers {
		definition, err := file.Definition()
		if err == nil {
			err = enc.Encode(definition)
		}
		if err != nil {
			return report.Selection{}, err
		}
	}
	if err := enc.Encode(c.vars); err != nil {
		return report.Selection{}, err
	}
	return report.Selection{Digest: fmt.Sprintf("%x", hash.Sum(nil)[:16]), Cases: len(c.cases)}, nil
}

// listedCase is a case in the list of --format json.
type listedCase struct {
	Name string `json:"name"`
	Case string `json:"case,omitempty"` // the row's name
	File string `json:"file"`
	Line int    `json:"line"`
}

// printCases prints the names of cases, a line each, or as a JSON document.
func printCases(w io.Writer, cases []runner.Case, format string) error {
	if format == "json" {
		items := make([]listedCase, len(cases))
		for i, c := range cases {
			items[i] = listedCase{c.File.Name, c.Name(), c.File.Path, c.Position().Line}
		}
		return printJSON(w, list(items))
	}
	for _, c := range cases {
		if _, err := fmt.Fprintln(w, wording.Printable(c.Title())); err != nil {
			return err
		}
	}
	return nil
}

// nothingSelected says which flags leave no case.
func (f *runFlags) nothingSelected(files []*scenario.File) error {
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = file.Name
	}
	err := fmt.Errorf("no case is selected by --run %q and --label %q", f.run, f.labels)
	return &exitError{code: exitUsage, err: err, hint: didYouMean(f.run, names, "")}
}

// variables checks that each --var is one that some file declares.
func variables(list []string, files []*scenario.File) (map[string]any, error) {
	given, err := assignments("--var", list)
	if err != nil {
		return nil, err
	}
	vars, declared := map[string]any{}, declaredVariables(files)
	for name, value := range given {
		if !slices.Contains(declared, name) {
			return nil, wording.Unknown(name, declared, "--var %s: no scenario declares the variable %q", name, name)
		}
		vars[name] = value
	}
	return vars, nil
}

// declaredVariables are the variables that any of the files declares, by name.
func declaredVariables(files []*scenario.File) []string {
	declared := map[string]bool{}
	for _, f := range files {
		for name := range f.Vars {
			declared[name] = true
		}
	}
	return slices.Sorted(maps.Keys(declared))
}
