package entra

import (
	"net/http"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

func checkMethod(x *exchange, c *Check) *Error {
	c.Want, c.Got = http.MethodPost, x.method
	if x.method != http.MethodPost {
		return refuse(900561, "accepted", "POST, OPTIONS", "received", x.method)
	}
	return nil
}

func checkForm(x *exchange, c *Check) *Error {
	if c.Note = x.bad; x.bad != "" {
		return refuse(9002313)
	}
	return nil
}

func checkTenant(x *exchange, c *Check) *Error {
	c.Got = x.tenant
	x.view = x.server.directory.View(x.tenant, x.now)
	x.app = x.view.Client(x.form.clientID)
	if x.view.Tenant == nil {
		switch alias := strings.ToLower(x.tenant); alias {
		case "common", "consumers", "organizations":
			if x.form.grantType == string(oidc.GrantTypeClientCredentials) && x.form.assertion == "" && x.form.clientSecret == "" {
				return refuse(7000216) // reported to come before the tenant
			}
			if alias == "consumers" {
				return refuse(9001023)
			}
			return refuse(50059)
		}
		return unknownTenant(x.tenant)
	}
	c.Want = x.view.Tenant.ID
	x.signIn.TenantID = x.view.Tenant.ID
	if x.base.of != nil && x.base.of != x.view.Cloud {
		c.Note = "the tenant is in the cloud " + x.view.Cloud.Name + ", " + x.base.url + " in " + x.base.of.Name
		return refuse(900382)
	}
	return nil
}

// unknownTenant is the refusal for a tenant that is not in the directory.
func unknownTenant(tenant string) *Error {
	if tenant == directory.ZeroGUID {
		return refuse(900021, "tenant", tenant)
	}
	if directory.IsGUID(tenant) || directory.IsDomain(tenant) {
		return refuse(90002, "tenant", tenant)
	}
	return refuse(900023, "tenant", tenant)
}

func checkGrantType(x *exchange, c *Check) *Error {
	c.Want, c.Got = string(oidc.GrantTypeClientCredentials), x.form.grantType
	switch x.form.grantType {
	case c.Want:
		return nil
	case "":
		return refuse(900144, "name", "grant_type")
	}
	return refuse(70003, "grant", x.form.grantType)
}

func checkParameters(x *exchange, c *Check) *Error {
	f := &x.form
	switch {
	case f.resource != "" && !x.v1:
		return refuse(901002)
	case f.clientID == "":
		return refuse(900144, "name", "client_id")
	case f.scope == "" && !x.v1:
		return refuse(900144, "name", "scope")
	case f.resource == "" && x.v1:
		c.Note = "the v1.0 endpoint wants a resource; that Entra answers this code is inferred"
		return refuse(900144, "name", "resource")
	case f.assertion != "" && f.assertionType == "":
		return refuse(900144, "name", "client_assertion_type")
	case f.assertion != "" && f.assertionType != oidc.ClientAssertionTypeJWTAssertion:
		c.Want, c.Got = oidc.ClientAssertionTypeJWTAssertion, f.assertionType
		c.Note = "Entra's answer to another assertion type is not known"
		return refuse(9002313)
	}
	return nil
}

func checkCredentialPresented(x *exchange, c *Check) *Error {
	switch {
	case x.form.assertion != "":
		x.signIn.CredentialType = CredentialAssertion
	case x.form.clientSecret != "" || x.basic:
		x.signIn.CredentialType = CredentialSecret
	default:
		x.signIn.CredentialType = CredentialNone
		return refuse(7000216)
	}
	return nil
}

// checkB2C refuses assertions at a policy of a B2C tenant, which knows client secrets only. The policies of a tenant that has none are no
// routes: see [Server.serveToken].
func checkB2C(x *exchange, c *Check) *Error {
	c.Got = x.policy
	if x.policy == "" || x.form.assertion == "" {
		return nil
	}
	return refuse(99027, "policy", x.policy)
}
