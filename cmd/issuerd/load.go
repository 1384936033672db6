package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/scenarios"
	"github.com/issuerd/issuerd/wording"
)

// loaded are the scenarios that arguments name.
type loaded struct {
	files    []*scenario.File
	problems document.Problems
	from     fs.FS               // what they were read from
	cases    map[string][]string // the cases that are selected of a file, by its path; of one that is not here, all
}

// selects tells whether the case of a scenario with this title is one that the arguments name.
func (l *loaded) selects(file *scenario.File, title string) bool {
	cases, restricted := l.cases[file.Path]
	return !restricted || slices.Contains(cases, strings.TrimSuffix(strings.TrimPrefix(title, file.Name+"["), "]"))
}

// load reads the scenarios that the arguments name, or without any those that come with the program. An argument is the
// path of a file or a folder. Where there is nothing, it is the name of a scenario that comes with the program, or of
// their folder; the extension of a file may be left out. Behind a file or a scenario, a case may stand in brackets. All
// are one set: a name may occur once. They may name the platforms of the issuer files.
func load(args []string, issuers ...*generic.File) (*loaded, error) {
	if len(args) == 0 {
		files, problems := scenario.LoadFS(scenarios.FS, runner.Names(issuers...), ".")
		return &loaded{files: files, problems: problems, from: scenarios.FS}, nil
	}
	var paths []string
	from, whole, cases := sources{}, map[string]bool{}, map[string][]string{}
	for _, arg := range args {
		p, name, err := from.find(arg)
		if err != nil {
			return nil, err
		}
		paths = append(paths, p)
		if name == "" {
			whole[path.Clean(p)] = true
		} else {
			cases[path.Clean(p)] = append(cases[path.Clean(p)], name)
		}
	}
	maps.DeleteFunc(cases, func(file string, _ []string) bool { return within(whole, file) })
	files, problems := scenario.LoadFS(from, runner.Names(issuers...), paths...)
	if len(files) == 0 && len(problems) == 0 {
		return nil, fmt.Errorf("no *.yaml or *.yml in %q", args)
	}
	for _, f := range files {
		for _, name := range cases[f.Path] {
			if err := validateCase(f, name); err != nil {
				return nil, err
			}
		}
	}
	return &loaded{files, problems, from, cases}, nil
}

// validateCase says what cases a file has when it has not this one.
func validateCase(f *scenario.File, name string) error {
	var known []string
	for _, c := range f.Cases {
		if c.Name == name {
			return nil
		}
		known = append(known, c.Name)
	}
	if known == nil {
		return fmt.Errorf("%s: the scenario %q has no cases: leave [%s] out", f.Path, f.Name, name)
	}
	return wording.Unknown(name, known, "%s: the scenario %q has no case %q", f.Path, f.Name, name)
}

// sources are the machine's files and, at the paths in the set and below, those that come with the program.
type sources map[string]bool

// find returns the path that an argument leads to, and the case that it names, if it names one.
func (s sources) find(arg string) (found, name string, err error) {
	if arg == "" {
		return "", "", errors.New("want the path of a file or a folder, got an empty one")
	}
	if found, ok := s.locate(filepath.ToSlash(arg)); ok {
		return found, "", nil
	}
	if before, rest, ok := strings.Cut(filepath.ToSlash(arg), "["); ok && before != "" && strings.HasSuffix(rest, "]") {
		if found, ok := s.locate(before); ok {
			if info, err := s.Stat(found); err == nil && info.IsDir() {
				return "", "", fmt.Errorf("%s is a folder: a case is of one scenario, such as github/branch[name]", before)
			}
			return found, strings.TrimSuffix(rest, "]"), nil
		}
		arg = before
	}
	return "", "", &exitError{
		code: exitUsage, err: fmt.Errorf("%s: no such file or folder, and no scenario of this name comes with issuerd", arg),
		hint: nearScenarios(arg),
	}
}

