package container

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/harness/targets"
	"github.com/issuerd/issuerd/harness/targets/container/docker"
)

// DefaultImage is what make image builds.
const DefaultImage = docker.DefaultImage

// startTime is how long the farm may take until it answers. It takes milliseconds; the rest is for a loaded machine.
const startTime = 3 * time.Minute

// Container is a running farm in a container. It is safe for concurrent use.
type Container struct {
	testcontainers.Container
	token string
}

// Run starts the image with a control token of its own and waits until the farm answers. The caller's options come
// after the module's. The container is returned with an error too when there is one, so that it can be removed. The
// error wraps ErrNoEngine when no container engine answers.
//
// What testcontainers has to say about its progress is dropped unless an option sets a logger.
func Run(ctx context.Context, img string, opts ...testcontainers.ContainerCustomizer) (*Container, error) {
	host, err := engineHost(ctx, findEngine)
	if err != nil {
		return nil, err
	}
	var ports []string
	for _, p := range plane.All {
		ports = append(ports, port(p))
	}
	module := []testcontainers.ContainerCustomizer{
		testcontainers.WithLogger(log.NewNoopLogger()),
		testcontainers.WithCmd(docker.Command()...),
		testcontainers.WithEnv(map[string]string{docker.TokenVariable: rand.Text()}),
		testcontainers.WithExposedPorts(ports...),
		testcontainers.WithHostConfigModifier(publish(host)),
		testcontainers.WithWaitStrategyAndDeadline(startTime,
			wait.ForHTTP(docker.HealthPath).WithPort(port(plane.Control)).WithPollInterval(10*time.Millisecond)),
	}
	ctr, err := testcontainers.Run(ctx, img, append(module, opts...)...)
	var c *Container
	if ctr != nil {
		c = &Container{Container: ctr}
	}
	if err != nil {
		return c, errors.Join(fmt.Errorf("container: image %q: %w", img, err), c.lastWords(context.WithoutCancel(ctx)))
	}
	return c, c.readToken(ctx)
}

// port is a plane's port in the container, as testcontainers wants it.
func port(p plane.Plane) string { return docker.Port(p) + "/tcp" }

// readToken takes the token from the container, since an option may have set another, or have picked a container that
// ran already.
func (c *Container) readToken(ctx context.Context) error {
	inspect, err := c.Inspect(ctx)
	if err != nil {
		return fmt.Errorf("container: %w", err)
	}
	for _, variable := range inspect.Config.Env {
		if token, ok := strings.CutPrefix(variable, docker.TokenVariable+"="); ok && token != "" {
			c.token = token
			return nil
		}
	}
	return fmt.Errorf("container: %s is not set in the container", docker.TokenVariable)
}

// lastWords is what a farm that has ended said, as an error, without the token; nil when it still runs or said nothing.
func (c *Container) lastWords(ctx context.Context) error {
	if c == nil {
		return nil
	}
	inspect, err := c.Inspect(ctx)
	if err != nil {
		return fmt.Errorf("container: %w", err)
	}
	if inspect.State.Running {
		return nil
	}
	if err := c.readToken(ctx); err != nil {
		return err
	}
	logs, err := c.Logs(ctx)
	if err != nil {
		return fmt.Errorf("container: logs: %w", err)
	}
	defer logs.Close()
	said, err := io.ReadAll(io.LimitReader(logs, 4096))
	if err != nil {
		return fmt.Errorf("container: logs: %w", err)
	}
	if len(said) == 0 {
		return nil
	}
	text := strings.ReplaceAll(strings.TrimSpace(string(said)), c.token, "[token]")
	return fmt.Errorf("container: the farm ended with exit code %d and said: %s", inspect.State.ExitCode, text)
}

// ControlURL is the address of the management API, as seen from here.
func (c *Container) ControlURL(ctx context.Context) (string, error) {
	endpoint, err := c.PortEndpoint(ctx, port(plane.Control), "http")
	if err != nil {
		return "", fmt.Errorf("container: control plane: %w", err)
	}
	return endpoint, nil
}

// Token is the bearer token of the management API.
func (c *Container) Token() string { return c.token }

// Target is the farm in the container as something to run scenarios against. Closing it leaves the container up.
func (c *Container) Target(ctx context.Context) (*targets.Target, error) {
	planes := map[plane.Plane]string{}
	for _, p := range plane.All {
		endpoint, err := c.PortEndpoint(ctx, port(p), "")
		if err != nil {
			return nil, fmt.Errorf("container: %s plane: %w", p, err)
		}
		planes[p] = endpoint
	}
	controlURL, err := c.ControlURL(ctx)
	if err != nil {
		return nil, err
	}
	return targets.Remote(ctx, "container", controlURL, c.token, planes)
}
