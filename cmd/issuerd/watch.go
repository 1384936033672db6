package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/wording"
)

// watchEvery is how often the files are looked at.
const watchEvery = 500 * time.Millisecond

// watch plays what the arguments name, and again what changes of it, until the context ends. Its error is that of the last
// time.
func (f *runFlags) watch(cmd *cobra.Command, paths []string, remote *connection) error {
	roots, err := watched(paths)
	if err != nil {
		return err
	}
	stderr := cmd.ErrOrStderr()
	all := append(slices.Clone(roots), f.issuers...)
	files := wording.Count(len(snapshot(all)), "file")
	fmt.Fprintf(stderr, "issuerd: watches %s in %s; Ctrl-C ends it\n", files, strings.Join(all, ", "))
	ticks := time.NewTicker(watchEvery)
	defer ticks.Stop()
	return watchLoop(cmd.Context(), ticks.C, func() map[string]string { return snapshot(all) }, func(changed []string) error {
		f.only = nil
		if changed != nil {
			fmt.Fprintf(stderr, "issuerd: changed: %s\n", strings.Join(changed, ", "))
			if !slices.ContainsFunc(changed, func(path string) bool { return slices.Contains(f.issuers, path) }) {
				f.only = changed
			}
		}
		err := f.round(cmd, paths, remote)
		if err != nil && cmd.Context().Err() == nil {
			tell(stderr, err)
		}
		return err
	})
}

// watchLoop plays, and again at each tick at which files are there that were not, or were otherwise, with their paths. It
// ends with the context, and returns what the last round did.
func watchLoop(ctx context.Context, ticks <-chan time.Time, files func() map[string]string, play func(changed []string) error) error {
	before := files()
	err := play(nil)
	for {
		select {
		case <-ctx.Done():
			return told(err)
		case <-ticks:
		}
		now := files() // before they are read, so that what changes meanwhile is seen the next time
		var changed []string
		for _, path := range slices.Sorted(maps.Keys(now)) {
			if before[path] != now[path] {
				changed = append(changed, path)
			}
		}
		before = now
		if len(changed) > 0 {
			err = play(changed)
		}
	}
}

// told is the exit status of an error that has been told.
func told(err error) error {
	if err == nil {
		return nil
	}
	exit := &exitError{code: exitUsage}
	errors.As(err, &exit)
	return &exitError{code: exit.code}
}

// watched are the files and folders of the machine that the arguments name. What comes with the program does not change.
func watched(args []string) ([]string, error) {
	from := sources{}
	var roots []string
	for _, arg := range args {
		path, _, err := from.find(arg)
		if err != nil {
			return nil, err
		}
		if !within(from, path) {
			roots = append(roots, path)
		}
	}
	if len(roots) == 0 {
		return nil, errors.New("--watch: there is nothing to watch: the scenarios that come with issuerd do not change; name files or folders")
	}
	return roots, nil
}

// snapshot says of each YAML file among the paths, and below those that are folders, what tells a change: when it was written, and
// its size. What can't be read is not there.
func snapshot(roots []string) map[string]string {
	files := map[string]string{}
	for _, root := range roots {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error { // what can't be read may come back
			if err != nil || d.IsDir() || path != root && !strings.HasSuffix(path, ".yaml") && !strings.HasSuffix(path, ".yml") {
				return nil
			}
			if info, err := os.Stat(path); err == nil {
				files[filepath.ToSlash(path)] = fmt.Sprint(info.ModTime().UnixNano(), " ", info.Size())
			}
			return nil
		})
	}
	return files
}
