package entra

import "github.com/issuerd/issuerd/harness/entra/directory"

func checkApplication(x *exchange, c *Check) *Error {
	c.Got = x.form.clientID
	tenant := x.view.Tenant
	switch {
	case x.form.clientID == directory.ZeroGUID:
		return refuse(700038, "clientId", x.form.clientID)
	case x.app == nil:
		return refuse(700016, "clientId", x.form.clientID, "tenant", tenant.DisplayName)
	}
	c.Want = x.app.ClientID
	x.signIn.AppName, x.signIn.ServicePrincipalID, x.signIn.ManagedIdentity = x.app.Name, x.app.ServicePrincipalID, x.app.Identity != nil
	switch {
	case x.app.Disabled:
		return refuse(7000112, "appId", x.app.ClientID, "appDisplayName", x.app.Name)
	case x.app.NoServicePrincipal:
		return refuse(7000229, "appId", x.app.ClientID, "tenantId", tenant.ID)
	case x.app.Public:
		return refuse(700025)
	}
	return nil
}

// checkRegion refuses applications at regional hosts, which are for managed identities and for Microsoft's own services
// with a certificate of a trusted name, which is not emulated. That a managed identity may present a federated
// credential there is inferred from the words of AADSTS100007, and so is the place of this check.
func checkRegion(x *exchange, c *Check) *Error {
	if c.Got = x.base.url; !x.base.regional {
		return nil
	}
	if x.app.Identity != nil {
		c.Note = "a regional host serves managed identities; that it does with a federated credential is inferred"
		return nil
	}
	c.Want = "https://" + x.view.Cloud.Login
	return refuse(100007)
}

// checkSecret refuses secrets: no application has one. A secret beside an
// assertion is refused too; what Entra does then is not known.
func checkSecret(x *exchange, _ *Check) *Error {
	if x.form.clientSecret != "" || x.basic {
		return refuse(7000215, "clientId", x.form.clientID)
	}
	return nil
}
