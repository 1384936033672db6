package input

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/issuerd/issuerd/harness/document"
)

// maxSource is the size in bytes above which no configuration of Terraform and no Bicep file is read.
const maxSource = 1 << 20

// hclBlock finds a block of Terraform's configuration. A resource of Bicep has an equals sign.
var hclBlock = regexp.MustCompile(`(?m)^[ \t]*(resource|data|module|variable|locals|provider|terraform|output|deployment|identity_token)\b[^\n=:]*\{`)

func isHCL(src string) bool { return hclBlock.MatchString(src) || planned.MatchString(src) }

// What "terraform plan" puts into the configuration that it prints.
var (
	planned    = regexp.MustCompile(`(?m)^[ \t]*(\+|~|-|-/\+|\+/-|<=) +(resource|data) "`)
	planSign   = regexp.MustCompile(`(?m)^([ \t]*)(\+|~|-/\+|\+/-|<=) `)
	planChange = regexp.MustCompile(`(= )("(?:[^"\\]|\\.)*"|null|\(known after apply\)) -> `)
)

// fromPlan makes a configuration of what "terraform plan" prints: the values that are planned.
func fromPlan(src string) string {
	src = planSign.ReplaceAllStringFunc(src, func(sign string) string { return strings.Repeat(" ", len(sign)) })
	src = planChange.ReplaceAllString(src, "$1")
	src = strings.ReplaceAll(src, "(known after apply)", "known_after_apply")
	src = strings.ReplaceAll(src, "(sensitive value)", "sensitive_value")
	lines, end := strings.Split(src, "\n"), ""
	for i, line := range lines {
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		switch {
		case end == "" && hclBlock.MatchString(line):
			end = indent + "}"
		case end == "":
			lines[i] = "" // prose
		case strings.TrimRight(line, " ") == end:
			end = ""
		}
	}
	return strings.Join(lines, "\n")
}

// hclReader reads a configuration of Terraform. It evaluates what is literal, with local values, and nothing else: what
// a variable is, nobody can tell from the file.
type hclReader struct {
	*Found
	src   string
	scope *hcl.EvalContext
	cloud string // of the provider's configuration
}

// readHCL reads a configuration. What is behind a mistake in it may be missing; a note says where it is.
func (f *Found) readHCL(src string) error {
	f.Kind = "a configuration of Terraform"
	if bad := tooNested(src); bad != "" {
		return fmt.Errorf("this configuration of Terraform has %s: give the blocks that are about the sign-in", bad)
	}
	if planned.MatchString(src) {
		f.Kind, src = "what terraform plan prints", fromPlan(src)
	}
	file, problems := hclsyntax.ParseConfig([]byte(src), f.Input, hcl.InitialPos)
	for _, p := range problems {
		if p.Severity == hcl.DiagError && p.Subject != nil {
			f.note("At %d:%d it is no HCL (%s), so that what follows may be missing.", p.Subject.Start.Line, p.Subject.Start.Column, p.Summary)
			break
		}
	}
	if file == nil {
		return nil
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return nil
	}
	r := &hclReader{Found: f, src: src, scope: locals(body)}
	for _, block := range body.Blocks {
		if block.Type == "provider" {
			if text, ok := r.literal(block.Body, "environment"); ok {
				r.cloud = map[string]string{"public": "public", "usgovernment": "usgov", "usgovernmentl4": "usgov", "usgovernmentl5": "usgov", "china": "china"}[text]
			}
		}
	}
	for _, block := range body.Blocks {
		r.block(block)
	}
	r.stacks(body)
	r.linkByAddress()
	return nil
}

// tooNested says what a source has too much of for a parser that calls itself.
func tooNested(src string) string {
	if len(src) > maxSource {
		return fmt.Sprintf("more than %d bytes", maxSource)
	}
	depth, questions, directives, run := 0, 0, 0, 0
	for i := range len(src) {
		switch src[i] {
		case '{', '[', '(':
			depth, run = depth+1, 0
		case '}', ']', ')':
			depth, run = max(0, depth-1), 0
		case '?':
			questions, run = questions+1, 0
		case '%':
			directives, run = directives+1, 0
		case '!':
			run++
		case '-':
			if run++; i > 0 && src[i-1] == '-' && run > 1 && (i == 1 || src[i-2] == '-' || src[i-2] == '#') {
				run = 0 // a line of dashes in a comment
			}
		case ' ', '\t', '\n':
		default:
			run = 0
		}
		switch {
		case depth > 250:
			return "more than 250 brackets inside each other"
		case questions > 5000:
			return "more than 5,000 question marks"
		case directives > 20_000:
			return "more than 20,000 percent signs"
		case run > 250:
			return "more than 250 signs behind each other"
		}
	}
	return ""
}

