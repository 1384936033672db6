package runner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
)

// directory turns the file's Entra side into what the world begins with. Its tenants come with every id filled in, as the world would have
// them, because the ids derive from the names; so expressions can have them, and what breaks a rule is found where the file says it.
func (p *play) directory() (control.WorldSpec, error) {
	side, err := p.file.ResolveEntra(p.env)
	if err != nil {
		return control.WorldSpec{}, err
	}
	p.cloud = side.Cloud
	spec := control.WorldSpec{Cloud: p.cloud}
	if spec.Options, err = p.options(side.Options); err != nil {
		return control.WorldSpec{}, err
	}
	tenant, err := p.tenant(side)
	if err != nil {
		return control.WorldSpec{}, err
	}
	filled := directory.New()
	if tenant, err = filled.AddTenant(tenant); err != nil {
		path, first := directory.BrokenRule(err)
		return control.WorldSpec{}, p.at(p.file.Pos(mainPath(path)...), first)
	}
	spec.Tenants = []directory.Tenant{tenant}
	others, err := decodeEach[directory.Tenant](p, side.Tenants, "tenants")
	if err != nil {
		return control.WorldSpec{}, err
	}
	for i := range others {
		p.defaults(&others[i])
		other, err := filled.AddTenant(others[i])
		if err != nil {
			path, first := directory.BrokenRule(err)
			return control.WorldSpec{}, p.at(p.file.Pos(append([]any{"entra", "tenants", i}, steps(path)...)...), first)
		}
		spec.Tenants = append(spec.Tenants, other)
	}
	p.tenants, p.app = spec.Tenants, tenant.Applications[0]
	p.env["entra"] = map[string]any{
		"tenant": tenant.ID,
		"app": map[string]any{
			"name": p.app.Name, "clientId": p.app.ClientID, "objectId": p.app.ObjectID, "servicePrincipalId": p.app.ServicePrincipalID,
		},
	}
	return spec, nil
}

