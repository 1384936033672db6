package reproduce

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// entraRecipes are about tokens that Entra itself has issued. Here the scenario's issuer makes them, under Entra's name:
// every one of these refusals comes before a signature is looked at.
var entraRecipes = map[int]recipe{
	700222: func(d *draft) error {
		d.ofTenant("", nil)
		d.identity()
		d.entra.set("managedIdentities", []*object{of("name", "worker", "principalId", someIdentity), of("name", "deployer-identity", "credentials", []*object{d.worker()})})
		d.assume("the text does not say who signs in; here a managed identity does, which never accepts tokens of Entra")
		d.exchange.set("identity", "deployer-identity")
		return nil
	},
	700226: func(d *draft) error {
		d.ofTenant("", nil)
		d.assume("the text does not say whose token it is; here it is that of an application")
		return nil
	},
	700227: func(d *draft) error {
		aud := d.take("aud", d.claim("aud"), "https://management.azure.com")
		if audience, _ := directory.ExchangeAudience(d.cloud); aud == audience || aud == directory.ExchangeAppID {
			return fmt.Errorf("the audience %q is that of token exchange, which Entra takes", aud)
		}
		d.ofTenant(aud, nil)
		return nil
	},
	700229: func(d *draft) error {
		d.ofTenant("", map[string]any{"idtyp": "user", "scp": "user_impersonation"})
		return nil
	},
	700231: func(d *draft) error {
		d.ofTenant("", map[string]any{"oid": someIdentity, "xms_ficinfo": "CAAQABgAIAAoAjAB"})
		d.identity()
		return nil
	},
	700236: func(d *draft) error {
		iss := d.take("issuer", d.claim("iss"), "https://login.microsoftonline.com/"+foreignTenant+"/v2.0")
		tenant := tenantOf(iss)
		if tenant == "" {
			return fmt.Errorf("the issuer %q is none of a tenant of Entra", iss)
		}
		d.inTenant(otherThan(tenant), "")
		d.byEntra(iss, "", nil)
		return nil
	},
	700238: func(d *draft) error {
		iss := d.take("issuer", d.claim("iss"), "https://login.microsoftonline.us/"+foreignTenant+"/v2.0")
		u, err := url.Parse(iss)
		if err != nil || tenantOf(iss) == "" {
			return fmt.Errorf("the issuer %q is none of a tenant of Entra", iss)
		}
		cloud, _ := directory.CloudOfHost(strings.ToLower(u.Hostname()))
		if cloud != nil && (d.cloud == "" || d.cloud == cloud.Name) {
			d.cloud = ""
			if cloud.Name == "public" {
				d.cloud = "usgov"
			}
			d.assume("the text does not say the cloud of the application; here it is %s", map[string]string{"": "public", "usgov": "usgov"}[d.cloud])
		}
		d.inTenant(otherThan(tenantOf(iss)), "")
		d.byEntra(iss, "", nil)
		return nil
	},
	700263: func(d *draft) error {
		sub := d.take("sub", d.claim("sub"), someIdentity)
		d.application()
		d.inTenant(someTenant, "")
		d.byEntra(someTenantURL, "", map[string]any{"sub": sub})
		d.entra.set("credentials", []*object{
			of("name", "worker-v1", "issuer", "https://sts.windows.net/"+someTenant+"/", "subject", sub),
			of("name", "worker-v2", "issuer", someTenantURL, "subject", sub),
		})
		return nil
	},
	700214: func(d *draft) error {
		audience := d.take("audience", "", "api://AzureADTokenExchange")
		for _, cloud := range []string{"public", "usgov", "china"} {
			if of, _ := directory.ExchangeAudience(cloud); of == audience {
				d.cloud = cloud
			}
		}
		if of, _ := directory.ExchangeAudience(d.cloud); of != audience {
			return fmt.Errorf("the audience %q is that of no cloud", audience)
		}
		d.ofTenant(directory.ExchangeAppID, nil)
		c := d.worker()
		c.set("audiences", []string{directory.ExchangeAppID})
		d.trust(c)
		d.madeUp("has the audience's GUID")
		return nil
	},
	7002121: func(d *draft) error {
		aud := d.take("aud", d.claim("aud"), "https://management.azure.com/")
		if audience, _ := directory.ExchangeAudience(d.cloud); aud == audience || aud == directory.ExchangeAppID {
			return fmt.Errorf("the audience %q is that of token exchange, for which the emulator answers AADSTS700214", aud)
		}
		d.ofTenant(aud, nil)
		d.trust(d.worker())
		d.assume("the emulator answers it for tokens of Entra alone; here it is one of a managed identity")
		return nil
	},
}

// ofTenant presents a token that the application's own tenant has issued to a managed identity, for an audience, and
// has the application trust it. Empty: for token exchange.
func (d *draft) ofTenant(aud string, claims map[string]any) {
	tenant := someTenant
	if directory.IsGUID(d.tenant) {
		tenant = d.tenant
	}
	d.inTenant(tenant, "")
	login, _ := directory.LoginURL(d.cloud)
	d.byEntra(login+"/"+tenant+"/v2.0", aud, claims)
}

// byEntra presents a token with an issuer that is Entra's.
func (d *draft) byEntra(iss, aud string, claims map[string]any) {
	sub, _ := claims["sub"].(string)
	if sub == "" {
		sub = someIdentity
	}
	d.claims, d.subjects = nil, nil // what else is known is of another token, or says the same
	p := d.signIn(presented{iss: iss, sub: sub, aud: aud})
	c := of("name", "worker", "issuer", p.iss, "subject", p.sub)
	if aud != "" {
		c.set("audiences", []string{aud})
	}
	d.trust(c)
	o := d.from
	o.claims = merged(o.claims, claims)
	o.claims["iss"] = iss
	d.setIssuer(o)
}

// worker is the credential for the managed identity.
func (d *draft) worker() *object {
	return of("name", "worker", "issuer", d.iss, "subject", someIdentity)
}

// identity puts the managed identity into the tenant.
func (d *draft) identity() {
	d.entra.set("subscriptions", []*object{of("displayName", "Pay-As-You-Go", "resourceGroups", []*object{of("name", "app")})})
	d.entra.set("managedIdentities", []*object{of("name", "worker", "principalId", someIdentity)})
}

// tenantOf is the tenant of an issuer of Entra's; empty: it is none.
func tenantOf(iss string) string {
	u, err := url.Parse(iss)
	if err != nil || !ofEntra(iss) {
		return ""
	}
	tenant, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if !directory.IsGUID(tenant) {
		return ""
	}
	return tenant
}

// otherThan is a tenant that is not this one.
func otherThan(tenant string) string {
	if strings.EqualFold(tenant, someTenant) {
		return foreignTenant
	}
	return someTenant
}
