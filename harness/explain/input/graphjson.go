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
	if r.customization(m) || r.serviceConnection(m) {
		return
	}
	if a, ok := application(m); ok {
		r.Applications = append(r.Applications, a)
		whose = a
	}
	for _, e := range m.Entries {
		switch {
		case e.Value.Kind == document.Scalar:
			r.token(e.Key, e.Value)
		case e.Key == "inputs" && m.Get("outputs") != nil: // of a resource in Pulumi's state, which has the same twice
		default:
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
	if has(m, "clientId", "objectId", "credentials") { // of a farm's control API
		a.Name, a.ClientID, a.ObjectID, a.Tenant = str(m.Get("name")), str(m.Get("clientId")), str(m.Get("objectId")), str(m.Get("tenant"))
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

// customization reads what GitHub's API says about the subjects of a repository or an organisation. The prefix is right
// even where use_immutable_subject contradicts it.
func (r *jsonReader) customization(m *document.Node) bool {
	prefix, keys := str(m.Get("sub_claim_prefix")), texts(m.Get("include_claim_keys"))
	if m.Get("use_default") == nil && m.Get("use_immutable_subject") == nil || prefix == "" && len(keys) == 0 {
		return false
	}
	subject := prefix + ":{context}"
	if len(keys) > 0 && (m.Get("use_default") == nil || m.Get("use_default").Value == false) {
		parts := make([]string, len(keys))
		for i, key := range keys {
			switch key {
			case "repo":
				if parts[i] = prefix; prefix == "" {
					parts[i] = "repo:{owner}/{repo}"
				}
			case "context":
				parts[i] = "{context}"
			default:
				parts[i] = key + ":{" + key + "}"
			}
		}
		subject = strings.Join(parts, ":")
	}
	r.Kind = "GitHub's customisation of subjects"
	r.Jobs = append(r.Jobs, Job{Platform: "github", Workflow: r.Input, Name: "any job of the repository", Place: m.Start(), Subjects: []Subject{{
		Subject: subject, Issuer: githubIssuer, When: "{context} is ref:refs/heads/{branch}, ref:refs/tags/{tag}, pull_request or environment:{environment}"}}})
	return true
}

// serviceConnection reads a service connection as Azure DevOps has it: it says what the issuer and the subject are.
func (r *jsonReader) serviceConnection(m *document.Node) bool {
	parameters := m.Get("authorization").Get("parameters")
	subject := str(parameters.Get("workloadIdentityFederationSubject"))
	if subject == "" {
		return false
	}
	r.Kind = "a service connection of Azure DevOps"
	job := Job{Platform: "azure-devops", Workflow: r.Input, Name: str(m.Get("name")), Place: m.Start(), Subjects: []Subject{{
		When: "with this service connection", Subject: subject, Issuer: str(parameters.Get("workloadIdentityFederationIssuer")), Audience: exchangeAudience}}}
	if id := str(parameters.Get("serviceprincipalid")); !masked(id) {
		job.ClientID = id
	}
	if id := str(parameters.Get("tenantid")); !masked(id) {
		job.Tenant = id
	}
	r.Jobs = append(r.Jobs, job)
	return true
}
