package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUseFollowsNoLinkOut has directory files that are symbolic links, or lie behind one.
func TestUseFollowsNoLinkOut(t *testing.T) {
	t.Parallel()
	const file = "tenants:\n  - {displayName: Contoso, applications: [{displayName: deployer}]}\n"
	root := t.TempDir()
	for name, text := range map[string]string{"else/d.yaml": file, "all/d.yaml": file, "all/github/own.yaml": file} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"all/github/absolute.yaml": filepath.Join(root, "else/d.yaml"), "all/github/relative.yaml": "../../else/d.yaml",
		"all/github/folder": filepath.Join(root, "else"), "all/github/inside.yaml": "own.yaml", "all/github/above.yaml": "../d.yaml",
	} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	for use, out := range map[string]bool{
		"absolute.yaml": true, "relative.yaml": true, "folder/d.yaml": true, "../github/folder/d.yaml": true,
		"own.yaml": false, "inside.yaml": false, "above.yaml": false, "../d.yaml": false,
	} {
		scenario := filepath.Join(root, "all/github/x.yaml")
		text := "name: github/x\nabout: A test.\nissuer: {platform: github, preset: branch}\nentra:\n  use: " + use + "\n  app: deployer\n" +
			"  credentials: [{name: main, subject: \"repo:octo-org/octo-repo:ref:refs/heads/main\"}]\nsteps:\n  - mint: {audience: api://AzureADTokenExchange}\n"
		if err := os.WriteFile(scenario, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := load([]string{scenario})
		if err != nil {
			t.Fatal(err)
		}
		refused := len(got.problems) > 0 && strings.Contains(got.problems[0].Message, "leads out of the scenario's folder")
		if refused != out || !out && len(got.problems) > 0 {
			t.Errorf("use: %s: problems %v, want it refused: %t", use, got.problems, out)
		}
	}
}