func (r *hclReader) block(block *hclsyntax.Block) {
	switch {
	case block.Type == "resource" && len(block.Labels) == 2:
		r.each(block, r.resource)
	case block.Type == "data" && len(block.Labels) == 2 && dataKnown[block.Labels[0]]:
		r.resource(block, "data."+block.Labels[0]+"."+block.Labels[1])
	case block.Type == "module" && len(block.Labels) == 1:
		r.objects(block.Body, "module."+block.Labels[0])
	case block.Type == "locals":
		r.objects(block.Body, "local")
	case block.Type == "terraform":
		r.workspace(block.Body)
	}
}

// resource reads a resource of a type that is known here.
func (r *hclReader) resource(block *hclsyntax.Block, address string) {
	switch kind := block.Labels[0]; kind {
	case "azuread_application_federated_identity_credential", "azuread_application_flexible_federated_identity_credential",
		"azurerm_federated_identity_credential":
		c := Credential{Place: r.at(block.DefRange()), Form: FormHCL, Address: address, Cloud: r.cloud, ManagedIdentity: kind == "azurerm_federated_identity_credential"}
		for _, a := range attributes {
			for _, name := range a.names {
				if attribute := block.Body.Attributes[name]; attribute != nil {
					r.field(&c, a.field, attribute.Expr)
				}
			}
		}
		c.Description, _ = r.literal(block.Body, "description")
		r.owner(&c, block.Body, "application_id", "application_object_id", "parent_id", "user_assigned_identity_id")
		r.Credentials = append(r.Credentials, c)
	case "azapi_resource", "msgraph_resource":
		r.azapi(block, address)
	case "azuread_application", "azuread_application_registration", "azurerm_user_assigned_identity":
		a := Application{Place: r.at(block.DefRange()), Address: address, ManagedIdentity: kind == "azurerm_user_assigned_identity"}
		a.Name, _ = r.literal(block.Body, "display_name")
		if a.ManagedIdentity {
			a.Name, _ = r.literal(block.Body, "name")
		}
		a.ClientID, _ = r.literal(block.Body, "client_id")
		r.Applications = append(r.Applications, a)
	case "azuredevops_serviceendpoint_azurerm":
		if name, ok := r.literal(block.Body, "service_endpoint_name"); ok {
			r.Jobs = append(r.Jobs, serviceConnectionJob(r.Input, address, name, r.at(block.DefRange())))
		}
	}
}

// azapi reads a resource that is given to Azure or to Microsoft Graph as it is.
func (r *hclReader) azapi(block *hclsyntax.Block, address string) {
	kind, _ := r.literal(block.Body, "type")
	url := r.source(block.Body, "url")
	body := block.Body.Attributes["body"]
	graph := strings.Contains(url, "/federatedIdentityCredentials")
	if body == nil || !graph && !strings.HasPrefix(strings.ToLower(kind), strings.ToLower(identityCredentialType)) {
		return
	}
	if !r.inObjects(body.Expr, func(c *Credential) {
		c.Place, c.Address, c.ManagedIdentity, c.Cloud = r.at(block.DefRange()), address, !graph, r.cloud
		if name := block.Body.Attributes["name"]; name != nil && !graph {
			r.field(c, fieldName, name.Expr)
		}
		r.owner(c, block.Body, "parent_id", "url")
	}) {
		c := Credential{Place: r.at(block.DefRange()), Form: FormHCL, Address: address, ManagedIdentity: !graph}
		c.unknown("body", r.text(body.Expr))
		r.Credentials = append(r.Credentials, c)
	}
}

// objects reads the credentials that are arguments of a module or local values: objects with an issuer and a subject.
func (r *hclReader) objects(body *hclsyntax.Body, address string) {
	if body.Attributes["issuer"] != nil && (body.Attributes["subject"] != nil || body.Attributes["subjects"] != nil) {
		c := Credential{Place: r.at(body.Attributes["issuer"].SrcRange), Form: FormHCL, Address: address, Cloud: r.cloud}
		for _, a := range attributes {
			for _, name := range a.names {
				if attribute := body.Attributes[name]; attribute != nil {
					r.field(&c, a.field, attribute.Expr)
				}
			}
		}
		if subjects := body.Attributes["subjects"]; subjects != nil {
			c.unknown(fieldSubject, r.text(subjects.Expr))
		}
		r.Credentials = append(r.Credentials, c)
	}
	for _, attribute := range sortedAttributes(body) {
		name := attribute.Name
		r.inObjects(attribute.Expr, func(c *Credential) { c.Address, c.Cloud = address+"."+name, r.cloud })
	}
}

