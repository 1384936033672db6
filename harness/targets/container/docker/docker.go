package docker

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/harness/targets"
)

// ErrNoEngine is the error when no container engine answers, or the docker command is missing.
var ErrNoEngine = errors.New("no container engine answers; install and start Docker, or play against a farm that runs with --target URL")

// ErrNoImage is the error when DefaultImage has not been built.
var ErrNoImage = fmt.Errorf("no image %s; make image builds it", DefaultImage)

const (
	startTime    = 3 * time.Minute       // how long the farm may take until it answers: it takes milliseconds, the rest is for a busy machine
	commandTime  = 3 * time.Minute       // how long the engine may take to make or to remove a container, likewise
	pollInterval = 50 * time.Millisecond // between two questions whether it does
)

// Container is a farm in a container. It is safe for concurrent use.
type Container struct {
	name   string
	token  string
	planes map[plane.Plane]string // host:port on this machine, by plane
}

// Run starts the image with a control token of its own and waits until the farm answers. The hosts are names that
// issuers may have beside the impersonated ones. An image that is not here is pulled, except for DefaultImage. The
// errors wrap ErrNoEngine and ErrNoImage, or the cause of the context's end, where that came first; after an error
// nothing is left behind.
func Run(ctx context.Context, image string, hosts ...string) (*Container, error) {
	if err := prepare(ctx, image); err != nil {
		return nil, interrupted(ctx, err)
	}
	c := &Container{name: "issuerd-" + strings.ToLower(rand.Text()), token: rand.Text()}
	err := c.create(ctx, image, hosts)
	if err == nil {
		err = c.start(ctx)
	}
	if err != nil {
		err = interrupted(ctx, fmt.Errorf("docker: image %q: %w", image, err))
		return nil, errors.Join(err, c.Remove(context.WithoutCancel(ctx)))
	}
	return c, nil
}

// interrupted is the cause of the context's end if it has ended, because then the error only tells what that did;
// otherwise the error.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("docker: %w", context.Cause(ctx))
	}
	return err
}

// prepare looks for the engine and gets the image.
func prepare(ctx context.Context, image string) error {
	if _, err := docker(ctx, nil, "version", "--format", "{{.Server.Version}}"); err != nil {
		return fmt.Errorf("docker: %w (%w)", ErrNoEngine, err)
	}
	_, err := docker(ctx, nil, "image", "inspect", "--format", "{{.Id}}", "--", image)
	switch {
	case err == nil:
		return nil
	case image == DefaultImage:
		return fmt.Errorf("docker: %w (%w)", ErrNoImage, err)
	}
	if _, err := docker(ctx, nil, "pull", "--quiet", "--", image); err != nil {
		return fmt.Errorf("docker: image %q: %w", image, err)
	}
	return nil
}

// create makes the container. It goes on when the context ends, which it does not do for long: a docker command that is
// killed leaves unknown whether the engine makes the container, and when.
func (c *Container) create(ctx context.Context, image string, hosts []string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandTime)
	defer cancel()
	// The token goes through the command's environment, because every user of a machine can read command lines.
	args := []string{
		"create", "--pull=never", "--name", c.name, "--label", label, "--env", TokenVariable,
		"--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges",
	}
	for _, p := range plane.All {
		args = append(args, "--publish", "127.0.0.1::"+Port(p))
	}
	args = append(append(args, "--", image), Command(hosts...)...)
	_, err := docker(ctx, []string{TokenVariable + "=" + c.token}, args...)
	return err
}

// start starts the container, waits until the farm answers, and learns its ports.
func (c *Container) start(ctx context.Context) error {
	if _, err := docker(ctx, nil, "start", c.name); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, fmt.Errorf("the farm does not answer after %s", startTime))
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: startTime}
	for {
		if err := c.inspect(ctx); err != nil {
			return err
		}
		if healthy(ctx, client, c.controlURL()) {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// inspect reads the ports. A container that has ended is an error that says what its last words were.
func (c *Container) inspect(ctx context.Context) error {
	raw, err := docker(ctx, nil, "container", "inspect", "--format", "{{json .}}", c.name)
	if err != nil {
		return err
	}
	var state struct {
		State struct {
			Running  bool
			ExitCode int
		}
		NetworkSettings struct {
			Ports map[string][]struct{ HostIP, HostPort string }
		}
	}
	if err := json.Unmarshal([]byte(raw), &state); err != nil {
		return fmt.Errorf("inspect container: %w", err)
	}
	if !state.State.Running {
		said, err := exec.CommandContext(ctx, "docker", "logs", "--tail", "5", c.name).CombinedOutput()
		text := strings.ReplaceAll(strings.TrimSpace(string(said)), c.token, "[token]")
		return errors.Join(fmt.Errorf("the farm ended with exit code %d and said: %s", state.State.ExitCode, text), err)
	}
	c.planes = map[plane.Plane]string{}
	for _, p := range plane.All {
		bound := state.NetworkSettings.Ports[Port(p)+"/tcp"]
		if len(bound) == 0 {
			return fmt.Errorf("the engine publishes no port for the %s plane (%s in the container)", p, Port(p))
		}
		c.planes[p] = net.JoinHostPort(bound[0].HostIP, bound[0].HostPort)
	}
	return nil
}

func healthy(ctx context.Context, client *http.Client, controlURL string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, controlURL+HealthPath, nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close()) == nil && resp.StatusCode == http.StatusOK
}

func (c *Container) controlURL() string { return "http://" + c.planes[plane.Control] }

// Target is the farm in the container as something to run scenarios against. Closing it leaves the container up.
func (c *Container) Target(ctx context.Context) (*targets.Target, error) {
	return targets.Remote(ctx, "container", c.controlURL(), c.token, c.planes)
}

// Remove ends the container, without waiting for requests under way, and removes it. A container that is not there is
// no error.
func (c *Container) Remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	_, err := docker(ctx, nil, "rm", "--force", "--volumes", c.name)
	if err != nil && !strings.Contains(strings.ToLower(err.Error()), "no such container") {
		return fmt.Errorf("docker: remove container %s: %w", c.name, err)
	}
	return nil
}

// docker runs the docker command with variables beside this process's environment, and returns what it printed on
// standard output. The error holds what it printed on the other.
func docker(ctx context.Context, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.WaitDelay = time.Second // for helpers of a killed command that keep its streams open
	ownGroup(cmd)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		err = fmt.Errorf("docker %s: %w", args[0], err)
		if said := bytes.TrimSpace(stderr.Bytes()); len(said) > 0 {
			err = fmt.Errorf("%w: %s", err, said)
		}
		return "", err
	}
	return stdout.String(), nil
}
