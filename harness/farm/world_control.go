package farm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// errNotBuilt is for what is being built.
var errNotBuilt = errors.New("farm: not built yet")

// Worlds describes the worlds, the default one first.
func (s *Server) Worlds() []control.World {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]control.World, 0, len(s.worlds))
	for _, w := range s.worlds {
		all = append(all, w.Describe())
	}
	slices.SortFunc(all, func(a, b control.World) int {
		if (a.ID == control.DefaultWorld) != (b.ID == control.DefaultWorld) {
			if a.ID == control.DefaultWorld {
				return -1
			}
			return 1
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all
}

// Applications lists the applications of the world's first tenant.
func (w *World) Applications() []control.Application {
	tenant, err := w.dir.Tenant(w.tenant)
	all := []control.Application{}
	if err != nil {
		return all
	}
	for _, app := range tenant.Applications {
		all = append(all, w.describeApplication(app))
	}
	return all
}

// Application finds an application of the world's first tenant by its client id or name.
func (w *World) Application(app string) (control.Application, error) {
	var found []control.Application
	for _, one := range w.Applications() {
		if strings.EqualFold(one.ClientID, app) {
			return one, nil
		}
		if one.Name == app {
			found = append(found, one)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return control.Application{}, &control.Error{Status: http.StatusNotFound, Message: fmt.Sprintf("farm: no application %q", app)}
	}
	return control.Application{}, &control.Error{Status: http.StatusConflict, Message: fmt.Sprintf("farm: %d applications are called %q: name one by its client id", len(found), app)}
}

// RemoveApplication takes an application of the world's first tenant away.
func (w *World) RemoveApplication(string) error { return errNotBuilt }

func (w *World) describeApplication(app directory.Application) control.Application {
	return control.Application{Name: app.Name, Tenant: w.tenant, ClientID: app.ClientID, ObjectID: app.ObjectID, Credentials: app.Credentials}
}

// SignIn asks Entra for an access token, as a client does.
func (w *World) SignIn(context.Context, control.SignInSpec) (control.SignedIn, error) {
	return control.SignedIn{}, errNotBuilt
}

// Workloads lists the workloads of the world without their environments.
func (w *World) Workloads() []control.Workload { return nil }

// Workload describes a workload with its environment.
func (w *World) Workload(string) (control.Workload, error) { return control.Workload{}, errNotBuilt }

// ApplyDirectory puts a directory file in the place of the directory.
func (w *World) ApplyDirectory(string, []byte) (directory.File, error) {
	return directory.File{}, errNotBuilt
}
