package harness

import "github.com/issuerd/issuerd/harness/entra/directory"

// Tenants is the directory as it is now, the farm's own tenant first. It is a copy.
func (f *Farm) Tenants() []Tenant { return f.world.Directory().Tenants }

// ApplyDirectory puts a directory file, as issuerd serve --directory reads, in the place of the farm's directory. Its
// first tenant is the farm's own from then on: AddApp, FindApp and Env are about that one, and applications from before
// may have gone. The error has a line for each problem of the file, under the given name.
func (f *Farm) ApplyDirectory(name string, src []byte) error {
	_, err := change(f, func() (directory.File, error) { return f.world.ApplyDirectory(name, src) })
	return err
}

// tenant is the id of the farm's own tenant.
func (f *Farm) tenant() string { return f.world.Describe().Tenant }

// cloud is that of the farm's own tenant.
func (f *Farm) cloud() string { return f.Tenants()[0].Cloud } // there is always one
