package farm

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/entra/graph"
	"github.com/issuerd/issuerd/wording"
)

// directoryOf makes the directory that a world begins with.
func directoryOf(spec control.WorldSpec) (*directory.Directory, error) {
	dir := directory.New()
	if spec.Options != nil {
		if err := dir.SetOptions(*spec.Options); err != nil {
			return nil, err
		}
	}
	tenants := spec.Tenants
	if len(tenants) == 0 {
		tenants = []directory.Tenant{{DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com"}}}
	}
	for _, t := range tenants {
		if t.Cloud == "" {
			t.Cloud = spec.Cloud
		}
		if _, err := dir.AddTenant(t); err != nil {
			return nil, err
		}
	}
	return dir, nil
}

// tenant is the id of the world's own tenant, which is the first of its directory.
func (w *World) tenant() string { return w.dir.FirstTenant() }

// Directory returns Entra's directory as it is now.
func (w *World) Directory() directory.File { return w.dir.File() }

// ApplyDirectory puts a directory file in the place of the directory, at once, and returns it with every id filled in.
// The error has a line for each problem of the file, under the given name (empty: directory); then nothing has changed. The world's own
// tenant is the first of the file from then on, and what the file does not have is gone; issuers, keys that Entra has
// fetched, and the journal stay. Of two callers, the later one's file is the directory.
func (w *World) ApplyDirectory(name string, src []byte) (directory.File, error) {
	read, err := directory.Parse(cmp.Or(name, "directory"), src)
	if err != nil {
		return directory.File{}, &control.Error{Status: http.StatusBadRequest, Message: err.Error()}
	}
	file := read.File()
	return file, w.replaceDirectory(read)
}

// Applications lists the applications of the world's own tenant.
func (w *World) Applications() []control.Application {
	all := []control.Application{}
	tenant, err := w.dir.Tenant(w.tenant())
	if err != nil { // it has just been replaced
		return all
	}
	for _, app := range tenant.Applications {
		all = append(all, describeApplication(tenant.ID, app))
	}
	return all
}

// Application finds an application of the world's own tenant by its client id or name.
func (w *World) Application(app string) (control.Application, error) {
	tenant := w.tenant()
	found, err := w.application(tenant, app)
	return describeApplication(tenant, found), err
}

// application finds an application of a tenant by its client id or name.
func (w *World) application(tenantID, app string) (directory.Application, error) {
	if found, err := w.dir.Application(tenantID, app); err == nil {
		return found, nil
	}
	tenant, err := w.dir.Tenant(tenantID)
	if err != nil {
		return directory.Application{}, refused("", err)
	}
	var found []directory.Application
	var known []string
	for _, one := range tenant.Applications {
		known = append(known, one.Name)
		if one.Name == app {
			found = append(found, one)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return directory.Application{}, notFound("", wording.Unknown(app, known, "farm: no application %q", app))
	}
	return directory.Application{}, &control.Error{Status: http.StatusConflict, Message: fmt.Sprintf("farm: %d applications are called %q: name one by its client id", len(found), app)}
}

func describeApplication(tenant string, app directory.Application) control.Application {
	return control.Application{Name: app.Name, Tenant: tenant, ClientID: app.ClientID, ObjectID: app.ObjectID, Credentials: append([]directory.Credential{}, app.Credentials...)}
}

// AddApplication makes an application in the world's own tenant.
func (w *World) AddApplication(spec control.ApplicationSpec) (control.Application, error) {
	tenant := w.tenant()
	app, err := w.dir.AddApplication(tenant, directory.Application{
		Name: spec.Name, NoServicePrincipal: spec.NoServicePrincipal, Credentials: spec.Credentials,
	})
	if err != nil {
		return control.Application{}, refused("application", err)
	}
	return describeApplication(tenant, app), nil
}

// RemoveApplication takes an application of the world's own tenant away, by its client id or name, with what points to
// it in the tenant. Of two callers, one finds it gone.
func (w *World) RemoveApplication(app string) error {
	tenant := w.tenant()
	found, err := w.application(tenant, app)
	if err != nil {
		return err
	}
	_, err = w.dir.Change(tenant, func(t *directory.Tenant) error {
		for i := range t.Applications {
			if t.Applications[i].ObjectID == found.ObjectID {
				graph.RemoveApplication(t, &t.Applications[i])
				return nil
			}
		}
		return fmt.Errorf("farm: application %q: %w", app, directory.ErrNotFound)
	})
	return refused("application", err)
}

// AddCredential gives an application of the world's own tenant a federated identity credential. Here and below, app is
// the client id or the name of an application, or else of a managed identity.
func (w *World) AddCredential(app string, c directory.Credential) (directory.Credential, error) {
	tenant, client, err := w.client(app)
	if err != nil {
		return directory.Credential{}, err
	}
	c, err = w.dir.AddCredential(tenant, client, c)
	return c, refused("credential", err)
}

// UpdateCredential changes a federated identity credential in place.
func (w *World) UpdateCredential(app, name string, c directory.Credential) (directory.Credential, error) {
	tenant, client, err := w.client(app)
	if err != nil {
		return directory.Credential{}, err
	}
	c, err = w.dir.UpdateCredential(tenant, client, name, c)
	return c, refused("credential", err)
}

// RemoveCredential takes a federated identity credential away.
func (w *World) RemoveCredential(app, name string) error {
	tenant, client, err := w.client(app)
	if err != nil {
		return err
	}
	return refused("credential", w.dir.RemoveCredential(tenant, client, name))
}

// client is the id of a client of the world's own tenant, given that, or the name of an application or a managed
// identity.
func (w *World) client(app string) (tenant, id string, err error) {
	tenant = w.tenant()
	id, err = w.clientID(tenant, app)
	return tenant, id, err
}

// clientID is the id of a client of a tenant, given that, or the name of an application or a managed identity. Whether
// there is such a client, if it is given the id, is for others to say.
func (w *World) clientID(tenantID, app string) (string, error) {
	found, err := w.application(tenantID, app)
	if err == nil {
		return found.ClientID, nil
	}
	if directory.IsGUID(app) {
		return app, nil
	}
	tenant, gone := w.dir.Tenant(tenantID)
	if gone != nil {
		return "", err
	}
	var ids []string
	for _, m := range tenant.ManagedIdentities {
		if m.Name == app {
			ids = append(ids, m.ClientID)
		}
	}
	switch len(ids) {
	case 0:
		return "", err
	case 1:
		return ids[0], nil
	}
	return "", &control.Error{Status: http.StatusConflict, Message: fmt.Sprintf("farm: %d managed identities are called %q: name one by its client id", len(ids), app)}
}