// inObjects reads the objects with an issuer and a subject in an expression, and reports whether there are any.
func (r *hclReader) inObjects(expr hclsyntax.Expression, complete func(*Credential)) (found bool) {
	_ = hclsyntax.VisitAll(expr, func(node hclsyntax.Node) hcl.Diagnostics {
		object, ok := node.(*hclsyntax.ObjectConsExpr)
		if !ok {
			return nil
		}
		members := map[string]hclsyntax.Expression{}
		for _, item := range object.Items {
			if key := strings.Trim(r.text(item.KeyExpr), `"`); members[key] == nil {
				members[key] = item.ValueExpr
			}
		}
		if members["issuer"] == nil || members["subject"] == nil && members["claimsMatchingExpression"] == nil && members["claims_matching_expression"] == nil {
			return nil
		}
		found = true
		c := Credential{Place: r.at(object.SrcRange), Form: FormHCL}
		for _, a := range attributes {
			for _, name := range a.names {
				if members[name] != nil {
					r.field(&c, a.field, members[name])
				}
			}
		}
		if m := members["claimsMatchingExpression"]; m != nil {
			r.field(&c, fieldMatching, m)
		}
		complete(&c)
		r.Credentials = append(r.Credentials, c)
		return nil
	})
	return found
}

// field puts the value of an expression into a field, or the expression itself if it is not literal.
func (r *hclReader) field(c *Credential, field string, expr hclsyntax.Expression) {
	value, ok := r.value(expr)
	if !ok {
		c.unknown(field, r.text(expr))
		return
	}
	if n := nodeOf(value); n != nil {
		c.set(field, n)
	}
}

// literal is the value of an attribute that is a text.
func (r *hclReader) literal(body *hclsyntax.Body, name string) (string, bool) {
	attribute := body.Attributes[name]
	if attribute == nil {
		return "", false
	}
	value, ok := r.value(attribute.Expr)
	if !ok {
		return "", false
	}
	n := nodeOf(value)
	return str(n), str(n) != ""
}

// source is an attribute as it is written; "": there is none.
func (r *hclReader) source(body *hclsyntax.Body, name string) string {
	if attribute := body.Attributes[name]; attribute != nil {
		return r.text(attribute.Expr)
	}
	return ""
}

func (r *hclReader) text(expr hclsyntax.Expression) string {
	at := expr.Range()
	return strings.TrimSpace(r.src[at.Start.Byte:at.End.Byte])
}

func (r *hclReader) at(place hcl.Range) document.Position {
	return document.Position{Line: place.Start.Line, Column: place.Start.Column, Width: max(1, min(place.End.Byte-place.Start.Byte, 200))}
}

// owner says whose a credential is, by the first of the attributes that is there: an id, or another resource.
func (r *hclReader) owner(c *Credential, body *hclsyntax.Body, names ...string) {
	for _, name := range names {
		attribute := body.Attributes[name]
		if attribute == nil {
			continue
		}
		if text, ok := r.literal(body, name); ok {
			if c.ManagedIdentity {
				c.inAzure(text)
			} else {
				c.ObjectID = objectID(strings.TrimSuffix(text, "/federatedIdentityCredentials"))
			}
			return
		}
		if at := reference.FindString(r.text(attribute.Expr)); at != "" {
			r.owners(c, at)
		}
		return
	}
}

// reference finds another resource in an expression.
var reference = regexp.MustCompile(`(data\.)?(azuread_application|azuread_application_registration|azurerm_user_assigned_identity|azapi_resource|msgraph_resource)\.[A-Za-z_][\w-]*`)

// owners remembers the address of the resource whose a credential is, until all resources have been read.
func (r *hclReader) owners(c *Credential, address string) {
	c.ObjectID = "address:" + address
}

// linkByAddress replaces the addresses of owners by what the file says of them.
func (r *hclReader) linkByAddress() {
	byAddress := map[string]Application{}
	for _, a := range r.Applications {
		byAddress[strings.SplitN(a.Address, "[", 2)[0]] = a
	}
	for i := range r.Credentials {
		c := &r.Credentials[i]
		if address, ok := strings.CutPrefix(c.ObjectID, "address:"); ok {
			c.ObjectID = ""
			c.of(byAddress[address])
		}
	}
}
