package entra

import (
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

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

// checkB2C refuses assertions at a policy of a B2C tenant, which knows client secrets only. The policies of a tenant
// that has none are no routes: see [Server.serveToken].
func checkB2C(x *exchange, c *Check) *Error {
	c.Got = x.policy
	if x.policy == "" || x.form.assertion == "" {
		return nil
	}
	return refuse(99027, "policy", x.policy)
}
