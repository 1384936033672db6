package scenario_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/scenario"
)

func TestLoadFS(t *testing.T) {
	t.Parallel()
	file := func(name string) *fstest.MapFile {
		src := "name: " + name + "\nabout: x\nissuer: {platform: " + strings.Split(name, "/")[0] + "}\nentra: {app: x}\nsteps:\n  - mint: {}\n"
		return &fstest.MapFile{Data: []byte(src)}
	}
	fsys := fstest.MapFS{
		"scenarios/github/branch.yaml":     file("github/branch"),
		"scenarios/github/tag.yml":         file("github/tag"),
		"scenarios/github/copy.yaml":       file("github/branch"),
		"scenarios/github/wrong.yaml":      file("github/right"),
		"scenarios/gcp/wrong.yaml":         file("github/wrong"),
		"scenarios/gcp/.hidden/x.yaml":     {Data: []byte("?")},
		"scenarios/scenario.schema.json":   {Data: []byte("{}")},
		"scenarios/gcp/broken.yaml":        {Data: []byte("name: [")},
		"below/flat.yaml":                  file("gcp/flat"),
		"elsewhere/try.yaml":               file("github/something"),
		"scenarios/kubernetes/README.yaml": {Data: []byte("")},
		"odd/full.yaml":                    {Data: make([]byte, scenario.MaxSize+1)},
		"odd/link.yaml":                    {Mode: fs.ModeDevice},
		"odd/pipe.yml":                     {Mode: fs.ModeNamedPipe | 0o644},
	}
	tests := []struct {
		name     string
		paths    []string
		files    []string
		problems []string
	}{
		{"all", nil, []string{"github/branch", "github/tag"}, []string{
			`below/flat.yaml:1:7: name "gcp/flat" is not the path of the file without its extension`,
			`elsewhere/try.yaml:1:7: name "github/something" is not the path of the file without its extension`,
			`odd/full.yaml: want at most 65536 bytes, got more`,
			`odd/link.yaml: want a regular file, got mode D---------`,
			`odd/pipe.yml: want a regular file, got mode prw-r--r--`,
			`scenarios/gcp/broken.yaml:1:7: sequence end token ']' not found`,
			`scenarios/gcp/wrong.yaml:1:7: name "github/wrong" is not the path of the file without its extension`,
			`scenarios/github/copy.yaml:1:7: name "github/branch" is already at scenarios/github/branch.yaml:1:7`,
			`scenarios/github/wrong.yaml:1:7: name "github/right" is not the path of the file without its extension`,
			`scenarios/kubernetes/README.yaml:1:1: the file is empty`,
		}},
		{"a file may have any name", []string{"elsewhere/try.yaml"}, []string{"github/something"}, nil},
		{"twice is once", []string{"scenarios/github/tag.yml", "./scenarios/github/tag.yml"}, []string{"github/tag"}, nil},
		{"two directories are one set", []string{"scenarios/github", "elsewhere/"}, []string{"github/branch", "github/tag"}, []string{
			`elsewhere/try.yaml:1:7: name "github/something" is not the path of the file without its extension`,
			`scenarios/github/copy.yaml:1:7: name "github/branch" is already at scenarios/github/branch.yaml:1:7`,
			`scenarios/github/wrong.yaml:1:7: name "github/right" is not the path of the file without its extension`,
		}},
		{"a pipe itself", []string{"odd/pipe.yml"}, nil, []string{`odd/pipe.yml: want a regular file, got mode prw-r--r--`}},
		{"the path starts below the directory", []string{"below"}, []string{"gcp/flat"}, nil},
		{"nothing there", []string{"scenarios/gitlab", "x"}, nil, []string{
			"scenarios/gitlab: file does not exist", "x: file does not exist",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files, problems := scenario.LoadFS(fsys, names, tt.paths...)
			var gotFiles, gotProblems []string
			for _, f := range files {
				gotFiles = append(gotFiles, f.Name)
			}
			for _, p := range problems {
				gotProblems = append(gotProblems, fmt.Sprint(&p))
			}
			if diff := cmp.Diff(tt.files, gotFiles); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.problems, gotProblems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
