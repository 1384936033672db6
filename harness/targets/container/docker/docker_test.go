package docker_test

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/harness/targets/container/docker"
	"github.com/issuerd/issuerd/harness/targets/container/docker/dockertest"
)

func TestDocker(t *testing.T) {
	t.Parallel()
	image := dockertest.Image(t)
	t.Run("image", func(t *testing.T) { t.Parallel(); testImage(t, image) })
	t.Run("sign-in", func(t *testing.T) { t.Parallel(); testSignIn(t, image) })
	t.Run("early end", func(t *testing.T) { t.Parallel(); testEarlyEnd(t, image) })
}

// testImage checks what the Dockerfile says.
func testImage(t *testing.T, image string) {
	out, err := exec.CommandContext(t.Context(), "docker", "image", "inspect", "--format", "{{json .}}", image).Output()
	if err != nil {
		t.Fatal(err)
	}
	type config struct {
		User            string
		Entrypoint, Cmd []string
		ExposedPorts    map[string]struct{}
	}
	var got struct {
		Config config
		RootFS struct{ Layers []string }
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	want := config{User: "65532:65532", Entrypoint: []string{"/issuerd"}, Cmd: docker.Command(), ExposedPorts: map[string]struct{}{}}
	for _, p := range plane.All {
		want.ExposedPorts[docker.Port(p)+"/tcp"] = struct{}{}
	}
	if diff := cmp.Diff(want, got.Config); diff != "" {
		t.Errorf("image config (-want +got):\n%s", diff)
	}
	if len(got.RootFS.Layers) != 1 {
		t.Errorf("the image has %d layers, want 1: the binary", len(got.RootFS.Layers))
	}
}

func testSignIn(t *testing.T, image string) {
	const host = "ci.corp.internal.net"
	c, err := docker.Run(t.Context(), image, host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Remove(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	tgt, err := c.Target(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dockertest.SignIn(t, tgt)

	spec := control.IssuerSpec{Platform: "github", URL: "https://" + host}
	if _, err := tgt.Control.AddIssuer(t.Context(), control.DefaultWorld, spec); err != nil {
		t.Errorf("an issuer at the host that Run was given: %v", err)
	}
	spec.URL = "https://ci.other.internal.net"
	if _, err := tgt.Control.AddIssuer(t.Context(), control.DefaultWorld, spec); err == nil {
		t.Errorf("an issuer at %s was added, want a refusal", spec.URL)
	}
	if err := tgt.Close(); err != nil {
		t.Error(err)
	}
}

// testEarlyEnd wants the farm's own words when it does not come up, and nothing left behind.
func testEarlyEnd(t *testing.T, image string) {
	broken := image + "-broken"
	build := exec.CommandContext(t.Context(), "docker", "build", "--quiet", "--tag", broken, "-")
	build.Stdin = strings.NewReader("FROM " + image + "\nENTRYPOINT [\"/issuerd\", \"version\"]\n")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("docker build: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.CommandContext(context.WithoutCancel(t.Context()), "docker", "image", "rm", broken).CombinedOutput(); err != nil {
			t.Errorf("docker image rm: %v\n%s", err, out)
		}
	})
	_, err := docker.Run(t.Context(), broken)
	if err == nil {
		t.Fatal("Run succeeded, want an error")
	}
	for _, want := range []string{broken, "exit code 2", "issuerd: error: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Run = %q, want %q in it", err, want)
		}
	}
	left, err := exec.CommandContext(t.Context(), "docker", "ps", "--all", "--quiet", "--filter", "ancestor="+broken).Output()
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 0 {
		t.Errorf("containers left behind: %s", left)
	}
}

func TestRunNoEngine(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
	_, err := docker.Run(t.Context(), docker.DefaultImage)
	if !errors.Is(err, docker.ErrNoEngine) {
		t.Errorf("Run = %v, want ErrNoEngine", err)
	}
}
