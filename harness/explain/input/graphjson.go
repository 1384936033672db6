package input

import (
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// jsonReader looks for tokens, credentials and applications anywhere in JSON, whatever is around them.
type jsonReader struct {
	*Found
	cloud string // as an address in the input tells
	cut   error  // why the first thing that should be a token is none
}

// clouds tells a cloud by a host in an address.
var clouds = []struct{ host, cloud string }{
	{"graph.microsoft.us", "usgov"},
	{"dod-graph.microsoft.us", "usgov"},
	{"management.usgovcloudapi.net", "usgov"},
	{"microsoftgraph.chinacloudapi.cn", "china"},
	{"management.chinacloudapi.cn", "china"},
	{"graph.microsoft.com", "public"},
	{"management.azure.com", "public"},
}

func cloudOf(address string) string {
	for _, c := range clouds {
		if strings.Contains(address, "//"+c.host+"/") {
			return c.cloud
		}
	}
	return ""
}

// applicationIn finds the object id in the context of a reply of Microsoft Graph.
var applicationIn = regexp.MustCompile(`applications\('([0-9a-fA-F-]{36})'\)`)

// walk reads a value and all in it. whose is the application around it; list says that it is in a list that is the
// whole input, as the Azure CLI prints one.
func (r *jsonReader) walk(n *document.Node, whose Application, list bool) {
	switch n.Kind {
	case document.List:
		for _, item := range n.Items {
			r.walk(item, whose, list)
		}
	case document.Map:
		r.walkMap(n, whose, list)
	default:
		r.token("", n)
	}
}

func (r *jsonReader) walkMap(m *document.Node, whose Application, list bool) {
	context := str(m.Get("@odata.context"))
	if at := applicationIn.FindStringSubmatch(context); at != nil && whose.ObjectID == "" {
		whose.ObjectID = at[1]
	}
	if cloud := cloudOf(context); cloud != "" {
		r.cloud = cloud
	}
	if isCredential(m) {
		form := FormGraph
		if id := str(m.Get("id")); list || strings.HasPrefix(id, "/subscriptions/") {
			form = FormAz
		}
		c := r.fromJSON(m, form)
		c.of(whose)
		c.Cloud = r.cloud
		r.Credentials = append(r.Credentials, c)
		return
	}
	if properties := m.Get("properties"); properties != nil && isCredential(properties) {
		c := r.fromJSON(properties, FormARM)
		c.Place = m.Start()
		if strings.HasPrefix(str(m.Get("type")), "azuread:") { // Pulumi's name for the credential of an application
			c.Form = FormGraph
		} else {
			c.inAzure(str(m.Get("id")))
		}
		if c.set(fieldName, m.Get("name")); strings.Contains(c.Name, "/") { // a template's, identity/credential
			c.AppName, c.Name, _ = strings.Cut(c.Name, "/")
		}
		c.of(whose)
		c.Cloud = r.cloud
		r.Credentials = append(r.Credentials, c)
		return
	}
	if spec := m.Get("spec"); spec != nil && str(m.Get("kind")) == "FederatedIdentityCredential" { // of Azure Service Operator
		c := r.fromJSON(spec, FormARM)
		c.Place, c.ManagedIdentity = m.Start(), true
		if c.AppName = str(spec.Get("owner").Get("name")); c.Name == "" {
			c.set(fieldName, m.Get("metadata").Get("name"))
		}
		r.Credentials = append(r.Credentials, c)
		return
	}
	if a, ok := application(m); ok {
		r.Applications = append(r.Applications, a)
		whose = a
	}
	for _, e := range m.Entries {
		if e.Value.Kind == document.Scalar {
			r.token(e.Key, e.Value)
		} else {
			r.walk(e.Value, whose, list)
		}
	}
}

// application reads a map that is an application, as Microsoft Graph and the Azure CLI have it, or a managed identity.
func application(m *document.Node) (Application, bool) {
	a := Application{Place: m.Start()}
	if has(m, "appId") && (has(m, "displayName") || has(m, "id")) {
		a.Name, a.ClientID, a.ObjectID = str(m.Get("displayName")), str(m.Get("appId")), first(m, "id", "objectId")
		if has(m, "servicePrincipalType") { // the id is another one
			a.ObjectID = ""
		}
		return a, true
	}
	properties := m
	if p := m.Get("properties"); p != nil && p.Kind == document.Map {
		properties = p
	}
	if has(properties, "clientId", "principalId") && has(m, "id") {
		a.Name, a.ResourceID, a.ManagedIdentity = str(m.Get("name")), str(m.Get("id")), true
		a.ClientID, a.ObjectID, a.Tenant = str(properties.Get("clientId")), str(properties.Get("principalId")), str(properties.Get("tenantId"))
		return a, true
	}
	return a, false
}

// tokenNames are the members that hold a token and nothing else. value is that of GitHub's reply.
var tokenNames = map[string]bool{
	"value": true, "token": true, "access_token": true, "accesstoken": true, "id_token": true, "idtoken": true, "oidctoken": true,
	"client_assertion": true, "assertion": true, "jwt": true, "federatedtoken": true, "subject_token": true, "webidentitytoken": true,
}

// token takes a text that is a token.
func (r *jsonReader) token(key string, n *document.Node) {
	text := str(n)
	if !strings.Contains(text, begin) && !strings.HasPrefix(text, "ZXlK") {
		return
	}
	token, ok, err := readToken(text)
	if ok && err == nil {
		if token.Place = n.Position; token.Name == "" {
			token.Name = key
		}
		r.addToken(token)
		return
	}
	if ok && tokenNames[strings.ToLower(key)] {
		if r.note("At %d:%d %q is %s.", n.Line, n.Column, key, err); r.cut == nil {
			r.cut = err
		}
		return
	}
	more, _ := tokens(text)
	for _, token := range more {
		token.Place = n.Position
		r.addToken(token)
	}
}
