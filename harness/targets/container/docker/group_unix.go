//go:build unix

package docker

import (
	"os/exec"
	"syscall"
)

// ownGroup takes a command out of the process group that a terminal sends Ctrl-C to: it is up to the context when a
// command ends.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
