package entra

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// ParseDirectory reads a directory file:
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
// The keys are the JSON names of [Tenant], [Application], [Credential] and
// [Options]. name is printed in errors. Unknown keys and values that break a
// rule are all reported at once, as one error with a line
// "name:line:column: what" for each.
func ParseDirectory(name string, src []byte) (*Directory, error) {
	file, err := parser.ParseBytes(src, 0)
	if err != nil {
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) && syntax.GetToken() != nil {
			at := syntax.GetToken().Position
			return nil, fmt.Errorf("%s:%d:%d: %s", name, at.Line, at.Column, syntax.GetMessage())
		}
		return nil, fmt.Errorf("%s:1:1: %w", name, err)
	}
	r := &fileReader{name: name, directory: NewDirectory()}
	switch documents := slices.DeleteFunc(slices.Clone(file.Docs), func(d *ast.DocumentNode) bool { return d.Body == nil }); len(documents) {
	case 0: // an empty file is an empty directory
	case 1:
		r.file(documents[0].Body)
	default:
		r.problem(documents[1].Body, "a directory file is one YAML document")
	}
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b filePosition) int {
			return (a.line-b.line)*10000 + a.column - b.column
		})
		lines := make([]string, len(r.problems))
		for i, p := range r.problems {
			lines[i] = fmt.Sprintf("%s:%d:%d: %s", name, p.line, p.column, p.text)
		}
		return nil, errors.New(strings.Join(lines, "\n"))
	}
	return r.directory, nil
}

// fileReader walks the file and collects what is wrong with it.
type fileReader struct {
	name      string
	directory *Directory
	problems  []filePosition
}

// filePosition is a problem and where it is.
type filePosition struct {
	line, column int
	text         string
}

func (r *fileReader) problem(at ast.Node, format string, args ...any) {
	position := at.GetToken().Position
	if m, isMapping := at.(*ast.MappingNode); isMapping && len(m.Values) > 0 {
		position = m.Values[0].Key.GetToken().Position // a mapping's own token is its first colon
	}
	r.problems = append(r.problems, filePosition{position.Line, position.Column, fmt.Sprintf(format, args...)})
}

// refused notes an error of the directory, which starts with the package's name.
func (r *fileReader) refused(at ast.Node, err error) {
	r.problem(at, "%s", strings.TrimPrefix(err.Error(), "entra: "))
}

// field is a key of a mapping and what to do with its value.
type field struct {
	key  string
	read func(ast.Node)
}

// mapping reads the pairs of a mapping and refuses keys that are not fields.
func (r *fileReader) mapping(n ast.Node, fields ...field) {
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		r.problem(n, "want a mapping, got %s", kind(n))
		return
	}
	seen := make(map[string]bool)
	for _, pair := range pairs {
		key := pair.Key.GetToken().Value
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
		switch {
		case i < 0:
			known := make([]string, len(fields))
			for j, f := range fields {
				known[j] = f.key
			}
			r.problem(pair.Key, "unknown key %q (have %s)", key, strings.Join(known, ", "))
		case seen[key]:
			r.problem(pair.Key, "key %q twice", key)
		default:
			seen[key] = true
			fields[i].read(pair.Value)
		}
	}
}

// list reads the items of a list.
func (r *fileReader) list(read func(ast.Node)) func(ast.Node) {
	return func(n ast.Node) {
		items, isList := n.(*ast.SequenceNode)
		if !isList {
			r.problem(n, "want a list, got %s", kind(n))
			return
		}
		for _, item := range items.Values {
			read(item)
		}
	}
}

// text reads a string. Other scalars are refused: an id of digits only must be quoted.
func (r *fileReader) text(into *string) func(ast.Node) {
	return func(n ast.Node) {
		switch n := n.(type) {
		case *ast.StringNode:
			*into = n.Value
		case *ast.LiteralNode:
			*into = n.Value.Value
		default:
			r.problem(n, "want a string, got %s", kind(n))
		}
	}
}

func (r *fileReader) texts(into *[]string) func(ast.Node) {
	return r.list(func(n ast.Node) {
		var s string
		r.text(&s)(n)
		*into = append(*into, s)
	})
}

func (r *fileReader) flag(into *bool) func(ast.Node) {
	return func(n ast.Node) {
		if b, isBool := n.(*ast.BoolNode); isBool {
			*into = b.Value
			return
		}
		r.problem(n, "want true or false, got %s", kind(n))
	}
}

