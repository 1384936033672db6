//go:build unix

package main

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// onlyOurs refuses a file or folder that is not the user's own, or that others can write.
func onlyOurs(path string, info fs.FileInfo) error {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Getuid() {
		return fmt.Errorf("%s belongs to another user (%d): who wrote it could have tokens sent anywhere", path, stat.Uid)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s can be written by others, as its mode is %04o: chmod go-w %s", path, info.Mode().Perm(), path)
	}
	return nil
}
