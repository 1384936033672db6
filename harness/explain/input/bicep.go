package input

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// bicepReader reads the resources of a Bicep file that are literal.
type bicepReader struct {
	*Found
	file     bicepFile
	names    map[string]string         // of resources, by symbol
	scope    map[string]*document.Node // variables, parameters at their defaults, and those of loops
	defaults map[string]bool           // parameters whose default was taken
	left     int                       // how many more values may be evaluated
	resolve  int                       // variables that are being evaluated inside each other
}

func (f *Found) readBicep(src string) error {
	f.Kind = "a Bicep file"
	if len(src) > maxSource {
		return fmt.Errorf("this Bicep file has more than %d bytes: give the resources that are about the sign-in", maxSource)
	}
	file, err := parseBicep(src)
	if err != nil {
		return fmt.Errorf("this Bicep file cannot be read: %w", err)
	}
	r := &bicepReader{Found: f, file: file, names: map[string]string{}, scope: map[string]*document.Node{}, defaults: map[string]bool{}, left: maxSteps}
	r.name(file.resources)
	for _, resource := range file.resources {
		r.resource(resource, "", "")
	}
	if len(r.defaults) > 0 {
		f.note("Parameters of the file were taken at their defaults: %s. A deployment may give others.", strings.Join(slices.Sorted(maps.Keys(r.defaults)), ", "))
	}
	return nil
}

// name learns the names of resources, which others refer to.
func (r *bicepReader) name(resources []bicepResource) {
	for _, resource := range resources {
		if text, ok := r.literal(resource.body.member("name")); ok {
			r.names[resource.symbol] = text
		}
		if resource.body.kind == '{' {
			r.name(resource.body.resources)
		}
	}
}

