package scenario

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// MaxFile is the size in bytes above which a file is refused. It is a hundred times what a scenario needs.
const MaxFile = 1 << 20

// ReadFile reads a file that people name: it must be a regular one of at most MaxFile bytes. A pipe, which could keep its reader
// waiting for ever, or a device, which could have no end, is an error, and so is a directory. Errors are *fs.PathError.
func ReadFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name) // before opening: to open a pipe is to wait for its writer
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("want a regular file, got mode %s", info.Mode())}
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	src, err := io.ReadAll(io.LimitReader(file, MaxFile+1)) // a file may have grown, and some lie about their size
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	if len(src) > MaxFile {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("want at most %d bytes, got more", MaxFile)}
	}
	return src, nil
}
