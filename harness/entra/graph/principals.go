package graph

import (
	"net/http"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

func listPrincipals(c *call) (*answer, error) {
	if err := c.need(readers...); err != nil {
		return nil, err
	}
	t, err := c.tenant()
	if err != nil {
		return nil, err
	}
	var all []object
	for _, p := range principals(t) {
		all = append(all, p.entity(t))
	}
	return c.collection("servicePrincipals", principalType, examplePrincipal(t), all)
}

// principal finds the service principal that a path names, for callers with one of the permissions.
func (c *call) principal(permissions ...string) (*directory.Tenant, *principal, error) {
	if err := c.need(permissions...); err != nil {
		return nil, nil, err
	}
	t, err := c.tenant()
	if err != nil {
		return nil, nil, err
	}
	p, bad := findPrincipal(t, c.vars["principal"])
	if bad != nil {
		return nil, nil, bad
	}
	return t, p, nil
}

func getPrincipal(c *call) (*answer, error) {
	t, p, err := c.principal(readers...)
	if err != nil {
		return nil, err
	}
	return c.entity(http.StatusOK, "servicePrincipals", principalType, p.entity(t))
}

func createPrincipal(c *call) (*answer, error) { return c.newPrincipal(c.body) }

func (c *call) newPrincipal(body map[string]any) (*answer, error) {
	if err := c.need(applicationReadWrite, applicationOwnedBy); err != nil {
		return nil, err
	}
	clientID, _ := body["appId"].(string)
	switch {
	case clientID == "":
		return nil, valueRequired("appId", "ServicePrincipal")
	case !directory.IsGUID(clientID):
		return nil, invalidValue("appId", "ServicePrincipal")
	}
	var entity object
	var id string
	err := c.change(func(t *directory.Tenant) error {
		if findWhere(t, func(p principal) bool { return strings.EqualFold(p.clientID, clientID) }) != nil {
			return refuse(http.StatusConflict, codeMultipleObjects,
				"The service principal cannot be created, updated, or restored because the service principal name %s is already in use.", clientID)
		}
		i := slices.IndexFunc(t.Applications, func(a directory.Application) bool { return strings.EqualFold(a.ClientID, clientID) })
		if i < 0 {
			return invalidRequest("The appId '%s' of the service principal does not reference a valid application object.", clientID)
		}
		a := &t.Applications[i]
		if err := c.mayWrite(a); err != nil {
			return err
		}
		a.NoServicePrincipal, a.ServicePrincipalID = false, c.guid()
		if bad := setPrincipal(a, body); bad != nil {
			return bad
		}
		id = a.ServicePrincipalID
		entity = principalByID(t, id).entity(t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	got, err := c.entity(http.StatusCreated, "servicePrincipals", principalType, entity)
	if err == nil {
		got.location = c.location("directoryObjects/" + id + "/Microsoft.DirectoryServices.ServicePrincipal")
	}
	return got, err
}

// writablePrincipal finds, in a change, the application behind the service principal that a path names.
func (c *call) writablePrincipal(t *directory.Tenant) (*directory.Application, error) {
	p, bad := findPrincipal(t, c.vars["principal"])
	if bad != nil {
		return nil, bad
	}
	if p.app == nil {
		return nil, denied() // of Azure's and of Microsoft's own
	}
	return p.app, c.mayWrite(p.app)
}

func updatePrincipal(c *call) (*answer, error) {
	if err := c.need(applicationReadWrite, applicationOwnedBy); err != nil {
		return nil, err
	}
	missing := false
	err := c.change(func(t *directory.Tenant) error {
		if _, bad := findPrincipal(t, c.vars["principal"]); bad != nil {
			missing = bad.status == http.StatusNotFound
			return bad
		}
		a, err := c.writablePrincipal(t)
		if err != nil {
			return err
		}
		if bad := setPrincipal(a, c.body); bad != nil {
			return bad
		}
		return nil
	})
	if name, key := splitKey(c.vars["principal"]); missing && name == "appId" && c.prefers("create-if-missing") {
		c.body["appId"] = key
		return c.newPrincipal(c.body)
	}
	if err != nil {
		return nil, err
	}
	return &answer{status: http.StatusNoContent}, nil
}

func deletePrincipal(c *call) (*answer, error) {
	if err := c.need(applicationReadWrite, applicationOwnedBy); err != nil {
		return nil, err
	}
	err := c.change(func(t *directory.Tenant) error {
		a, err := c.writablePrincipal(t)
		if err != nil {
			return err
		}
		forget(t, a.ServicePrincipalID)
		a.NoServicePrincipal, a.Disabled, a.AssignmentRequired, a.AppRoleAssignments = true, false, false, nil
		delete(a.Properties, principalProperties)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &answer{status: http.StatusNoContent}, nil
}

// listPrincipalOwners answers the owners of the application: those of the service principal itself are not kept apart
// here.
func listPrincipalOwners(c *call) (*answer, error) {
	t, p, err := c.principal(readers...)
	if err != nil {
		return nil, err
	}
	if p.app == nil {
		return c.directoryObjects(t, nil)
	}
	return c.directoryObjects(t, owners(p.app))
}

// getByIDs answers the directory objects with the ids in the body; those that there are not are left out.
func getByIDs(c *call) (*answer, error) {
	if err := c.need(readers...); err != nil {
		return nil, err
	}
	t, err := c.tenant()
	if err != nil {
		return nil, err
	}
	ids, ok := stringValues(c.body["ids"])
	if !ok {
		return nil, invalidValue("ids", "DirectoryObject")
	}
	return c.directoryObjects(t, ids)
}

func getDirectoryObject(c *call) (*answer, error) {
	if err := c.need(readers...); err != nil {
		return nil, err
	}
	t, err := c.tenant()
	if err != nil {
		return nil, err
	}
	id := c.vars["object"]
	if !directory.IsGUID(id) {
		return nil, invalidRequest("Invalid object identifier '%s'.", id)
	}
	if p := principalByID(t, id); p != nil {
		return c.entity(http.StatusOK, "directoryObjects", principalType, append(object{{"@odata.type", "#" + principalType}}, p.entity(t)...))
	}
	a, bad := findApplication(t, id)
	if bad != nil {
		return nil, bad
	}
	return c.entity(http.StatusOK, "directoryObjects", applicationType,
		append(object{{"@odata.type", "#" + applicationType}}, applicationEntity(t, a)...))
}

// getDeleted finds nothing: what is deleted here is gone at once.
func getDeleted(c *call) (*answer, error) {
	if err := c.need(readers...); err != nil {
		return nil, err
	}
	return nil, notFound(c.vars["object"])
}
