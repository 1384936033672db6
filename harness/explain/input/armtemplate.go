package input

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// isTemplate tells an ARM template, as Bicep is compiled to one, from other JSON.
func isTemplate(root *document.Node) bool {
	return strings.Contains(strings.ToLower(str(root.Get("$schema"))), "deploymenttemplate") || has(root, "contentVersion", "resources")
}

// templateReader reads the resources of an ARM template.
type templateReader struct {
	*Found
	template
	depth  int // of templates in deployments
	copies int
}

// maxCopies bounds the resources that loops make.
const maxCopies = 10_000

func (f *Found) readTemplate(root *document.Node) {
	left, defaults := maxSteps, map[string]bool{}
	f.readTemplateIn(root, 0, &left, defaults)
	if len(defaults) > 0 {
		f.note("Parameters of the template were taken at their defaults: %s. A deployment may give others.", strings.Join(slices.Sorted(maps.Keys(defaults)), ", "))
	}
}

// readTemplateIn reads a template that is in so many others.
func (f *Found) readTemplateIn(root *document.Node, depth int, left *int, defaults map[string]bool) {
	r := templateReader{Found: f, template: template{parameters: root.Get("parameters"), variables: root.Get("variables"), index: -1, left: left, defaults: defaults}, depth: depth}
	r.resources(root.Get("resources"), "", "")
}

// resources reads a list of resources, or a map of them, as templates with symbolic names have it. parentType and
// parentName are those of the resource around it.
func (r *templateReader) resources(list *document.Node, parentType, parentName string) {
	for _, n := range list.List() {
		r.resource(n, parentType, parentName, "")
	}
	for _, e := range entries(list) {
		r.resource(e.Value, parentType, parentName, e.Key)
	}
}

// resource reads a resource once, or as often as its loop says.
func (r *templateReader) resource(n *document.Node, parentType, parentName, symbol string) {
	loop := n.Get("copy")
	if n.Get("copy") == nil || loop.Get("count") == nil {
		r.once(n, parentType, parentName, symbol)
		return
	}
	count, ok := loop.Get("count").Value.(int)
	if text := str(loop.Get("count")); text != "" {
		value, err := r.value(text)
		if count, ok = value.(int); err != nil {
			ok = false
		}
	}
	if !ok || count < 0 || count > maxCopies-r.copies {
		r.once(n, parentType, parentName, symbol)
		return
	}
	outer := r.index
	for r.index = 0; r.index < count; r.index++ {
		r.copies++
		r.once(n, parentType, parentName, symbol)
	}
	r.index = outer
}

func (r *templateReader) once(n *document.Node, parentType, parentName, symbol string) {
	kind, _, _ := strings.Cut(str(n.Get("type")), "@") // with a version where names are symbolic
	if parentType != "" && !strings.Contains(kind, ".") {
		kind = parentType + "/" + kind
	}
	name, err := r.text(str(n.Get("name")))
	unknownName := ""
	if err != nil {
		name, unknownName = "", str(n.Get("name"))
	}
	switch {
	case strings.EqualFold(kind, identityCredentialType):
		c := r.credential(n.Get("properties"), n)
		c.ManagedIdentity, c.AppName = true, parentName
		if unknownName != "" {
			c.unknown(fieldName, unknownName)
		}
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			c.AppName, name = name[:i], name[i+1:]
		}
		c.Name, c.Address = name, symbol
		r.Credentials = append(r.Credentials, c)
	case strings.EqualFold(kind, applicationCredentialType):
		c := r.credential(n.Get("properties"), n)
		if name := n.Get("properties").Get("name"); name != nil {
			r.field(&c, fieldName, name)
			_, c.Name, _ = cutLast(c.Name)
		}
		c.Address = symbol
		r.Credentials = append(r.Credentials, c)
	case strings.EqualFold(kind, "Microsoft.ManagedIdentity/userAssignedIdentities"):
		r.Applications = append(r.Applications, Application{Name: name, ManagedIdentity: true, Address: symbol, Place: n.Start()})
	case strings.EqualFold(kind, "Microsoft.Graph/applications"):
		display, _ := r.text(str(n.Get("properties").Get("displayName")))
		r.Applications = append(r.Applications, Application{Name: display, Address: symbol, Place: n.Start()})
	case strings.EqualFold(kind, "Microsoft.Resources/deployments") && r.depth < 10:
		inner := n.Get("properties").Get("template")
		if inner != nil {
			given := n.Get("properties").Get("parameters")
			r.readTemplateIn(r.withParameters(inner, given), r.depth+1, r.left, nil)
		}
	}
	if nested := n.Get("resources"); nested != nil && !strings.EqualFold(kind, "Microsoft.Resources/deployments") {
		r.resources(nested, kind, name)
	}
}

