package graph

import (
	"net/http"
	"slices"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// application finds, for reading, the application that a path names.
func (c *call) application() (*directory.Application, error) {
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
	return a, nil
}

func listCredentials(c *call) (*answer, error) {
	a, err := c.application()
	if err != nil {
		return nil, err
	}
	return c.credentials("applications('"+a.ObjectID+"')/federatedIdentityCredentials", a.Credentials)
}

func (c *call) credentials(context string, credentials []directory.Credential) (*answer, error) {
	if !c.isBeta() && c.directory.Options().GraphFlexibleBreaks {
		if i := slices.IndexFunc(credentials, func(cr directory.Credential) bool { return cr.Matching != "" }); i >= 0 {
			return c.brokenOff(context, credentials[:i+1])
		}
	}
	all := make([]object, len(credentials))
	for i, cr := range credentials {
		all[i] = credentialEntity(cr, c.isBeta())
	}
	return c.collection(context, credentialType, exampleCredential(c.isBeta()), all)
}

// brokenOff is a listing whose last credential has an expression, as v1.0 answered it from 2024-12 to 2025-09: status
// 200, and an error in the middle of the JSON (Azure/azure-workload-identity#373,
// microsoftgraph/msgraph-sdk-python#1359).
func (c *call) brokenOff(context string, credentials []directory.Credential) (*answer, error) {
	raw := []byte(`{"@odata.context":"` + c.base + "/$metadata#" + context + `","value":[`)
	for i, cr := range credentials {
		entity := credentialEntity(cr, false)
		last := i == len(credentials)-1
		if last {
			entity = entity[:entity.index("subject")]
		}
		encoded, err := encode(entity)
		if err != nil {
			return nil, err
		}
		if last {
			raw = append(raw, encoded[:len(encoded)-1]...) // without the brace
		} else {
			raw = append(append(raw, encoded...), ',')
		}
	}
	failure, err := encode(c.errorBody("InternalServerError", "The property 'subject[Nullable=False]' of type 'Edm.String' has a null value, which is not allowed."))
	if err != nil {
		return nil, err
	}
	return &answer{status: http.StatusOK, raw: append(raw, failure...)}, nil
}

func getCredential(c *call) (*answer, error) {
	a, err := c.application()
	if err != nil {
		return nil, err
	}
	i, bad := findCredential(a.Credentials, c.vars["credential"])
	if bad != nil {
		return nil, bad
	}
	return c.entity(http.StatusOK, "applications('"+a.ObjectID+"')/federatedIdentityCredentials", credentialType, credentialEntity(a.Credentials[i], c.isBeta()))
}

// changeApplication changes the application of the path, for callers that may.
func (c *call) changeApplication(change func(*directory.Tenant, *directory.Application) *refusal) error {
	if err := c.need(applicationReadWrite, applicationOwnedBy); err != nil {
		return err
	}
	return c.change(func(t *directory.Tenant) error {
		a, bad := findApplication(t, c.vars["app"])
		if bad != nil {
			return bad
		}
		if err := c.mayWrite(a); err != nil {
			return err
		}
		if bad := change(t, a); bad != nil {
			return bad
		}
		return nil
	})
}

func createCredential(c *call) (*answer, error) { return c.newCredential(c.body) }

func (c *call) newCredential(body map[string]any) (*answer, error) {
	cr, options := directory.Credential{ID: c.guid()}, c.directory.Options()
	var owner string
	err := c.changeApplication(func(t *directory.Tenant, a *directory.Application) *refusal {
		owner = a.ObjectID
		if bad := setCredential(&cr, body, c.isBeta()); bad != nil {
			return bad
		}
		if bad := validateCredential(t, &cr, nil, a.Credentials, options); bad != nil {
			return bad
		}
		a.Credentials = append(a.Credentials, cr)
		return nil
	})
	if err != nil {
		return nil, err
	}
	got, err := c.entity(http.StatusCreated, "applications('"+owner+"')/federatedIdentityCredentials", credentialType, credentialEntity(cr, c.isBeta()))
	if err == nil {
		got.location = c.location("federatedIdentityCredentials/" + cr.ID)
	}
	return got, err
}

// updateCredential changes a credential, or creates it: PATCH …(name='x') with Prefer: create-if-missing.
func updateCredential(c *call) (*answer, error) {
	missing, options := false, c.directory.Options()
	err := c.changeApplication(func(t *directory.Tenant, a *directory.Application) *refusal {
		i, bad := findCredential(a.Credentials, c.vars["credential"])
		if bad != nil {
			missing = bad.status == http.StatusNotFound
			return bad
		}
		changed := a.Credentials[i]
		if bad := setCredential(&changed, c.body, c.isBeta()); bad != nil {
			return bad
		}
		if changed.Name != a.Credentials[i].Name {
			return invalidCredential("Name is immutable and cannot be changed after creation.") // reported without its body
		}
		others := slices.Delete(slices.Clone(a.Credentials), i, i+1)
		if bad := validateCredential(t, &changed, &a.Credentials[i], others, options); bad != nil {
			return bad
		}
		a.Credentials[i] = changed
		return nil
	})
	if key, name := splitKey(c.vars["credential"]); missing && key == "name" && c.prefers("create-if-missing") {
		if given, isSet := c.body["name"]; isSet && given != name {
			return nil, invalidValue("name", credentialResource)
		}
		c.body["name"] = name
		return c.newCredential(c.body)
	}
	if err != nil {
		return nil, err
	}
	return &answer{status: http.StatusNoContent}, nil
}

// deleteCredential takes any If-Match: a credential has no ETag.
func deleteCredential(c *call) (*answer, error) {
	err := c.changeApplication(func(_ *directory.Tenant, a *directory.Application) *refusal {
		i, bad := findCredential(a.Credentials, c.vars["credential"])
		if bad == nil {
			a.Credentials = slices.Delete(a.Credentials, i, i+1)
		}
		return bad
	})
	if err != nil {
		return nil, err
	}
	return &answer{status: http.StatusNoContent}, nil
}

// principalCredentials are what the relationship of a service principal shows: those of a managed identity.
func principalCredentials(p *principal) []directory.Credential {
	if p.identity == nil {
		return nil
	}
	return p.identity.Credentials
}

func listPrincipalCredentials(c *call) (*answer, error) {
	_, p, err := c.principal(readers...)
	if err != nil {
		return nil, err
	}
	return c.credentials("servicePrincipals('"+p.id+"')/federatedIdentityCredentials", principalCredentials(p))
}

func getPrincipalCredential(c *call) (*answer, error) {
	_, p, err := c.principal(readers...)
	if err != nil {
		return nil, err
	}
	credentials := principalCredentials(p)
	i, bad := findCredential(credentials, c.vars["credential"])
	if bad != nil {
		return nil, bad
	}
	return c.entity(http.StatusOK, "servicePrincipals('"+p.id+"')/federatedIdentityCredentials", credentialType, credentialEntity(credentials[i], c.isBeta()))
}
