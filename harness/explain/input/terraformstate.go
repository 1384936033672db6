package input

import (
	"fmt"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// isTerraformState tells a state, and what "terraform show -json" prints of a state or a plan, from other JSON.
func isTerraformState(root *document.Node) bool {
	if root.Get("terraform_version") == nil {
		return false
	}
	return root.Get("resources") != nil || root.Get("values") != nil || root.Get("planned_values") != nil || root.Get("resource_changes") != nil
}

// stateReader reads resources of Terraform.
type stateReader struct {
	*Found
	unknown map[string]*document.Node // by address, what a plan does not know yet of its values
}

// readTerraformState reads the resources of a state, also of its modules.
func (f *Found) readTerraformState(root *document.Node) {
	r := stateReader{Found: f, unknown: map[string]*document.Node{}}
	f.Kind = "Terraform state"
	switch {
	case root.Get("planned_values") != nil || root.Get("resource_changes") != nil:
		f.Kind = "a plan of Terraform"
		for _, change := range root.Get("resource_changes").List() {
			r.unknown[str(change.Get("address"))] = change.Get("change").Get("after_unknown")
		}
		r.module(root.Get("planned_values").Get("root_module"))
	case root.Get("values") != nil:
		r.module(root.Get("values").Get("root_module"))
	default:
		r.state(root.Get("resources"))
	}
	f.link()
}

// readTerraformJSON reads a configuration of Terraform in JSON, as people generate it: resources by type and name. It
// reports false for other JSON.
func (f *Found) readTerraformJSON(root *document.Node) bool {
	r := stateReader{Found: f}
	for _, kind := range entries(root.Get("resource")) {
		if !strings.Contains(kind.Key, "_") {
			return false
		}
		for _, resource := range entries(kind.Value) {
			values := resource.Value
			if values.Kind == document.List && len(values.Items) == 1 {
				values = values.Items[0]
			}
			r.resource(kind.Key, kind.Key+"."+resource.Key, values, resource.Position)
		}
	}
	if f.empty() {
		return false
	}
	f.Kind = "a configuration of Terraform in JSON"
	for i := range f.Credentials {
		c := &f.Credentials[i]
		c.Form = FormHCL
		for _, field := range []struct {
			name string
			text *string
		}{{fieldName, &c.Name}, {fieldIssuer, &c.Issuer}, {fieldSubject, &c.Subject}, {fieldMatching, &c.Matching}} {
			if strings.Contains(*field.text, "${") {
				c.unknown(field.name, *field.text)
				*field.text = ""
				delete(c.Masked, field.name)
			}
		}
		if strings.HasPrefix(c.ObjectID, "${") {
			c.ObjectID = ""
		}
	}
	f.link()
	return true
}

// state reads the resources of a state of version 4.
func (r stateReader) state(resources *document.Node) {
	for _, resource := range resources.List() {
		if str(resource.Get("mode")) == "data" && !dataKnown[str(resource.Get("type"))] {
			continue
		}
		address := str(resource.Get("type")) + "." + str(resource.Get("name"))
		if str(resource.Get("mode")) == "data" {
			address = "data." + address
		}
		if module := str(resource.Get("module")); module != "" {
			address = module + "." + address
		}
		for _, instance := range resource.Get("instances").List() {
			at := address
			if key := instance.Get("index_key"); key != nil {
				at += "[" + document.Show(key.Value) + "]"
			}
			r.resource(str(resource.Get("type")), at, instance.Get("attributes"), instance.Start())
		}
	}
}

// module reads what "terraform show -json" prints of a module and of those below it.
func (r stateReader) module(m *document.Node) {
	for _, resource := range m.Get("resources").List() {
		if str(resource.Get("mode")) != "data" || dataKnown[str(resource.Get("type"))] {
			r.resource(str(resource.Get("type")), str(resource.Get("address")), resource.Get("values"), resource.Start())
		}
	}
	for _, child := range m.Get("child_modules").List() {
		r.module(child)
	}
}

// dataKnown are the data sources that say whose a credential is.
var dataKnown = map[string]bool{"azuread_application": true, "azurerm_user_assigned_identity": true}

// resource reads a resource, if it is of a type that is known here.
func (r stateReader) resource(kind, address string, values *document.Node, place document.Position) {
	if values == nil {
		return
	}
	switch kind {
	case "azuread_application_federated_identity_credential", "azuread_application_flexible_federated_identity_credential",
		"azurerm_federated_identity_credential":
		c := Credential{Place: place, Form: FormTerraformState, Address: address}
		c.ID = first(values, "credential_id")
		c.Description = str(values.Get("description"))
		c.ObjectID = objectID(first(values, "application_id", "application_object_id"))
		if kind == "azurerm_federated_identity_credential" {
			c.inAzure(first(values, "id", "user_assigned_identity_id", "parent_id"))
		}
		for _, a := range attributes {
			c.set(a.field, firstNode(values, a.names))
			if r.notKnownYet(address, a.names) {
				c.unknown(a.field, "(known after apply)")
			}
		}
		r.Credentials = append(r.Credentials, c)
	case "azapi_resource", "msgraph_resource":
		r.azapi(kind, address, values, place)
	case "azuread_application", "azuread_application_registration":
		r.Applications = append(r.Applications, Application{Place: place, Address: address,
			Name: str(values.Get("display_name")), ClientID: first(values, "client_id", "application_id"), ObjectID: str(values.Get("object_id"))})
	case "azurerm_user_assigned_identity":
		r.Applications = append(r.Applications, Application{Place: place, Address: address, ManagedIdentity: true,
			Name: str(values.Get("name")), ClientID: str(values.Get("client_id")), ObjectID: str(values.Get("principal_id")),
			Tenant: str(values.Get("tenant_id")), ResourceID: str(values.Get("id"))})
	case "azuredevops_serviceendpoint_azurerm":
		r.serviceConnection(address, values, place)
	}
}

// attributes are the names that the fields of a credential have in Terraform.
var attributes = []struct {
	field string
	names []string
}{
	{fieldName, []string{"display_name", "name"}},
	{fieldIssuer, []string{"issuer"}},
	{fieldSubject, []string{"subject"}},
	{fieldAudiences, []string{"audiences", "audience"}},
	{fieldMatching, []string{"claims_matching_expression"}},
}

func firstNode(m *document.Node, names []string) *document.Node {
	for _, name := range names {
		if n := m.Get(name); n != nil && (n.Kind != document.Scalar || n.Value != nil) {
			return n
		}
	}
	return nil
}

func (r stateReader) notKnownYet(address string, names []string) bool {
	after := r.unknown[address]
	for _, name := range names {
		unknown := false
		after.Get(name).Walk(func(n *document.Node) { unknown = unknown || n.Value == true })
		if unknown {
			return true
		}
	}
	return false
}

// objectID is that of an application in the ids of Terraform, /applications/{id}.
func objectID(id string) string {
	return strings.TrimPrefix(id, "/applications/")
}

// The type of the resource that is the credential of a managed identity, and of Microsoft Graph's in a template.
const (
	identityCredentialType    = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
	applicationCredentialType = "Microsoft.Graph/applications/federatedIdentityCredentials"
)

// azapi reads a resource that is given to Azure or to Microsoft Graph as it is. body is an object, or a text in older
// versions of the provider.
func (r stateReader) azapi(kind, address string, values *document.Node, place document.Position) {
	body := values.Get("body")
	if text := str(body); text != "" {
		roots, err := parseJSON(text)
		if err != nil || len(roots) != 1 {
			return
		}
		body = roots[0]
	}
	if body != nil && body.Get("value") != nil && body.Get("type") != nil { // a value of a dynamic type, as a state has it
		body = body.Get("value")
	}
	graph := kind == "msgraph_resource" && strings.HasSuffix(str(values.Get("url")), "/federatedIdentityCredentials")
	if !graph && !strings.HasPrefix(strings.ToLower(str(values.Get("type"))), strings.ToLower(identityCredentialType)+"@") || body == nil {
		return
	}
	if properties := body.Get("properties"); properties != nil {
		body = properties
	}
	c := r.fromJSON(body, FormTerraformState)
	c.Place, c.Address = place, address
	if graph {
		c.ObjectID = objectID(strings.TrimSuffix("/"+strings.TrimPrefix(str(values.Get("url")), "/"), "/federatedIdentityCredentials"))
	} else {
		c.set(fieldName, values.Get("name"))
		c.inAzure(first(values, "id", "parent_id"))
	}
	if r.notKnownYet(address, []string{"body"}) {
		c.unknown("body", "(known after apply)")
	}
	r.Credentials = append(r.Credentials, c)
}

// serviceConnection reads a service connection of Azure DevOps: its state has the issuer and the subject of its tokens.
func (r stateReader) serviceConnection(address string, values *document.Node, place document.Position) {
	issuer, subject := str(values.Get("workload_identity_federation_issuer")), str(values.Get("workload_identity_federation_subject"))
	if subject == "" {
		return
	}
	r.Jobs = append(r.Jobs, Job{Platform: "azure-devops", Workflow: r.Input, Name: address, Place: place,
		Subjects: []Subject{{When: "with the service connection " + fmt.Sprintf("%q", str(values.Get("service_endpoint_name"))), Subject: subject, Issuer: issuer, Audience: "api://AzureADTokenExchange"}}})
}

// link says whose credentials are, by the ids of the applications and identities in the same input.
func (f *Found) link() {
	byObject, byResource := map[string]Application{}, map[string]Application{}
	for _, a := range f.Applications {
		if a.ObjectID != "" {
			byObject[a.ObjectID] = a
		}
		if a.ResourceID != "" {
			byResource[strings.ToLower(a.ResourceID)] = a
		}
	}
	for i := range f.Credentials {
		c := &f.Credentials[i]
		if a, ok := byObject[c.ObjectID]; ok && c.ObjectID != "" {
			c.of(a)
		}
		if a, ok := byResource[strings.ToLower(c.ResourceID)]; ok && c.ResourceID != "" {
			c.of(a)
		}
	}
}
