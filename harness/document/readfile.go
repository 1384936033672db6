package document

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// ReadFile reads a file that people name: it must be a regular one of at most limit bytes. A pipe, which could keep its
// reader waiting for ever, or a device, which could have no end, is an error, and so is a directory. Errors are
// *fs.PathError.
func ReadFile(fsys fs.FS, name string, limit int) ([]byte, error) {
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
	src, err := io.ReadAll(io.LimitReader(file, int64(limit)+1)) // a file may have grown, and some lie about their size
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	if len(src) > limit {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("want at most %d bytes, got more", limit)}
	}
	return src, nil
}