func (r *fileReader) duration(into *time.Duration) func(ast.Node) {
	return func(n ast.Node) {
		d, err := time.ParseDuration(n.GetToken().Value)
		if err != nil || d < 0 {
			r.problem(n, "want a duration such as 5m, got %q", n.GetToken().Value)
			return
		}
		*into = d
	}
}

// kind names what a node is, in a reader's words.
func kind(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	case *ast.AliasNode, *ast.AnchorNode:
		return "an anchor or alias, which directory files do not use"
	}
	if t := n.GetToken(); t.Type == token.StringType || t.Type == token.DoubleQuoteType || t.Type == token.SingleQuoteType {
		return "a string"
	}
	return strings.ToLower(n.Type().String()) + " " + n.GetToken().Value
}

func (r *fileReader) file(n ast.Node) {
	r.mapping(n,
		field{"options", r.options},
		field{"tenants", r.list(r.tenant)},
	)
}

func (r *fileReader) options(n ast.Node) {
	o := DefaultOptions()
	var order string
	r.mapping(n,
		field{"clockSkew", r.duration(&o.ClockSkew)},
		field{"keyCacheTTL", r.duration(&o.KeyCacheTTL)},
		field{"refetchInterval", r.duration(&o.RefetchInterval)},
		field{"matchOrder", r.text(&order)},
		field{"audienceLists", r.flag(&o.AudienceLists)},
	)
	if order != "" {
		o.MatchOrder = MatchOrder(order)
	}
	if err := r.directory.SetOptions(o); err != nil {
		r.refused(n, err)
	}
}

// tenant reads one. Applications and credentials are added one by one, so that
// each problem has its place.
func (r *fileReader) tenant(n ast.Node) {
	var t Tenant
	var applications []ast.Node
	r.mapping(n,
		field{"id", r.text(&t.ID)},
		field{"displayName", r.text(&t.DisplayName)},
		field{"domains", r.texts(&t.Domains)},
		field{"cloud", r.text(&t.Cloud)},
		field{"applications", r.list(func(n ast.Node) { applications = append(applications, n) })},
	)
	added, err := r.directory.AddTenant(t)
	if err != nil {
		r.refused(n, err)
		// Read the rest for its problems only, in a tenant nobody will see.
		elsewhere := &fileReader{name: r.name, directory: NewDirectory()}
		if added, err = elsewhere.directory.AddTenant(Tenant{DisplayName: "unnamed"}); err == nil {
			for _, a := range applications {
				elsewhere.application(added, a)
			}
			r.problems = append(r.problems, elsewhere.problems...)
		}
		return
	}
	for _, a := range applications {
		r.application(added, a)
	}
}

func (r *fileReader) application(t Tenant, n ast.Node) {
	var a Application
	var credentials []ast.Node
	r.mapping(n,
		field{"displayName", r.text(&a.Name)},
		field{"clientId", r.text(&a.ClientID)},
		field{"objectId", r.text(&a.ObjectID)},
		field{"servicePrincipalId", r.text(&a.ServicePrincipalID)},
		field{"noServicePrincipal", r.flag(&a.NoServicePrincipal)},
		field{"disabled", r.flag(&a.Disabled)},
		field{"identifierUris", r.texts(&a.IdentifierURIs)},
		field{"credentials", r.list(func(n ast.Node) { credentials = append(credentials, n) })},
	)
	added, err := r.directory.AddApplication(t.ID, a)
	if err != nil {
		r.refused(n, err)
	}
	for _, c := range credentials {
		r.credential(t, added, err == nil, c)
	}
}

// credential reads one and adds it, unless its application could not be added.
func (r *fileReader) credential(t Tenant, a Application, add bool, n ast.Node) {
	var c Credential
	r.mapping(n,
		field{"id", r.text(&c.ID)},
		field{"name", r.text(&c.Name)},
		field{"issuer", r.text(&c.Issuer)},
		field{"subject", r.text(&c.Subject)},
		field{"audiences", r.texts(&c.Audiences)},
		field{"description", r.text(&c.Description)},
		field{"matching", r.text(&c.Matching)},
	)
	if c.Audiences == nil {
		audience, err := ExchangeAudience(t.Cloud)
		if err != nil {
			r.refused(n, err)
		}
		c.Audiences = []string{audience}
	}
	if !add {
		return
	}
	if _, err := r.directory.AddCredential(t.ID, a.ClientID, c); err != nil {
		r.refused(n, err)
	}
}