// nearScenarios is a hint with what somebody may have meant of what comes with the program: the scenarios with a word as
// their label, the one whose name is nearest to it, or those whose names hold it.
func nearScenarios(word string) string {
	library, _ := scenario.LoadFS(scenarios.FS, runner.Names(), ".") // a test plays them
	for label := range labelsOf(library) {
		if sameLabel(label, word) {
			return "it is a label: --label " + label
		}
	}
	names, holding := libraryNames(), []string{}
	for _, name := range names {
		if strings.Contains(name, strings.ToLower(word)) {
			holding = append(holding, name)
		}
	}
	otherwise := ""
	if len(holding) > 0 && word != "" {
		otherwise = "there are " + wording.OneOf(word, holding)
	}
	return didYouMean(word, names, otherwise)
}

// locate finds a file or a folder of the machine, or else one that comes with the program. The extension of a file may
// be left out.
func (s sources) locate(p string) (string, bool) {
	for _, ext := range []string{"", ".yaml", ".yml"} {
		if _, err := os.Stat(p + ext); err == nil || !errors.Is(err, fs.ErrNotExist) { // what is wrong with it is told when it is read
			return p + ext, true
		}
		if inside := path.Clean(p) + ext; fs.ValidPath(inside) {
			if _, err := fs.Stat(scenarios.FS, inside); err == nil {
				s[inside] = true
				s.addShared()
				return inside, true
			}
		}
	}
	return "", false
}

// addShared adds the directory files of the program's own scenarios, which these use.
func (s sources) addShared() {
	shared, _ := fs.Glob(scenarios.FS, "*.yaml") // the pattern is well formed
	for _, p := range shared {
		s[p] = true
	}
}

// libraryNames are the scenarios that come with the program, and their folders.
func libraryNames() []string {
	var names []string
	_ = fs.WalkDir(scenarios.FS, ".", func(p string, d fs.DirEntry, _ error) error { // nothing goes wrong in memory
		if p != "." && (d.IsDir() || path.Dir(p) != ".") {
			names = append(names, strings.TrimSuffix(p, path.Ext(p)))
		}
		return nil
	})
	return names
}

// Open implements fs.FS.
func (s sources) Open(name string) (fs.File, error) {
	if within(s, name) {
		return scenarios.FS.Open(name)
	}
	return disk{}.Open(name)
}

// Stat implements fs.StatFS. It opens nothing on the machine, because to open a pipe is to wait for its writer.
func (s sources) Stat(name string) (fs.FileInfo, error) {
	if within(s, name) {
		return fs.Stat(scenarios.FS, name)
	}
	return disk{}.Stat(name)
}

// RealPath implements scenario.RealPaths. What comes with the program has no links, and no path on the machine.
func (s sources) RealPath(name string) (string, error) {
	if within(s, name) {
		return "", &fs.PathError{Op: "realpath", Path: name, Err: fs.ErrInvalid}
	}
	return disk{}.RealPath(name)
}

// within tells whether a path, or a folder above it, is in a set of paths.
func within(set map[string]bool, p string) bool {
	for ; !set[p]; p = path.Dir(p) {
		if p == path.Dir(p) {
			return false
		}
	}
	return true
}

// disk is the machine's files under the names that people give on the command line, which os.DirFS does not take:
// absolute, or with ".." in front.
type disk struct{}

// Open implements fs.FS.
func (disk) Open(name string) (fs.File, error) { return os.Open(name) }

// Stat implements fs.StatFS. It opens nothing, because to open a pipe is to wait for its writer.
func (disk) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// RealPath implements scenario.RealPaths.
func (disk) RealPath(name string) (string, error) {
	if !filepath.IsAbs(name) {
		wd, err := os.Getwd()
		if err != nil {
			return "", err
		}
		if wd, err = filepath.EvalSymlinks(wd); err != nil { // before a .. is taken off it
			return "", err
		}
		name = filepath.Join(wd, name)
	}
	found, err := filepath.EvalSymlinks(name)
	return filepath.ToSlash(found), err
}