func (v *bicepValue) member(key string) *bicepValue {
	if v == nil {
		return nil
	}
	for _, m := range v.members {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// resource reads a resource, or those that a loop makes. parentType and parentName are those of the resource around it.
func (r *bicepReader) resource(resource bicepResource, parentType, parentName string) {
	body := resource.body
	if body.kind != 'f' {
		r.once(resource, body, parentType, parentName)
		return
	}
	over, ok := r.value(body.loop.over)
	if !ok || over.Kind != document.List || len(over.Items) > maxEach {
		r.once(resource, body.loop.body, parentType, parentName)
		return
	}
	for i, item := range over.Items {
		r.scope[body.loop.item] = item
		if body.loop.index != "" {
			r.scope[body.loop.index] = &document.Node{Value: i}
		}
		r.once(resource, body.loop.body, parentType, parentName)
	}
	delete(r.scope, body.loop.item)
	delete(r.scope, body.loop.index)
}

func (r *bicepReader) once(resource bicepResource, body *bicepValue, parentType, parentName string) {
	kind := resource.kind
	if parentType != "" && !strings.Contains(kind, ".") {
		kind = parentType + "/" + kind
	}
	name, _ := r.literal(body.member("name"))
	switch {
	case resource.existing:
	case strings.EqualFold(kind, identityCredentialType), strings.EqualFold(kind, applicationCredentialType):
		r.credential(resource, body, strings.EqualFold(kind, identityCredentialType), parentName)
	case strings.EqualFold(kind, "Microsoft.ManagedIdentity/userAssignedIdentities"):
		r.Applications = append(r.Applications, Application{Name: name, ManagedIdentity: true, Address: resource.symbol, Place: resource.at})
	case strings.EqualFold(kind, "Microsoft.Graph/applications"):
		display, _ := r.literal(body.member("displayName"))
		r.Applications = append(r.Applications, Application{Name: display, Address: resource.symbol, Place: resource.at})
		name = display
	}
	for _, inner := range body.resources {
		r.resource(inner, kind, name)
	}
}

func (r *bicepReader) credential(resource bicepResource, body *bicepValue, identity bool, parentName string) {
	c := Credential{Place: resource.at, Form: FormBicep, Address: resource.symbol, ManagedIdentity: identity, AppName: parentName}
	properties := body
	if identity {
		properties = body.member("properties")
	}
	r.field(&c, fieldName, body.member("name"))
	if owner, name, is := cutLast(c.Name); is {
		c.Name = name
		if identity {
			c.AppName = owner
		}
	}
	if parent := body.member("parent"); parent != nil {
		c.AppName = r.names[parent.source]
	}
	r.field(&c, fieldIssuer, properties.member("issuer"))
	r.field(&c, fieldSubject, properties.member("subject"))
	r.field(&c, fieldAudiences, properties.member("audiences"))
	matching := properties.member("claimsMatchingExpression")
	if inner := matching.member("value"); inner != nil {
		matching = inner
	}
	r.field(&c, fieldMatching, matching)
	c.Description, _ = r.literal(properties.member("description"))
	if properties != nil && properties.kind != '{' {
		c.unknown("properties", properties.source)
	}
	r.Credentials = append(r.Credentials, c)
}

func (r *bicepReader) field(c *Credential, field string, v *bicepValue) {
	if v == nil {
		return
	}
	value, ok := r.value(v)
	if !ok {
		c.unknown(field, v.source)
		return
	}
	c.set(field, value)
}

// literal is a text that the file says.
func (r *bicepReader) literal(v *bicepValue) (string, bool) {
	if v == nil {
		return "", false
	}
	value, ok := r.value(v)
	text := str(value)
	return text, ok && text != ""
}

// value evaluates a value, and reports false for one that the file does not say.
func (r *bicepReader) value(v *bicepValue) (*document.Node, bool) {
	if r.left--; r.left < 0 || v == nil {
		return nil, false
	}
	switch v.kind {
	case '\'':
		return r.text(v)
	case '[':
		list := &document.Node{Kind: document.List, Position: v.at}
		for _, item := range v.items {
			value, ok := r.value(item)
			if !ok {
				return nil, false
			}
			list.Items = append(list.Items, value)
		}
		return list, true
	case '{':
		m := &document.Node{Kind: document.Map, Position: v.at, Style: '{'}
		for _, member := range v.members {
			if value, ok := r.value(member.value); ok { // one that is not literal is missing
				m.Entries = append(m.Entries, document.Entry{Key: member.key, Position: member.value.at, Value: value})
			}
		}
		return m, true
	case 'i':
		return r.named(v.source)
	}
	return nil, false
}

func (r *bicepReader) text(v *bicepValue) (*document.Node, bool) {
	var b strings.Builder
	for _, part := range v.parts {
		if part.expression == nil {
			b.WriteString(part.text)
			continue
		}
		value, ok := r.value(part.expression)
		if !ok || value.Kind != document.Scalar {
			return nil, false
		}
		text, err := plainText(value.Value)
		if err != nil {
			return nil, false
		}
		if b.WriteString(text); b.Len() > maxLocal {
			return nil, false
		}
	}
	return &document.Node{Position: v.at, Value: b.String()}, true
}

// named is the value of a name, such as environment.subject.
func (r *bicepReader) named(path string) (*document.Node, bool) {
	name, rest, _ := strings.Cut(path, ".")
	switch path {
	case "true", "false":
		return &document.Node{Value: path == "true"}, true
	}
	if number, err := strconv.Atoi(path); err == nil {
		return &document.Node{Value: number}, true
	}
	if text, ok := r.names[name]; ok && rest == "name" {
		return &document.Node{Value: text}, true
	}
	value := r.scope[name]
	if value == nil {
		if r.resolve > 20 {
			return nil, false
		}
		r.resolve++
		defer func() { r.resolve-- }()
		from, isDefault := r.file.variables[name], false
		if from == nil {
			from, isDefault = r.file.defaults[name], true
		}
		var ok bool
		if value, ok = r.value(from); !ok {
			return nil, false
		}
		if isDefault {
			r.defaults[name] = true
		}
	}
	for _, step := range strings.Split(rest, ".") {
		if step != "" {
			value = value.Get(step)
		}
	}
	return value, value != nil
}
