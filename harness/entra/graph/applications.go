package graph

import (
	"net/http"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

func listApplications(c *call) (*answer, error) {
	if err := c.need(readers...); err != nil {
		return nil, err
	}
	t, err := c.tenant()
	if err != nil {
		return nil, err
	}
	var all []object
	for i := range t.Applications {
		all = append(all, applicationEntity(t, &t.Applications[i]))
	}
	example := applicationEntity(t, &directory.Application{UniqueName: "x", IdentifierURIs: []string{""}, AppRoles: make([]directory.AppRole, 1)})
	return c.collection("applications", applicationType, example.overlay(map[string]any{"description": "", "notes": ""}), all)
}

func getApplication(c *call) (*answer, error) {
	if err := c.need(readers...); err != nil {
		return nil, err
	}
	t, err := c.tenant()
	if err != nil {
		return nil, err
	}
	a, bad := findApplication(t, c.vars["app"])
	if bad != nil {
		return nil, bad
	}
	return c.entity(http.StatusOK, "applications", applicationType, applicationEntity(t, a))
}

func createApplication(c *call) (*answer, error) {
	if err := c.need(applicationReadWrite, applicationOwnedBy); err != nil {
		return nil, err
	}
	return c.newApplication(c.body)
}

// newApplication creates an application. Whoever creates it owns it, unless the body names owners.
func (c *call) newApplication(body map[string]any) (*answer, error) {
	a := directory.Application{ClientID: c.guid(), ObjectID: c.guid(), ServicePrincipalID: c.guid(), NoServicePrincipal: true, Created: c.now().UTC()}
	if name, _ := body["displayName"].(string); name == "" {
		return nil, valueRequired("displayName", "Application")
	}
	var entity object
	err := c.change(func(t *directory.Tenant) error {
		owners, bad := boundOwners(t, body, c.bearer.ObjectID)
		if bad == nil {
			bad = setApplication(t, &a, body, c.isBeta())
		}
		if bad != nil {
			return bad
		}
		setOwners(&a, owners)
		t.Applications = append(t.Applications, a)
		entity = applicationEntity(t, &a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	entity[entity.index("createdDateTime")].value = a.Created.Format("2006-01-02T15:04:05.0000000Z07:00")
	got, err := c.entity(http.StatusCreated, "applications", applicationType, entity)
	if err == nil {
		got.location = c.location("directoryObjects/" + a.ObjectID + "/Microsoft.DirectoryServices.Application")
	}
	return got, err
}

// location is where the header of that name says a new object is; seen in recordings.
func (c *call) location(path string) string { return c.root + "/v2/" + c.bearer.TenantID + "/" + path }

// boundOwners reads owners@odata.bind.
func boundOwners(t *directory.Tenant, body map[string]any, caller string) ([]string, *refusal) {
	bound, given := body["owners@odata.bind"]
	if !given {
		return []string{caller}, nil
	}
	urls, ok := stringValues(bound)
	if !ok {
		return nil, invalidValue("owners", "Application")
	}
	var ids []string
	for _, url := range urls {
		id, bad := referenced(t, url)
		if bad != nil {
			return nil, bad
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// referenced is the id of a service principal in a URL such as https://graph.microsoft.com/v1.0/directoryObjects/{id}.
func referenced(t *directory.Tenant, url string) (string, *refusal) {
	path, bad := normalize(url)
	if bad != nil {
		return "", bad
	}
	id := path[strings.LastIndex(path, "/")+1:]
	if !directory.IsGUID(id) {
		return "", invalidRequest("Invalid object identifier '%s'.", id)
	}
	p := principalByID(t, id)
	if p == nil {
		return "", notFound(id)
	}
	return p.id, nil
}

func updateApplication(c *call) (*answer, error) {
	if err := c.need(applicationReadWrite, applicationOwnedBy); err != nil {
		return nil, err
	}
	missing := false
	err := c.change(func(t *directory.Tenant) error {
		a, bad := findApplication(t, c.vars["app"])
		if bad != nil {
			missing = bad.status == http.StatusNotFound
			return bad
		}
		if err := c.mayWrite(a); err != nil {
			return err
		}
		if bad := setApplication(t, a, c.body, c.isBeta()); bad != nil {
			return bad
		}
		return nil
	})
	if name, key := splitKey(c.vars["app"]); missing && name == "uniqueName" && c.prefers("create-if-missing") {
		c.body["uniqueName"] = key
		return c.newApplication(c.body)
	}
	if err != nil {
		return nil, err
	}
	return &answer{status: http.StatusNoContent}, nil
}

func deleteApplication(c *call) (*answer, error) {
	err := c.changeApplication(func(t *directory.Tenant, a *directory.Application) *refusal {
		RemoveApplication(t, a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &answer{status: http.StatusNoContent}, nil
}

// RemoveApplication takes an application out of its tenant, with what points to its service principal.
func RemoveApplication(t *directory.Tenant, a *directory.Application) {
	id := a.ObjectID
	forget(t, a.ServicePrincipalID)
	t.Applications = slices.DeleteFunc(t.Applications, func(other directory.Application) bool { return other.ObjectID == id })
}

func listOwners(c *call) (*answer, error) {
	if err := c.need(readers...); err != nil {
		return nil, err
	}
	t, err := c.tenant()
	if err != nil {
		return nil, err
	}
	a, bad := findApplication(t, c.vars["app"])
	if bad != nil {
		return nil, bad
	}
	return c.directoryObjects(t, owners(a))
}

// directoryObjects answers service principals by id, each with its type.
func (c *call) directoryObjects(t *directory.Tenant, ids []string) (*answer, error) {
	all := []object{}
	for _, id := range ids {
		if p := principalByID(t, id); p != nil {
			all = append(all, append(object{{"@odata.type", "#" + principalType}}, p.entity(t)...))
		}
	}
	return c.collection("directoryObjects", "microsoft.graph.directoryObject", examplePrincipal(t), all)
}

func addOwner(c *call) (*answer, error) {
	return c.changeOwners(func(t *directory.Tenant, a *directory.Application) *refusal {
		url, _ := c.body["@odata.id"].(string)
		id, bad := referenced(t, url)
		if bad != nil {
			return bad
		}
		if owns(a, id) {
			return invalidRequest("One or more added object references already exist for the following modified properties: 'owners'.")
		}
		setOwners(a, append(owners(a), id))
		return nil
	})
}

func removeOwner(c *call) (*answer, error) {
	return c.changeOwners(func(_ *directory.Tenant, a *directory.Application) *refusal {
		if !owns(a, c.vars["owner"]) {
			return notFound(c.vars["owner"])
		}
		setOwners(a, slices.DeleteFunc(owners(a), func(id string) bool { return strings.EqualFold(id, c.vars["owner"]) }))
		return nil
	})
}

func (c *call) changeOwners(change func(*directory.Tenant, *directory.Application) *refusal) (*answer, error) {
	if err := c.changeApplication(change); err != nil {
		return nil, err
	}
	return &answer{status: http.StatusNoContent}, nil
}