// tenant is the scenario's tenant, whose first application is the scenario's.
func (p *play) tenant(side *scenario.Entra) (t directory.Tenant, err error) {
	t = directory.Tenant{DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"}, Cloud: side.Cloud, B2CPolicies: side.B2CPolicies}
	if named := side.Tenant; named != nil {
		t.ID, t.DisplayName, t.Domains = named.ID, named.DisplayName, named.Domains
	}
	if t.Policies, err = decode[directory.Policies](p, side.Policies, "policies"); err != nil {
		return t, err
	}
	app := directory.Application{
		Name: side.App, ClientID: side.ClientID, NoServicePrincipal: side.ServicePrincipal != nil && !*side.ServicePrincipal,
		Disabled: side.Disabled, Public: side.Public, IdentifierURIs: side.IdentifierURIs,
	}
	if app.AppRoleAssignments, err = decodeEach[directory.AppRoleAssignment](p, side.AppRoleAssignments, "appRoleAssignments"); err != nil {
		return t, err
	}
	for i := range side.Credentials {
		app.Credentials = append(app.Credentials, credential(&side.Credentials[i]))
	}
	if side.Certificate {
		own, err := ownCertificate()
		if err != nil {
			return t, err
		}
		app.Certificates = []string{own.pem}
	}
	further, err := decodeEach[directory.Application](p, side.Applications, "applications")
	if err != nil {
		return t, err
	}
	t.Applications = append([]directory.Application{app}, further...)
	if t.ManagedIdentities, err = decodeEach[directory.ManagedIdentity](p, side.ManagedIdentities, "managedIdentities"); err != nil {
		return t, err
	}
	if t.Subscriptions, err = decodeEach[directory.Subscription](p, side.Subscriptions, "subscriptions"); err != nil {
		return t, err
	}
	p.defaults(&t)
	return t, nil
}

// defaults fills in what credentials leave out: the scenario's issuer and the audience of the tenant's cloud.
func (p *play) defaults(t *directory.Tenant) {
	audience, err := directory.ExchangeAudience(or(t.Cloud, p.cloud))
	if err != nil {
		return // AddTenant says so
	}
	fill := func(credentials []directory.Credential) {
		for i := range credentials {
			p.fill(&credentials[i], audience)
		}
	}
	for i := range t.Applications {
		fill(t.Applications[i].Credentials)
	}
	for i := range t.ManagedIdentities {
		fill(t.ManagedIdentities[i].Credentials)
	}
}

func (p *play) fill(c *directory.Credential, audience string) {
	c.Issuer = or(c.Issuer, p.issuer.URL)
	if len(c.Audiences) == 0 {
		c.Audiences = []string{audience}
	}
}

// credential is a credential as the file has it.
func credential(c *scenario.FederatedCredential) directory.Credential {
	return directory.Credential{
		ID: c.ID, Name: c.Name, Issuer: c.Issuer, Subject: c.Subject, Matching: c.Matching, Audiences: c.Audiences, Description: c.Description,
		Created: c.Created,
	}
}

// identity is the managed identity of that name and its tenant's id, the scenario's tenant first.
func (p *play) identity(name string) (tenant string, m directory.ManagedIdentity, err error) {
	var names []string
	for _, t := range p.tenants {
		for _, m := range t.ManagedIdentities {
			if m.Name == name {
				return t.ID, m, nil
			}
			names = append(names, m.Name)
		}
	}
	return "", directory.ManagedIdentity{}, fmt.Errorf("no managed identity %q (have %q)", name, names)
}

// options are the directory's, over the defaults; nil if the file has none.
func (p *play) options(set map[string]any) (*directory.Options, error) {
	if len(set) == 0 {
		return nil, nil
	}
	pos := p.file.Pos("entra", "options")
	given := map[string]any{}
	for name, value := range set {
		given[name] = value
		if text, ok := value.(string); ok && isDuration(name) {
			d, err := time.ParseDuration(text)
			if err != nil {
				return nil, p.at(p.file.Pos("entra", "options", name), fmt.Errorf("%q is not a duration", text))
			}
			given[name] = int64(d)
		}
	}
	options := directory.DefaultOptions()
	if err := convert(given, &options); err != nil {
		return nil, p.at(pos, err)
	}
	if err := directory.New().SetOptions(options); err != nil {
		return nil, p.at(pos, err)
	}
	return &options, nil
}

// isDuration tells whether an option is one, by its JSON name.
func isDuration(option string) bool {
	for i := range reflect.TypeFor[directory.Options]().NumField() {
		field := reflect.TypeFor[directory.Options]().Field(i)
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name == option {
			return field.Type == reflect.TypeFor[time.Duration]()
		}
	}
	return false
}

// decode turns a part of the Entra side into the directory's own type. The schema has checked it, except for the values of expressions.
func decode[T any](p *play, value map[string]any, path ...any) (T, error) {
	var out T
	if err := convert(value, &out); err != nil {
		return out, p.at(p.file.Pos(append([]any{"entra"}, path...)...), err)
	}
	return out, nil
}

func decodeEach[T any](p *play, values []map[string]any, key string) ([]T, error) {
	var all []T
	for i, value := range values {
		one, err := decode[T](p, value, key, i)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// convert reads a value over out by way of JSON, strictly.
func convert(value map[string]any, out any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	return dec.Decode(out)
}

// mainPath is where the file has a part of the scenario's tenant, of which the first application is spread over the Entra side itself.
func mainPath(path string) []any {
	at := steps(path)
	switch {
	case len(at) == 0:
		return []any{"entra"}
	case at[0] == "id" || at[0] == "displayName" || at[0] == "domains":
		return append([]any{"entra", "tenant"}, at...)
	case len(at) > 1 && at[0] == "applications" && at[1] == 0:
		return append([]any{"entra"}, at[2:]...)
	case len(at) > 1 && at[0] == "applications":
		at[1] = at[1].(int) - 1
	}
	return append([]any{"entra"}, at...)
}

// steps takes a path such as applications[0].credentials[1] apart.
func steps(path string) []any {
	var all []any
	for _, part := range strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(".[]", r) }) {
		if i, err := strconv.Atoi(part); err == nil {
			all = append(all, i)
		} else {
			all = append(all, part)
		}
	}
	return all
}
