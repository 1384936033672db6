package input_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/explain/input"
	"github.com/issuerd/issuerd/issuers"
)

// TestPlatformsOfJobs compares the platforms of jobs, and their issuers as far as those are whole, with what is
// impersonated.
func TestPlatformsOfJobs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, "testdata/.gitlab-ci.yml")
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil || strings.HasSuffix(file, ".golden") {
			continue
		}
		found, err := input.Read(filepath.Base(file), src)
		if err != nil {
			continue // one with mistakes
		}
		for _, job := range found.Jobs {
			seen[job.Platform] = true
			platform, err := issuers.ByName(job.Platform)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			var known []string
			for _, service := range platform.Services {
				known = append(known, service.Issuer)
			}
			for _, s := range job.Subjects {
				if !strings.ContainsAny(s.Issuer, "{}") && job.Platform != "azure-devops" && !slices.Contains(known, s.Issuer) {
					t.Errorf("%s: the issuer %q, and that of %s is one of %q", file, s.Issuer, job.Platform, known)
				}
			}
		}
	}
	for _, want := range []string{"github", "gitlab", "azure-devops", "bitbucket", "circleci", "buildkite", "terraform", "kubernetes"} {
		if !seen[want] {
			t.Errorf("no file of testdata has a job of %s", want)
		}
	}
}
