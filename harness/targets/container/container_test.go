package container_test

import (
	"bytes"
	"debug/elf"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/harness/targets"
	"github.com/issuerd/issuerd/harness/targets/container"
	"github.com/issuerd/issuerd/harness/targets/container/docker"
	"github.com/issuerd/issuerd/harness/targets/container/docker/dockertest"
)

func TestContainer(t *testing.T) {
	t.Parallel()
	image := dockertest.Image(t)
	t.Run("sign-in", func(t *testing.T) { t.Parallel(); testSignIn(t, image) })
	t.Run("options", func(t *testing.T) { t.Parallel(); testOptions(t, image) })
	t.Run("caller's options last", func(t *testing.T) { t.Parallel(); testCallerLast(t, image) })
	t.Run("bad directory", func(t *testing.T) { t.Parallel(); testBadDirectory(t, image) })
	t.Run("stop", func(t *testing.T) { t.Parallel(); testStop(t, image) })
}

func run(t *testing.T, image string, opts ...testcontainers.ContainerCustomizer) *container.Container {
	t.Helper()
	c, err := container.Run(t.Context(), image, opts...)
	testcontainers.CleanupContainer(t, c)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func open(t *testing.T, c *container.Container) *targets.Target {
	t.Helper()
	tgt, err := c.Target(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tgt.Close(); err != nil {
			t.Error(err)
		}
	})
	return tgt
}

func testSignIn(t *testing.T, image string) {
	c := run(t, image)
	tgt := open(t, c)
	if tgt.Name != "container" {
		t.Errorf("target's name = %q, want %q", tgt.Name, "container")
	}
	dockertest.SignIn(t, tgt)

	inspect, err := c.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if inspect.Config.User != "65532:65532" {
		t.Errorf("user = %q, want one without privileges", inspect.Config.User)
	}
	host, err := c.Host(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for port, bindings := range inspect.NetworkSettings.Ports {
		for _, b := range bindings {
			if host == "localhost" && !b.HostIP.IsLoopback() {
				t.Errorf("port %s is published on %s, want loopback", port, b.HostIP)
			}
		}
	}
	if got, want := len(inspect.NetworkSettings.Ports), len(plane.All); got != want {
		t.Errorf("%d ports are published, want %d", got, want)
	}

	binary, err := c.CopyFileFromContainer(t.Context(), "/issuerd")
	if err != nil {
		t.Fatal(err)
	}
	defer binary.Close()
	raw, err := io.ReadAll(binary)
	if err != nil {
		t.Fatal(err)
	}
	file, err := elf.NewFile(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range file.Progs {
		if program.Type == elf.PT_INTERP || program.Type == elf.PT_DYNAMIC {
			t.Errorf("the binary has a %s segment, want a static one", program.Type)
		}
	}
}

// tenant is in the directory of testOptions and nowhere else.
const tenant = "5e1f0c6b-6f0e-4b39-9d3c-0a3a3a7a9f10"

func testOptions(t *testing.T, image string) {
	const host = "ci.corp.internal.net"
	c := run(t, image, container.WithHosts(host), container.WithDirectory([]byte("tenants:\n  - id: "+tenant+"\n    displayName: Fabrikam\n")))
	tgt := open(t, c)

	if _, err := tgt.Control.AddIssuer(t.Context(), control.DefaultWorld, control.IssuerSpec{Platform: "github", URL: "https://" + host}); err != nil {
		t.Errorf("an issuer at the host of WithHosts: %v", err)
	}
	client := &http.Client{Transport: tgt.Transport(control.DefaultWorld)}
	resp, err := client.Get("https://login.microsoftonline.com/" + tenant + "/v2.0/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("discovery of the tenant of WithDirectory: HTTP status %d, want 200", resp.StatusCode)
	}
}

func testCallerLast(t *testing.T, image string) {
	const token = "a-token-of-the-caller"
	c := run(t, image, testcontainers.WithEnv(map[string]string{docker.TokenVariable: token}))
	if c.Token() != token {
		t.Errorf("the control token is not the caller's")
	}
	if _, err := open(t, c).Control.Info(t.Context()); err != nil {
		t.Error(err)
	}
}

// testBadDirectory wants the farm's own words when it does not come up, without the token, which here is a word of
// them.
func testBadDirectory(t *testing.T, image string) {
	c, err := container.Run(t.Context(), image, container.WithDirectory([]byte("nosuchkey: 1\n")),
		testcontainers.WithEnv(map[string]string{docker.TokenVariable: "nosuchkey"}))
	testcontainers.CleanupContainer(t, c)
	if err == nil {
		t.Fatal("Run succeeded, want an error")
	}
	if c == nil {
		t.Error("Run returned no container with its error, want it for the clean-up")
	}
	if want := "/directory.yaml:"; !strings.Contains(err.Error(), want) {
		t.Errorf("Run = %q, want the farm's own message, with %q in it", err, want)
	}
	if strings.Contains(err.Error(), "nosuchkey") || !strings.Contains(err.Error(), "[token]") {
		t.Errorf("Run = %q, want [token] in the place of the token", err)
	}
}

// testStop wants the exit code of a farm that ended by itself; one that the engine had to kill has 137.
func testStop(t *testing.T, image string) {
	c := run(t, image)
	dockertest.SignIn(t, open(t, c))
	grace := 5 * time.Second
	if err := c.Stop(t.Context(), &grace); err != nil {
		t.Fatal(err)
	}
	inspect, err := c.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if inspect.State.ExitCode != 0 {
		t.Errorf("exit code after SIGTERM = %d, want 0", inspect.State.ExitCode)
	}
	logs, err := c.Logs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close()
	said, err := io.ReadAll(logs)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(said, []byte("8446")) {
		t.Errorf("the log does not name the control plane's port:\n%s", said)
	}
	if bytes.Contains(said, []byte(c.Token())) {
		t.Error("the log holds the control token that the farm was given")
	}
	if bytes.Contains(said, []byte("eyJ")) {
		t.Error("the log holds what looks like a JWT")
	}
}
