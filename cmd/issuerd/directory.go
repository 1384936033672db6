package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// demoDirectory is Entra's directory unless serve is given another.
//
//go:embed demo.yaml
var demoDirectory []byte

// loadDirectory reads the file of --directory, and returns the version of it; without the flag, the demonstration's,
// which has none.
func (f *serveFlags) loadDirectory() (dir *directory.Directory, version string, err error) {
	if f.directory == "" {
		dir, err = directory.Parse("demo.yaml", demoDirectory)
		return dir, "", err
	}
	dir, version, err = readDirectory(f.directory)
	if problem := (*fs.PathError)(nil); errors.As(err, &problem) {
		err = fmt.Errorf("--directory %s: %w", f.directory, problem.Err)
	}
	return dir, version, err
}

// readDirectory reads a directory file, which must be whole. The version is a digest of it.
func readDirectory(path string) (dir *directory.Directory, version string, err error) {
	src, err := document.ReadFile(disk{}, path, document.MaxSize)
	if err != nil {
		return nil, "", err
	}
	digest := sha256.Sum256(src)
	dir, err = parseDirectory(path, src)
	return dir, hex.EncodeToString(digest[:]), err
}

// parseDirectory parses a directory file that somebody saved. One that has been cut off may still be YAML, with fewer
// tenants or applications: its last line is then hardly ever complete. In braces, as JSON is, a part is never YAML.
func parseDirectory(path string, src []byte) (*directory.Directory, error) {
	dir, err := directory.Parse(path, src)
	if err == nil && !bytes.HasSuffix(src, []byte("\n")) && !bytes.HasSuffix(src, []byte("}")) {
		last := document.Position{Line: bytes.Count(src, []byte("\n")) + 1, Column: 1, Width: 1}
		return nil, document.Problems{{File: path, Position: last, Message: "the last line has no line end", Hint: "if the file has not been cut off, end it with one"}}
	}
	return dir, err
}

// watchedFile is a directory file that is read again when it changes.
type watchedFile struct {
	path    string
	replace func(read *directory.Directory, version string) error // puts it in force
	seen    fs.FileInfo                                           // as it was when it was last read; nil: it was not there
	// as it was at the last look, if that was not as seen: it is read when it stays so until the next; else nil
	changed fs.FileInfo
}

func watchFile(path string, replace func(read *directory.Directory, version string) error) *watchedFile {
	w := &watchedFile{path: path, replace: replace}
	w.seen, _ = os.Stat(path) // it has just been read; if it is gone, look tells
	return w
}

// look reads the file again if it has changed and has been the same for two looks, so that nobody is writing it, and
// tells whether it did. What it can't read, or what breaks a rule, leaves the directory as it was.
func (w *watchedFile) look() (changed bool, err error) {
	info, err := os.Stat(w.path)
	if err != nil {
		w.changed = nil
		if w.seen == nil {
			return false, nil // said once already
		}
		w.seen = nil
		return false, err
	}
	switch {
	case sameFile(info, w.seen):
		w.changed = nil
		return false, nil
	case !sameFile(info, w.changed):
		w.changed = info
		return false, nil
	}
	read, version, err := readDirectory(w.path)
	if after, statErr := os.Stat(w.path); statErr != nil || !sameFile(info, after) {
		w.changed = nil // it changed while it was read
		return false, nil
	}
	w.seen, w.changed = info, nil
	if err != nil {
		return false, err
	}
	if err := w.replace(read, version); err != nil {
		return false, err
	}
	return true, nil
}

// sameFile tells whether a file is as it was: nobody has written it, or put another in its place.
func sameFile(a, b fs.FileInfo) bool {
	return a != nil && b != nil && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && os.SameFile(a, b)
}

// follow looks whenever a tick comes, until the context ends, and says what came of it.
func (w *watchedFile) follow(ctx context.Context, ticks <-chan time.Time, out io.Writer) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		switch changed, err := w.look(); {
		case err != nil:
			fmt.Fprintf(out, "issuerd: error: %v\nissuerd: hint: Entra's directory stays as it was until the file can be read\n", err)
		case changed:
			fmt.Fprintf(out, "issuerd: read %s again\n", w.path)
		}
	}
}

func newDirectory() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:   "directory",
		Short: "Print Entra's directory of a running farm as a file for serve --directory",
		Long: `Print Entra's directory of a running farm, as it is now, with what was changed through Microsoft Graph, Azure Resource Manager and the
management API: as a file that serve --directory reads.`,
		Example: `  issuerd directory >entra.yaml
  issuerd directory --json`,
		Args: noArgs,
		RunE: onFarm(&f, func(cmd *cobra.Command, _ []string, farm *connection) error {
			file, err := farm.Directory(cmd.Context(), farm.world)
			if err != nil {
				return err
			}
			text, err := file.Marshal()
			if err != nil {
				return err
			}
			if f.json { // the same words as in YAML, durations among them
				if text, err = yaml.YAMLToJSON(text); err != nil {
					return err
				}
				return printJSON(cmd.OutOrStdout(), json.RawMessage(text))
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		}),
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON, which serve --directory reads too")
	cmd.AddCommand(newDirectoryApply())
	return cmd
}

func newDirectoryApply() *cobra.Command {
	var f farmFlags
	cmd := &cobra.Command{
		Use:   "apply FILE|-",
		Short: "Put a directory file in the place of Entra's directory of a running farm",
		Long: `Put a directory file in the place of Entra's directory of a running farm, as a whole or, when something is wrong with it, not at all. With
- it is read from standard input.`,
		Example: `  issuerd directory >now.yaml && issuerd directory apply now.yaml
  issuerd directory | issuerd directory apply -`,
		Args:              wantArgs(1, 1, "a file, or - for standard input"),
		ValidArgsFunction: once(completeFiles),
		RunE: onFarm(&f, func(cmd *cobra.Command, args []string, farm *connection) error {
			src, name, err := directoryFile(cmd, args[0])
			if err != nil {
				return err
			}
			if _, err := parseDirectory(name, src); err != nil { // before the farm, which does not know whether it was cut off
				return err
			}
			file, err := farm.ApplyDirectory(cmd.Context(), farm.world, name, src)
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), file)
			}
			farm.hintSpread(cmd.Context(), cmd.ErrOrStderr(), propagation)
			return nil
		}),
	}
	f.add(cmd)
	f.addJSON(cmd)
	return cmd
}

// directoryFile reads the file of an argument, which is - for standard input.
func directoryFile(cmd *cobra.Command, path string) (src []byte, name string, err error) {
	if path != "-" {
		src, err = document.ReadFile(disk{}, path, document.MaxSize)
		return src, path, err
	}
	name = "standard input"
	if src, err = io.ReadAll(io.LimitReader(cmd.InOrStdin(), document.MaxSize+1)); err == nil && len(src) > document.MaxSize {
		err = fmt.Errorf("%s: want a directory file of at most %d bytes", name, document.MaxSize)
	}
	return src, name, err
}
