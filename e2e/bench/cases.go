package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// casesFigure plays 1,000 cases, of which every second is refused, in 100 files.
func casesFigure(binary string) error {
	dir, err := os.MkdirTemp("", "issuerd-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Mkdir(filepath.Join(dir, "github"), 0o700); err != nil {
		return err
	}
	for i := range 100 {
		var b strings.Builder
		fmt.Fprintf(&b, "name: github/file-%d\nabout: Ten of a thousand cases.\nissuer: {platform: github, claims: {sub: \"${{ case.sub }}\"}}\n", i)
		fmt.Fprintf(&b, "entra:\n  app: deployer\n  credentials: [{name: main, subject: \"repo:contoso/%d:ref:refs/heads/main\"}]\ncases:\n", i)
		for j := range 5 {
			fmt.Fprintf(&b, "  - {name: main-%d, sub: \"repo:contoso/%d:ref:refs/heads/main\", error: \"\"}\n", j, i)
			fmt.Fprintf(&b, "  - {name: dev-%d, sub: \"repo:contoso/%d:ref:refs/heads/dev-%d\", error: AADSTS700213}\n", j, i, j)
		}
		b.WriteString("steps:\n  - mint: {audience: api://AzureADTokenExchange}\n  - exchange: {}\n    expect: {error: \"${{ case.error }}\"}\n")
		if err := os.WriteFile(filepath.Join(dir, "github", fmt.Sprintf("file-%d.yaml", i)), []byte(b.String()), 0o600); err != nil {
			return err
		}
	}
	var times []float64
	for range 3 {
		cmd := exec.Command(binary, "run", "github")
		cmd.Dir = dir
		begin := time.Now()
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "\n1000 passed, 0 failed") {
			return fmt.Errorf("issuerd run of 1,000 cases: %w\n%.2000s", err, out)
		}
		times = append(times, time.Since(begin).Seconds())
	}
	atMost("1,000 cases", median(times), 8, "s", fmt.Sprintf("whole process, %.2f to %.2f s", slices.Min(times), slices.Max(times)))
	return nil
}
