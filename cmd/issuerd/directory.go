package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra"
)

// demoDirectory is Entra's directory unless serve is given another.
//
//go:embed demo.yaml
var demoDirectory []byte

func (f *serveFlags) loadDirectory() (*entra.Directory, error) {
	if f.directory == "" {
		return entra.ParseDirectory("demo.yaml", demoDirectory)
	}
	return readDirectory(f.directory)
}

func readDirectory(path string) (*entra.Directory, error) {
	src, err := document.ReadFile(disk{}, path, entra.MaxDirectoryFile)
	if err != nil {
		return nil, err
	}
	return entra.ParseDirectory(path, src)
}

// watchedFile is a directory file that is read again when it changes.
type watchedFile struct {
	path      string
	directory *entra.Directory
	seen      fs.FileInfo // as it was when it was last read; nil: it was not there
}

func watchFile(path string, directory *entra.Directory) *watchedFile {
	w := &watchedFile{path: path, directory: directory}
	w.seen, _ = os.Stat(path) // it has just been read; if it is gone, look tells
	return w
}

// look reads the file again if it has changed, and tells whether it did. What it can't read, or what breaks a rule, leaves the directory as
// it was.
func (w *watchedFile) look() (changed bool, err error) {
	info, err := os.Stat(w.path)
	if err != nil {
		if w.seen == nil {
			return false, nil // said once already
		}
		w.seen = nil
		return false, err
	}
	if w.seen != nil && info.ModTime().Equal(w.seen.ModTime()) && info.Size() == w.seen.Size() {
		return false, nil
	}
	w.seen = info
	read, err := readDirectory(w.path)
	if err != nil {
		return false, err
	}
	w.directory.Replace(read)
	return true, nil
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
	var url string
	cmd := &cobra.Command{
		Use:   "directory",
		Short: "Print Entra's directory of a running farm as a file for serve --directory",
		Long: `Print Entra's directory of a running farm, as it is now, with what was changed through Microsoft Graph, Azure Resource Manager and the
management API: as a file that serve --directory reads.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if url == "" {
				return errors.New("directory: needs a running farm: start issuerd serve, and set --farm or " + controlURLVariable)
			}
			if err := checkControlPlane("--farm", url); err != nil {
				return err
			}
			client := &control.Client{URL: url, Token: os.Getenv(controlTokenVariable)}
			file, err := client.Directory(cmd.Context(), control.DefaultFarm)
			if err != nil {
				var refused *control.Error
				if !errors.As(err, &refused) {
					return cannotRun(err)
				}
				return err
			}
			text, err := file.Marshal()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	cmd.Flags().StringVar(&url, "farm", os.Getenv(controlURLVariable), "the control plane of a running farm, with its bearer token in "+controlTokenVariable)
	return cmd
}
