package harness

import (
	"fmt"
	"slices"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// App is an application in the farm's tenant. Its methods are for any goroutine.
type App struct {
	ClientID string
	ObjectID string
	farm     *Farm
}

// AddApp adds an application with federated identity credentials to the farm's tenant. A credential without audiences
// gets the cloud's for token exchange. A name that the tenant has already is an error: FindApp finds that one.
func (f *Farm) AddApp(name string, credentials ...Credential) (*App, error) {
	return change(f, func() (*App, error) {
		spec := control.ApplicationSpec{Name: name, Credentials: slices.Clone(credentials)} // they may be the caller's slice
		for i := range spec.Credentials {
			if err := f.addAudience(&spec.Credentials[i]); err != nil {
				return nil, err
			}
		}
		app, err := f.world.AddApplication(spec)
		if err != nil {
			return nil, err
		}
		return &App{ClientID: app.ClientID, ObjectID: app.ObjectID, farm: f}, nil
	})
}

// addAudience gives a credential without audiences the cloud's.
func (f *Farm) addAudience(c *Credential) error {
	if len(c.Audiences) > 0 {
		return nil
	}
	audience, err := directory.ExchangeAudience(f.cloud())
	c.Audiences = []string{audience}
	return err
}

// FindApp finds an application of the farm's tenant by its name or client id: of WithTenants, added by AddApp, or made
// by the code under test. It is an error if there is none, or more than one.
func (f *Farm) FindApp(name string) (*App, error) {
	found, err := f.world.Application(name)
	if err != nil {
		return nil, fmt.Errorf("harness: %w", err)
	}
	return &App{ClientID: found.ClientID, ObjectID: found.ObjectID, farm: f}, nil
}

// AddCredential gives the application another federated identity credential, and returns it with its id. Without
// audiences it gets the cloud's for token exchange.
func (a *App) AddCredential(c Credential) (Credential, error) {
	return change(a.farm, func() (Credential, error) {
		if err := a.farm.addAudience(&c); err != nil {
			return Credential{}, err
		}
		return a.farm.world.AddCredential(a.ClientID, c)
	})
}

// UpdateCredential changes the federated identity credential of that name in place: what is not empty in c takes the
// place of what was there.
func (a *App) UpdateCredential(name string, c Credential) (Credential, error) {
	return change(a.farm, func() (Credential, error) { return a.farm.world.UpdateCredential(a.ClientID, name, c) })
}

// RemoveCredential takes the federated identity credential of that name away.
func (a *App) RemoveCredential(name string) error {
	_, err := change(a.farm, func() (any, error) { return nil, a.farm.world.RemoveCredential(a.ClientID, name) })
	return err
}

// Credentials are the application's federated identity credentials.
func (a *App) Credentials() ([]Credential, error) {
	app, err := a.farm.world.Application(a.ClientID)
	if err != nil {
		return nil, fmt.Errorf("harness: %w", err)
	}
	return app.Credentials, nil
}

// Remove takes the application out of the tenant, with what points to it. It can be removed once.
func (a *App) Remove() error {
	_, err := change(a.farm, func() (any, error) { return nil, a.farm.world.RemoveApplication(a.ClientID) })
	return err
}
