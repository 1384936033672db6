package dockertest

import (
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// requireVariable is the environment variable that, set to 1, makes a missing engine a failure.
const requireVariable = "ISSUERD_REQUIRE_DOCKER"

// Image builds the image with docker/build.sh, under a name of its own, and removes it when the test and its subtests
// have ended. It skips the test, or fails it, where no engine answers.
func Image(t testing.TB) string {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "docker", "version").CombinedOutput(); err != nil {
		if os.Getenv(requireVariable) == "1" {
			t.Fatalf("no container engine answers, and %s=1 asks for one: %v\n%s", requireVariable, err, out)
		}
		t.Skipf("NOT TESTED: no container engine answers, so nothing ran in a container; %s=1 makes this a failure", requireVariable)
	}
	mod, err := exec.CommandContext(t.Context(), "go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("go env GOMOD: %v", err)
	}
	script := filepath.Join(filepath.Dir(strings.TrimSpace(string(mod))), "docker", "build.sh")
	image := "issuerd:test-" + strings.ToLower(rand.Text()[:10])
	if out, err := exec.CommandContext(t.Context(), script, image).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", script, image, err, out)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if out, err := exec.CommandContext(context.Background(), "docker", "image", "rm", image).CombinedOutput(); err != nil {
			t.Errorf("docker image rm %s: %v\n%s", image, err, out)
		}
	})
	return image
}
