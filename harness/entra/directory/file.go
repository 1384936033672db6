package directory

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/issuerd/issuerd/harness/document"
)

// Parse reads a directory file:
//
//	options:                        # see Options; all may be left out
//	  clockSkew: 5m
//	tenants:
//	  - displayName: Contoso        # ids that are not given derive from the names
//	    domains: [contoso.onmicrosoft.com]
//	    cloud: public               # usgov, china
//	    applications:
//	      - displayName: deployer
//	        identifierUris: [api://deployer]
//	        credentials:
//	          - name: main-branch
//	            issuer: https://token.actions.githubusercontent.com
//	            subject: repo:contoso/web:ref:refs/heads/main
//	            audiences: [api://AzureADTokenExchange]   # the default of the cloud
//
// The keys are the JSON names of [Tenant], of what belongs to it, and of
// [Options]. name is printed in errors. Unknown keys and values that break a
// rule are all reported at once, as one error with a line
// "name:line:column: what" for each. A file has at most [MaxFileBytes]
// bytes, and one without tenants, as an empty one is, is refused: it may have
// been cut off.
func Parse(name string, src []byte) (*Directory, error) {
	text, err := document.Clean(src, MaxFileBytes)
	var documents []ast.Node
	if err == nil {
		documents, err = document.Parse(text)
	}
	if err != nil {
		return nil, fmt.Errorf("%s:%w", name, err)
	}
	r := &fileReader{nodes: make(map[string]ast.Node)}
	var directory *Directory
	switch len(documents) {
	case 0:
		return nil, fmt.Errorf("%s:1:1: the file is empty: a directory file has tenants", name)
	case 1:
		directory = r.directory(documents[0])
	default:
		r.problem(documents[1], "a directory file is one YAML document")
	}
	if len(r.problems) == 0 {
		return directory, nil
	}
	slices.SortStableFunc(r.problems, func(a, b fileProblem) int {
		if a.line != b.line {
			return a.line - b.line
		}
		return a.column - b.column
	})
	lines := make([]string, len(r.problems))
	for i, p := range r.problems {
		lines[i] = fmt.Sprintf("%s:%d:%d: %s", name, p.line, p.column, p.text)
	}
	return nil, errors.New(strings.Join(slices.Compact(lines), "\n"))
}

// MaxFileBytes is the size in bytes above which a directory file is refused. 20,000 applications with a federated
// credential each are 8.7 MB as [File.Marshal] writes them, and take about 430 MB of memory while they are read.
const MaxFileBytes = 16 << 20

// tenantsKey is the key of a directory file on its first level, in block style.
var tenantsKey = regexp.MustCompile(`(?m)^(tenants|"tenants"|'tenants')[ \t]*:`)

// IsFile tells a directory file from other YAML by its first level, which has tenants. One in block style may
// have mistakes; one in braces, as JSON is, is told from others only when it can be parsed.
func IsFile(src []byte) bool {
	if !bytes.HasPrefix(bytes.TrimSpace(src), []byte("{")) {
		return tenantsKey.Match(src)
	}
	text, err := document.Clean(src, MaxFileBytes)
	if err != nil {
		return false
	}
	documents, _ := document.Parse(text) // none, if it cannot be parsed
	return slices.ContainsFunc(documents, func(n ast.Node) bool {
		mapping, isMapping := n.(*ast.MappingNode)
		return isMapping && slices.ContainsFunc(mapping.Values, func(pair *ast.MappingValueNode) bool { return pair.Key.GetToken().Value == "tenants" })
	})
}

// File is a directory as a directory file has it.
type File struct {
	Options Options  `json:"options"`
	Tenants []Tenant `json:"tenants"`
}

// File returns the directory as it is now. The caller owns it.
func (d *Directory) File() File { return File{d.Options(), d.Tenants()} }

// Marshal writes the YAML that [Parse] reads back to the same directory. There is nothing secret in one.
func (f File) Marshal() ([]byte, error) {
	b, err := yaml.MarshalWithOptions(f, yaml.CustomMarshaler(func(d time.Duration) ([]byte, error) { return []byte(d.String()), nil }))
	if err != nil {
		return nil, fmt.Errorf("directory: write directory: %w", err)
	}
	return b, nil
}

// directory reads a whole file, and notes what is wrong with it.
func (r *fileReader) directory(n ast.Node) *Directory {
	file := File{Options: DefaultOptions()}
	r.value("", n, reflect.ValueOf(&file).Elem())
	if r.nodes["tenants"] == nil && len(r.problems) == 0 {
		r.problem(n, "want tenants: without one there is nothing to sign in to")
	}
	d := New()
	if err := d.SetOptions(file.Options); err != nil {
		r.broken("options", err)
	}
	for i := range file.Tenants {
		path := fmt.Sprintf("tenants[%d]", i)
		defaultAudiences(&file.Tenants[i])
		if _, err := d.AddTenant(file.Tenants[i]); err != nil {
			r.broken(path, err)
		}
	}
	return d
}

// defaultAudiences gives credentials without an audience the one of the tenant's cloud.
func defaultAudiences(t *Tenant) {
	audience, err := ExchangeAudience(t.Cloud)
	if err != nil {
		audience = PublicCloud.Audience // AddTenant tells what is wrong
	}
	fill := func(credentials []Credential) {
		for i := range credentials {
			if credentials[i].Audiences == nil {
				credentials[i].Audiences = []string{audience}
			}
		}
	}
	for i := range t.Applications {
		fill(t.Applications[i].Credentials)
	}
	for i := range t.ManagedIdentities {
		fill(t.ManagedIdentities[i].Credentials)
	}
}

// broken notes the rules that the value at a path breaks, each where it is as far as that is known.
func (r *fileReader) broken(path string, err error) {
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range list.Unwrap() {
			r.broken(path, one)
		}
		return
	}
	var rule *ruleError
	if errors.As(err, &rule) {
		path += "." + rule.path
	}
	if r.unread(path) {
		return // the file may well keep the rule
	}
	node := r.nodes[path]
	for node == nil { // a member that is not there
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
		node = r.nodes[path]
	}
	r.problem(node, "%s", strings.ReplaceAll(strings.TrimPrefix(err.Error(), "directory: "), ": directory: ", ": "))
}
