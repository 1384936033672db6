package input

import (
	"path"
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// maxYAML is the size in bytes above which no YAML is read. A directory file has its own limit.
const maxYAML = 4 << 20

// yamlKey finds a key of YAML, or an item of a list, at the beginning of a line.
var yamlKey = regexp.MustCompile(`(?m)^\s*(- +)?(["']?[A-Za-z_.$][^\s:"']*["']?|["'][^"'\n]+["'])\s*:(\s|$)`)

// readYAML reads an input that is YAML of a form that is known here. It reports false for any other text.
func (f *Found) readYAML(src string) (bool, error) {
	if !yamlKey.MatchString(src[:min(len(src), 64<<10)]) {
		return false, nil
	}
	if directory.IsFile([]byte(src)) {
		root := &document.Node{Kind: document.Map}
		if len(src) <= maxYAML {
			if roots := document.ReadForeign([]byte(src), maxYAML, &document.Log{}); len(roots) > 0 {
				root = roots[0]
			}
		}
		return true, f.readDirectory(src, root)
	}
	if len(src) > maxYAML {
		return false, nil
	}
	log := &document.Log{}
	roots := document.ReadForeign([]byte(src), maxYAML, log)
	if len(roots) == 0 {
		if ext := path.Ext(f.Input); log.Len() > 0 && (ext == ".yaml" || ext == ".yml") {
			f.note("It is no YAML (%s at %d:%d): it was read as a text.", log.Problems()[0].Message, log.Problems()[0].Line, log.Problems()[0].Column)
		}
		return false, nil
	}
	root := roots[0]
	if root.Kind == document.Scalar {
		return false, nil
	}
	name := strings.ToLower(f.Input)
	switch {
	case isScenario(root):
		return true, f.readScenario(src, root)
	case isGitHub(root):
		f.readGitHub(root)
	case root.Get("pipelines") != nil && (root.Get("pipelines").Kind == document.Map):
		f.readBitbucket(root)
	case root.Get("jobs") != nil && root.Get("version") != nil && root.Get("jobs").Kind == document.Map:
		f.readCircleCI(root, src)
	case isKubernetes(root):
		f.readKubernetes(roots)
	case isAzurePipelines(root, name):
		f.readAzurePipelines(root)
	case isBuildkite(root, name):
		f.readBuildkite(root)
	case isGitLab(root, name):
		f.readGitLab(root)
	}
	if f.Kind == "" || isKubernetes(root) {
		r := &jsonReader{Found: f}
		for _, root := range roots {
			r.walk(root, Application{}, root.Kind == document.List)
		}
		if len(f.Tokens)+len(f.Credentials)+len(f.Applications)+len(f.Jobs) == 0 {
			if f.Kind = ""; path.Ext(f.Input) != ".yaml" && path.Ext(f.Input) != ".yml" {
				return false, nil
			}
			err := f.readText(src)
			if f.Text != nil && len(f.Text.Messages) == 0 {
				f.looksLike("YAML", root)
			}
			return true, err
		}
		if f.Kind == "" {
			f.nameJSON()
		}
	}
	return true, f.orText(src, nil)
}
