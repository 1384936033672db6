//go:build !unix

package docker

import "os/exec"

// ownGroup does nothing where there are no process groups: there, Ctrl-C ends the docker command too.
func ownGroup(*exec.Cmd) {}
