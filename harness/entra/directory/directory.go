package directory

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrNotFound is wrapped by errors about a tenant, an application or a
// credential that the directory does not have.
var ErrNotFound = errors.New("not found")

// ErrExists is wrapped by errors about an application whose name another one of the tenant has.
var ErrExists = errors.New("there already")

// Directory holds tenants and what belongs to them. It may be changed while
// servers use it, and is safe for concurrent use. The zero value is an empty
// directory with [DefaultOptions].
type Directory struct {
	// Now tells when a change was made, for the options about propagation; nil: the server that is given the directory
	// sets it to its clock. It must not be set while the directory is in use.
	Now func() time.Time

	// Keep, unless it is nil, is told of every change before it is made, and stops it with an error, which the change's
	// error wraps beside [ErrNotKept]. It gets the parts that change, or with all the parts that take the place of every
	// other. It must not use the directory. It must not be set while the directory is in use.
	Keep func(all bool, parts []Part) error

	changing sync.Mutex // held for a whole change, before mu, so that nobody who only reads waits for Keep
	mu       sync.RWMutex
	options  *Options                 // nil: the defaults
	tenants  []*tenantRecord          // in order of arrival
	names    map[string]*tenantRecord // by lower-case id and domain
}

// New returns an empty directory with [DefaultOptions].
func New() *Directory { return &Directory{} }

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
// which one is wrong. Those about what a tenant may hold are looked at when it next changes.
func (d *Directory) SetOptions(o Options) error {
	if err := o.validate(); err != nil {
		return err
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	if err := d.keepOptions(&o); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.options = &o
	return nil
}

// AddTenant adds a tenant with everything in it and returns it with every id
// filled in. It returns an error, and adds nothing, when the tenant or anything
// in it breaks a rule.
func (d *Directory) AddTenant(t Tenant) (Tenant, error) {
	record, err := newTenantRecord(t.clone(), d.Options())
	if err != nil {
		return Tenant{}, err
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	if err := d.set(nil, record); err != nil {
		return Tenant{}, err
	}
	return record.tenant.clone(), nil
}

// Change changes a tenant, named by id or domain, at once or not at all: change gets a copy that it may alter in any
// way but the id, and the tenant becomes what it left there. Change returns the tenant with every id filled in. It
// returns change's own error as it is, an error when the result breaks a rule, and one wrapping [ErrNotFound] when
// there is no such tenant; then nothing has changed. Other changes wait while change runs, so that it must not use the
// directory.
func (d *Directory) Change(tenant string, change func(*Tenant) error) (Tenant, error) {
	d.changing.Lock()
	defer d.changing.Unlock()
	d.mu.RLock()
	old, err := d.record(tenant)
	options := d.optionsLocked()
	d.mu.RUnlock()
	if err != nil {
		return Tenant{}, err
	}
	t := old.tenant.clone()
	if err := change(&t); err != nil {
		return Tenant{}, err
	}
	if t.ID != old.tenant.ID {
		return Tenant{}, fmt.Errorf("directory: tenant %q: the id of a tenant cannot be changed", old.tenant.DisplayName)
	}
	record, err := newTenantRecord(t, options)
	if err != nil {
		return Tenant{}, err
	}
	if d.Now != nil {
		record.remember(old, d.Now(), options)
	}
	if err := d.set(old, record); err != nil {
		return Tenant{}, err
	}
	return record.tenant.clone(), nil
}

// set puts a record in the place of an old one (nil: none), and keeps it. The caller holds changing, and not mu.
func (d *Directory) set(old, record *tenantRecord) error {
	if err := d.free(old, record); err != nil { // nobody else changes what it looks at
		return err
	}
	place := len(d.tenants)
	if old != nil {
		place = slices.Index(d.tenants, old)
	}
	if err := d.keepTenant(place, record); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.put(old, record)
	return nil
}

// free tells whether a record may be put in the place of an old one (nil: none): no other may have one of its names.
func (d *Directory) free(old, record *tenantRecord) error {
	for i, name := range record.names() {
		if other := d.names[name]; other != nil && other != old {
			path := "id"
			if i > 0 {
				path = fmt.Sprintf("domains[%d]", i-1)
			}
			return &RuleError{path, fmt.Errorf("tenant %q: the directory already has a tenant %q", record.tenant.DisplayName, name)}
		}
	}
	return nil
}

// put puts a record, which is free, in the place of an old one (nil: none). The caller holds mu.
func (d *Directory) put(old, record *tenantRecord) {
	if d.names == nil {
		d.names = make(map[string]*tenantRecord)
	}
	if old == nil {
		d.tenants = append(d.tenants, record)
	} else {
		for _, name := range old.names() {
			delete(d.names, name)
		}
		d.tenants[slices.Index(d.tenants, old)] = record
	}
	for _, name := range record.names() {
		d.names[name] = record
	}
}

// Replace makes the directory what another one is, at once. Clients that both have change as with [Directory.Change].
// The other directory must not be used afterwards. The error is Keep's; then nothing has changed.
func (d *Directory) Replace(with *Directory) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	for _, record := range with.tenants {
		if old := d.names[strings.ToLower(record.tenant.ID)]; old != nil && d.Now != nil {
			record.remember(old, d.Now(), with.optionsLocked())
		}
	}
	if d.Keep != nil {
		parts, err := partsOf(with.options, with.tenants)
		if err != nil {
			return err
		}
		if err := d.keep(true, parts...); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.options, d.tenants, d.names = with.options, with.tenants, with.names
	return nil
}

// AddApplication adds an application with its credentials to a tenant, named
// by id or domain, and returns it with every id filled in. It returns an
// error, and adds nothing, when the application breaks a rule.
func (d *Directory) AddApplication(tenant string, a Application) (Application, error) {
	t, err := d.Change(tenant, func(t *Tenant) error {
		for i := range t.Applications {
			if t.Applications[i].Name == a.Name {
				return fmt.Errorf("directory: application %q of tenant %q: %w", a.Name, t.DisplayName, ErrExists)
			}
		}
		t.Applications = append(t.Applications, a.clone())
		return nil
	})
	if err != nil {
		return Application{}, err
	}
	return t.Applications[len(t.Applications)-1], nil
}

// AddCredential adds a federated identity credential to an application or a managed identity, named
// by client id or object id, and returns it with its id filled in. It returns
// an error, and adds nothing, when the credential breaks one of Entra's rules.
func (d *Directory) AddCredential(tenant, client string, c Credential) (Credential, error) {
	t, err := d.Change(tenant, func(t *Tenant) error {
		credentials, err := t.credentials(client)
		if err == nil {
			*credentials = append(*credentials, c.clone())
		}
		return err
	})
	if err != nil {
		return Credential{}, err
	}
	credentials, err := t.credentials(client)
	if err != nil {
		return Credential{}, err
	}
	return (*credentials)[len(*credentials)-1], nil
}

// UpdateCredential changes a federated identity credential, named by id or by name, in place: what is not empty in c
// takes the place of what was there, and of a subject and a matching expression the one that c has is kept. It returns
// the credential, an error when it breaks one of Entra's rules, and one wrapping [ErrNotFound] when there is none; then
// nothing has changed.
func (d *Directory) UpdateCredential(tenant, client, credential string, c Credential) (Credential, error) {
	var updated *Credential
	_, err := d.Change(tenant, func(t *Tenant) error {
		credentials, err := t.credentials(client)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(*credentials, func(c Credential) bool { return c.Name == credential || strings.EqualFold(c.ID, credential) })
		if i < 0 {
			return fmt.Errorf("directory: client %q: credential %q: %w", client, credential, ErrNotFound)
		}
		updated = &(*credentials)[i]
		return updated.update(c)
	})
	if err != nil {
		return Credential{}, err
	}
	return updated.clone(), nil
}

// update puts the members of another credential that are not empty over c's. Id and name are fixed. A credential whose
// issuer or expression changes is new to the rules about expressions, unless another time of creation is given: that it
// repeats the one it had does not count.
func (c *Credential) update(with Credential) error {
	if with.Name != "" && with.Name != c.Name || with.ID != "" && !strings.EqualFold(with.ID, c.ID) {
		return fmt.Errorf("directory: credential %q: the id and the name of a federated credential cannot be changed", c.Name)
	}
	before := *c
	if with.Subject != "" || with.Matching != "" {
		c.Subject, c.Matching = with.Subject, with.Matching
	}
	c.Issuer, c.Description = cmp.Or(with.Issuer, c.Issuer), cmp.Or(with.Description, c.Description)
	if len(with.Audiences) > 0 {
		c.Audiences = slices.Clone(with.Audiences)
	}
	if c.Issuer != before.Issuer || c.Matching != before.Matching {
		c.Created = time.Time{}
	}
	if !with.Created.IsZero() && !with.Created.Equal(before.Created) {
		c.Created = with.Created
	}
	return nil
}

// RemoveCredential removes a federated identity credential, named by id or by
// name. It returns an error wrapping [ErrNotFound] when there is none.
func (d *Directory) RemoveCredential(tenant, client, credential string) error {
	_, err := d.Change(tenant, func(t *Tenant) error {
		credentials, err := t.credentials(client)
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(slices.Clone(*credentials), func(c Credential) bool {
			return c.Name == credential || strings.EqualFold(c.ID, credential)
		})
		if len(left) == len(*credentials) {
			return fmt.Errorf("directory: client %q: credential %q: %w", client, credential, ErrNotFound)
		}
		*credentials = left
		return nil
	})
	return err
}

// credentials are those of an application or managed identity, named by client id or object id.
func (t *Tenant) credentials(client string) (*[]Credential, error) {
	for i := range t.Applications {
		if a := &t.Applications[i]; strings.EqualFold(a.ClientID, client) || strings.EqualFold(a.ObjectID, client) {
			return &a.Credentials, nil
		}
	}
	for i := range t.ManagedIdentities {
		if m := &t.ManagedIdentities[i]; strings.EqualFold(m.ClientID, client) || strings.EqualFold(m.PrincipalID, client) {
			return &m.Credentials, nil
		}
	}
	return nil, fmt.Errorf("directory: tenant %q: application %q: %w", t.DisplayName, client, ErrNotFound)
}

// Tenants returns all tenants with everything in them, in order of arrival.
// The caller owns the result.
func (d *Directory) Tenants() []Tenant {
	d.mu.RLock()
	defer d.mu.RUnlock()
	all := make([]Tenant, 0, len(d.tenants))
	for _, t := range d.tenants {
		all = append(all, t.tenant.clone())
	}
	return all
}

// FirstTenant is the id of the tenant that arrived first, or empty when there is none.
func (d *Directory) FirstTenant() string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if len(d.tenants) == 0 {
		return ""
	}
	return d.tenants[0].tenant.ID
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
	return record.tenant.clone(), nil
}

// Application returns the application with this client id or object id, or an
// error wrapping [ErrNotFound]. The caller owns the result.
func (d *Directory) Application(tenant, id string) (Application, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	record, err := d.record(tenant)
	if err != nil {
		return Application{}, err
	}
	for i := range record.tenant.Applications {
		if a := &record.tenant.Applications[i]; strings.EqualFold(a.ClientID, id) || strings.EqualFold(a.ObjectID, id) {
			return a.clone(), nil
		}
	}
	return Application{}, fmt.Errorf("directory: tenant %q: application %q: %w", record.tenant.DisplayName, id, ErrNotFound)
}

// record finds a tenant; the caller holds the lock.
func (d *Directory) record(tenant string) (*tenantRecord, error) {
	if r := d.names[strings.ToLower(tenant)]; r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("directory: tenant %q: %w", tenant, ErrNotFound)
}
