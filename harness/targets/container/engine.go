package container

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"

	"github.com/issuerd/issuerd/harness/plane"
)

// ErrNoEngine is the error when no container engine answers.
var ErrNoEngine = errors.New("container: no container engine answers; start Docker, or set DOCKER_HOST to one that runs")

// engineHost is the host at which the engine publishes ports, as seen from here. It takes how to find the engine, which
// a machine that has one can't be made to fail at.
func engineHost(ctx context.Context, find func() (*testcontainers.DockerProvider, error)) (host string, err error) {
	defer func() {
		if r := recover(); r != nil { // that is how testcontainers says that it finds no socket
			err = fmt.Errorf("%w: %v", ErrNoEngine, r)
		}
	}()
	provider, err := find()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoEngine, err)
	}
	host, err = provider.DaemonHost(ctx)
	if err != nil {
		return "", errors.Join(fmt.Errorf("container: where the engine is: %w", err), provider.Close())
	}
	return host, provider.Close()
}

// findEngine looks where testcontainers does.
func findEngine() (*testcontainers.DockerProvider, error) { return testcontainers.NewDockerProvider() }

// publish binds the ports to loopback when the engine's host is this machine, since a farm is nobody else's business.
func publish(host string) func(*container.HostConfig) {
	return func(config *container.HostConfig) {
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return
		}
		if config.PortBindings == nil {
			config.PortBindings = network.PortMap{}
		}
		for _, p := range plane.All {
			config.PortBindings[network.MustParsePort(port(p))] = []network.PortBinding{{HostIP: netip.MustParseAddr("127.0.0.1")}}
		}
	}
}