// cutLast cuts a text at its last slash; the last part is the whole where there is none.
func cutLast(s string) (string, string, bool) {
	i := strings.LastIndexByte(s, '/')
	return s[:max(i, 0)], s[i+1:], i >= 0
}

// withParameters gives a template in a deployment the parameters that are literal outside of it as their defaults. The
// others have none: their own default does not hold.
func (r *templateReader) withParameters(inner, given *document.Node) *document.Node {
	if given == nil {
		return inner
	}
	out := *inner
	out.Entries = append([]document.Entry(nil), inner.Entries...)
	for i, e := range out.Entries {
		if e.Key != "parameters" {
			continue
		}
		parameters := &document.Node{Kind: document.Map, Position: e.Value.Position, Style: '{'}
		parameters.Entries = append(parameters.Entries, e.Value.Entries...)
		for j, p := range parameters.Entries {
			value := given.Get(p.Key).Get("value")
			if given.Get(p.Key) == nil {
				continue
			}
			with := &document.Node{Kind: document.Map, Position: p.Value.Position, Style: '{'}
			if value != nil {
				if plain, err := r.plain(value); err == nil {
					with.Entries = []document.Entry{{Key: "defaultValue", Position: p.Position, Value: document.Known(literalTexts(plain), value.Position)}}
				}
			}
			parameters.Entries[j].Value = with
		}
		out.Entries[i].Value = parameters
	}
	return &out
}

// literalTexts keeps texts of a value that begin with a bracket from being taken for expressions.
func literalTexts(v any) any {
	switch v := v.(type) {
	case string:
		if strings.HasPrefix(v, "[") {
			return "[" + v
		}
	case []any:
		for i := range v {
			v[i] = literalTexts(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = literalTexts(v[key])
		}
	}
	return v
}

// credential reads the properties of a resource that is a credential.
func (r *templateReader) credential(properties, n *document.Node) Credential {
	c := Credential{Place: n.Start(), Form: FormARM}
	if properties == nil {
		c.unknown("properties", "")
		return c
	}
	if text := str(properties); text != "" {
		c.unknown("properties", text)
		return c
	}
	for field, member := range map[string]string{fieldIssuer: "issuer", fieldSubject: "subject", fieldMatching: "claimsMatchingExpression"} {
		if value := properties.Get(member); value != nil {
			if inner := value.Get("value"); inner != nil {
				value = inner
			}
			r.field(&c, field, value)
		}
	}
	r.audiences(&c, properties.Get("audiences"))
	c.Description, _ = r.text(str(properties.Get("description")))
	return c
}

// field evaluates a field, or names its expression as unknown.
func (r *templateReader) field(c *Credential, field string, n *document.Node) {
	text, err := r.text(str(n))
	if err != nil {
		c.unknown(field, str(n))
		return
	}
	c.set(field, &document.Node{Value: text})
}

func (r *templateReader) audiences(c *Credential, n *document.Node) {
	if n == nil {
		return
	}
	plain, err := r.plain(n)
	list, isList := plain.([]any)
	if err != nil || !isList {
		source := str(n)
		if source == "" {
			source = document.Show(n.Plain())
		}
		c.unknown(fieldAudiences, source)
		return
	}
	for _, item := range list {
		text, err := plainText(item)
		if err != nil {
			c.unknown(fieldAudiences, fmt.Sprint(document.Show(item)))
			return
		}
		c.Audiences = append(c.Audiences, text)
		c.mask(fieldAudiences, text)
	}
}
