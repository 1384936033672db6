package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/scenarios"
)

// load reads the scenarios at the paths, or without any those that come with the program. All paths are one set: a name
// may occur once.
func load(paths []string) ([]*scenario.File, document.Problems, error) {
	if len(paths) == 0 {
		files, problems := scenario.LoadFS(scenarios.FS, runner.Names(), ".")
		return files, problems, nil
	}
	var slashed []string
	for _, path := range paths {
		if path == "" {
			return nil, nil, errors.New("want the path of a file or a folder, got an empty one")
		}
		slashed = append(slashed, filepath.ToSlash(path))
	}
	files, problems := scenario.LoadFS(disk{}, runner.Names(), slashed...)
	if len(files) == 0 && len(problems) == 0 {
		return nil, nil, fmt.Errorf("no *.yaml or *.yml in %q", paths)
	}
	return files, problems, nil
}

// disk is the machine's files under the names that people give on the command line, which os.DirFS does not take:
// absolute, or with ".." in front.
type disk struct{}

// Open implements fs.FS.
func (disk) Open(name string) (fs.File, error) { return os.Open(name) }

// Stat implements fs.StatFS. It opens nothing, because to open a pipe is to wait for its writer.
func (disk) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }
