package entra

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// ErrNotFound is wrapped by errors about a tenant, an application or a
// credential that the directory does not have.
var ErrNotFound = errors.New("not found")

// Tenant is one directory of Entra.
type Tenant struct {
	ID           string        `json:"id"`                // a GUID; "": derived from DisplayName
	DisplayName  string        `json:"displayName"`       // printed in errors; "": the first domain, or the id
	Domains      []string      `json:"domains,omitempty"` // verified domain names, usable in place of the id
	Cloud        string        `json:"cloud,omitempty"`   // "public" (default), "usgov", "china"
	Applications []Application `json:"applications,omitempty"`
}

// Application is an app registration together with its service principal.
type Application struct {
	Name               string       `json:"displayName"`        // required, unique in the tenant
	ClientID           string       `json:"clientId"`           // a GUID; "": derived from tenant and name, like the other ids
	ObjectID           string       `json:"objectId"`           // of the application
	ServicePrincipalID string       `json:"servicePrincipalId"` // the oid and sub of its tokens
	NoServicePrincipal bool         `json:"noServicePrincipal,omitempty"`
	Disabled           bool         `json:"disabled,omitempty"`
	IdentifierURIs     []string     `json:"identifierUris,omitempty"` // make it a resource: scope {uri}/.default
	Credentials        []Credential `json:"credentials,omitempty"`    // at most 20
}

// Credential is a federated identity credential.
type Credential struct {
	ID          string   `json:"id"`        // a GUID; "": derived
	Name        string   `json:"name"`      // 3 to 120 letters, digits, - and _, the first a letter or digit; unique in the application
	Issuer      string   `json:"issuer"`    // must equal the assertion's iss
	Subject     string   `json:"subject"`   // must equal the assertion's sub, case included
	Audiences   []string `json:"audiences"` // exactly one
	Description string   `json:"description,omitempty"`
	Matching    string   `json:"matching,omitempty"` // a flexible matching expression: not emulated, refused unless ""
}

// Directory holds tenants, applications and credentials. It may be changed
// while a [Server] uses it, and is safe for concurrent use. The zero value is
// an empty directory with [DefaultOptions].
type Directory struct {
	mu      sync.RWMutex
	options *Options                 // nil: the defaults
	tenants []*tenantRecord          // in order of arrival
	names   map[string]*tenantRecord // by lower-case id and domain
}

// tenantRecord indexes a tenant. Applications are replaced, never changed, so
// that a reader may keep one after the lock is gone.
type tenantRecord struct {
	tenant   Tenant // without applications; never changed after AddTenant
	cloud    *cloud
	apps     []*Application
	byClient map[string]*Application // by lower-case client id
}

// NewDirectory returns an empty directory with [DefaultOptions].
func NewDirectory() *Directory { return &Directory{} }

// Options returns the directory's options.
func (d *Directory) Options() Options {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.optionsLocked()
}

func (d *Directory) optionsLocked() Options {
	if d.options == nil {
		return DefaultOptions()
	}
	return *d.options
}

// SetOptions replaces the directory's options, or returns an error that says
// which one is wrong.
func (d *Directory) SetOptions(o Options) error {
	if err := o.validate(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.options = &o
	return nil
}

// AddTenant adds a tenant with its applications and credentials and returns it
// with every id filled in. It returns an error, and adds nothing, when the
// tenant or anything in it breaks a rule.
func (d *Directory) AddTenant(t Tenant) (Tenant, error) {
	record, err := newTenantRecord(t)
	if err != nil {
		return Tenant{}, err
	}
	for _, a := range t.Applications {
		if err := record.add(a); err != nil {
			return Tenant{}, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range record.names() {
		if _, taken := d.names[name]; taken {
			return Tenant{}, fmt.Errorf("entra: tenant %q: the directory already has a tenant %q", record.tenant.DisplayName, name)
		}
	}
	if d.names == nil {
		d.names = make(map[string]*tenantRecord)
	}
	for _, name := range record.names() {
		d.names[name] = record
	}
	d.tenants = append(d.tenants, record)
	return record.snapshot(), nil
}

// AddApplication adds an application with its credentials to a tenant, named
// by id or domain, and returns it with every id filled in. It returns an
// error, and adds nothing, when the application breaks a rule.
func (d *Directory) AddApplication(tenant string, a Application) (Application, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	record, err := d.record(tenant)
	if err != nil {
		return Application{}, err
	}
	if err := record.add(a); err != nil {
		return Application{}, err
	}
	return cloneApplication(record.apps[len(record.apps)-1]), nil
}

// AddCredential adds a federated identity credential to an application, named
// by client id or object id, and returns it with its id filled in. It returns
// an error, and adds nothing, when the credential breaks one of Entra's rules.
func (d *Directory) AddCredential(tenant, application string, c Credential) (Credential, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	record, app, err := d.application(tenant, application)
	if err != nil {
		return Credential{}, err
	}
	changed := cloneApplication(app)
	if err := addCredential(&changed, c); err != nil {
		return Credential{}, err
	}
	record.replace(app, &changed)
	added := changed.Credentials[len(changed.Credentials)-1]
	added.Audiences = slices.Clone(added.Audiences)
	return added, nil
}

// RemoveCredential removes a federated identity credential, named by id or by
// name. It returns an error wrapping [ErrNotFound] when there is none.
func (d *Directory) RemoveCredential(tenant, application, credential string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	record, app, err := d.application(tenant, application)
	if err != nil {
		return err
	}
	changed := cloneApplication(app)
	changed.Credentials = slices.DeleteFunc(changed.Credentials, func(c Credential) bool {
		return c.Name == credential || strings.EqualFold(c.ID, credential)
	})
	if len(changed.Credentials) == len(app.Credentials) {
		return fmt.Errorf("entra: application %q: credential %q: %w", app.Name, credential, ErrNotFound)
	}
	record.replace(app, &changed)
	return nil
}

// Tenants returns all tenants with everything in them, in order of arrival.
// The caller owns the result.
func (d *Directory) Tenants() []Tenant {
	d.mu.RLock()
	defer d.mu.RUnlock()
	all := make([]Tenant, 0, len(d.tenants))
	for _, t := range d.tenants {
		all = append(all, t.snapshot())
	}
	return all
}

// Tenant returns the tenant with this id or domain, and everything in it, or
// an error wrapping [ErrNotFound]. The caller owns the result.
func (d *Directory) Tenant(idOrDomain string) (Tenant, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	record, err := d.record(idOrDomain)
	if err != nil {
		return Tenant{}, err
	}
	return record.snapshot(), nil
}

// Application returns the application with this client id or object id, or an
// error wrapping [ErrNotFound]. The caller owns the result.
func (d *Directory) Application(tenant, id string) (Application, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	_, app, err := d.application(tenant, id)
	if err != nil {
		return Application{}, err
	}
	return cloneApplication(app), nil
}

// record finds a tenant; the caller holds the lock.
func (d *Directory) record(tenant string) (*tenantRecord, error) {
	if r := d.names[strings.ToLower(tenant)]; r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("entra: tenant %q: %w", tenant, ErrNotFound)
}

// application finds an application; the caller holds the lock.
func (d *Directory) application(tenant, id string) (*tenantRecord, *Application, error) {
	record, err := d.record(tenant)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range record.apps {
		if strings.EqualFold(a.ClientID, id) || strings.EqualFold(a.ObjectID, id) {
			return record, a, nil
		}
	}
	return nil, nil, fmt.Errorf("entra: tenant %q: application %q: %w", record.tenant.DisplayName, id, ErrNotFound)
}

// signIn finds what a token request needs in one step: the tenant's record
// (nil: none), and the application (nil: none).
func (d *Directory) signIn(tenant, clientID string) (*tenantRecord, *Application, Options) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	record := d.names[strings.ToLower(tenant)]
	if record == nil {
		return nil, nil, d.optionsLocked()
	}
	return record, record.byClient[strings.ToLower(clientID)], d.optionsLocked()
}

// resource finds the application of a tenant that a resource string names, by
// identifier URI or client id, or nil.
func (d *Directory) resource(record *tenantRecord, resource string) *Application {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, a := range record.apps {
		if strings.EqualFold(a.ClientID, resource) || slices.Contains(a.IdentifierURIs, resource) {
			return a
		}
	}
	return nil
}

// names are what a tenant can be called by.
func (r *tenantRecord) names() []string {
	names := []string{strings.ToLower(r.tenant.ID)}
	for _, domain := range r.tenant.Domains {
		names = append(names, strings.ToLower(domain))
	}
	return names
}

// snapshot copies a tenant with everything in it.
func (r *tenantRecord) snapshot() Tenant {
	t := r.tenant
	t.Domains = slices.Clone(t.Domains)
	t.Applications = make([]Application, 0, len(r.apps))
	for _, a := range r.apps {
		t.Applications = append(t.Applications, cloneApplication(a))
	}
	return t
}

// replace puts a changed copy of an application in the place of the old one.
func (r *tenantRecord) replace(old, changed *Application) {
	r.apps[slices.Index(r.apps, old)] = changed
	r.byClient[strings.ToLower(changed.ClientID)] = changed
}

func cloneApplication(a *Application) Application {
	c := *a
	c.IdentifierURIs = slices.Clone(a.IdentifierURIs)
	c.Credentials = slices.Clone(a.Credentials)
	for i := range c.Credentials {
		c.Credentials[i].Audiences = slices.Clone(c.Credentials[i].Audiences)
	}
	return c
}
