// Package docker runs the farm's image with the docker command, for issuerd itself:
//
//	c, err := docker.Run(ctx, docker.DefaultImage)
//	if err != nil {
//		return err
//	}
//	defer c.Remove(ctx)
//	t, err := c.Target(ctx)
//
// Tests want the package above this one, harness/targets/container, which does the same with testcontainers. A command
// must not link that library: at every start, before main, it reads the state of every process of the machine, which
// takes longer than all the rest of starting issuerd, and gets longer with each process (testcontainers-go v0.44.0,
// internal/core/bootstrap).
//
// The ports are published on this machine's loopback address alone, so the engine has to run here or, like Docker
// Desktop, act as if it did. With an engine elsewhere, start the image there and give issuerd the URL of its control
// plane.
//
// Run leaves nothing behind, and Remove ends what it returned. Only a process that is killed leaves its container; all
// of them carry a label: docker ps --all --filter label=issuerd.
//
// The command line is documented at https://docs.docker.com/reference/cli/docker/container/run/.
package docker
