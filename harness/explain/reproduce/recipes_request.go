package reproduce

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// requestRecipes are about the request: its form, tenant, scope and resource.
var requestRecipes = map[int]recipe{
	900561: func(d *draft) error {
		d.good()
		method := d.take("received", "", "GET")
		if accepted := d.whole("accepted"); accepted != "" {
			d.take("accepted", "", "")
		}
		d.printed["accepted"] = "POST, OPTIONS"
		d.exchange.set("method", method)
		return nil
	},
	9002313: func(d *draft) error {
		d.good()
		d.assume("the text does not say what is malformed; here the scope is sent twice")
		d.parameters("scope", []string{"https://graph.microsoft.com/.default", "https://vault.azure.net/.default"})
		return nil
	},
	70003: func(d *draft) error {
		d.good()
		d.parameters("grant_type", d.take("grant", "", "urn:ietf:params:oauth:grant-type:token-exchange"))
		return nil
	},
	900144: func(d *draft) error {
		d.good()
		switch name := d.take("name", "", "client_id"); name {
		case "grant_type", "client_id", "scope", "client_assertion_type":
			d.parameters(name, nil)
		case "resource":
			d.exchange.set("version", "v1")
			d.parameters(name, nil)
		default:
			return fmt.Errorf("the emulator asks for grant_type, client_id, scope, resource and client_assertion_type, never for %q", name)
		}
		return nil
	},
	901002: func(d *draft) error {
		d.good()
		d.parameters("resource", "https://graph.microsoft.com")
		return nil
	},
	7000216: func(d *draft) error {
		d.good()
		d.parameters("client_assertion", nil, "client_assertion_type", nil)
		return nil
	},

	90002: func(d *draft) error {
		d.good()
		tenant := d.take("tenant", d.tenant, foreignTenant)
		if tenant == directory.ZeroGUID || !directory.IsGUID(tenant) && !directory.IsDomain(tenant) {
			return fmt.Errorf("the tenant %q is neither a GUID nor a domain name, for which the emulator answers AADSTS900023", tenant)
		}
		if strings.EqualFold(tenant, "contoso.onmicrosoft.com") {
			d.inTenant(someTenant, "Fabrikam")
		}
		d.exchange.set("tenant", tenant)
		return nil
	},
	900023: func(d *draft) error {
		d.good()
		d.exchange.set("tenant", d.take("tenant", d.tenant, "TENANT_ID"))
		return nil
	},
	900021: func(d *draft) error {
		d.good()
		d.exchange.set("tenant", d.take("tenant", "", directory.ZeroGUID))
		return nil
	},
	50059:   signInAt("common"),
	9001023: signInAt("consumers"),
	900382: func(d *draft) error {
		d.good()
		host := "login.microsoftonline.us"
		if d.cloud == "usgov" {
			host = "login.microsoftonline.com"
		}
		d.assume("the text does not say which clouds; here the tenant is in %s, and the login host is %s", cmp.Or(d.cloud, "public"), host)
		d.exchange.set("host", host)
		return nil
	},
	99027: func(d *draft) error {
		d.good()
		policy := d.take("policy", "", "B2C_1A_Demo_ClientCredentialsFlow")
		d.entra.set("b2cPolicies", []string{policy})
		d.exchange.set("policy", policy)
		return nil
	},
	50049: func(d *draft) error {
		d.good()
		d.mint = nil
		d.assume("the text does not say which authority; here it is login.contoso.example")
		d.call = of(
			"url", "https://login.microsoftonline.com/common/discovery/instance?api-version=1.1&authorization_endpoint=https://login.contoso.example/common/oauth2/v2.0/authorize",
			"token", "")
		return nil
	},

	70011: func(d *draft) error {
		d.good()
		d.exchange.set("scope", d.take("scope", "", "https://management.azure.com/.default https://storage.azure.com/.default"))
		return nil
	},
	1002012: func(d *draft) error {
		d.good()
		d.exchange.set("scope", d.take("scope", "", "https://graph.microsoft.com/User.Read.All"))
		return nil
	},
	500011: func(d *draft) error {
		d.good()
		d.inTenant(d.tenant, d.take("tenant", "", "Contoso"))
		resource := d.take("resource", "", "api://orders")
		if strings.Contains(resource, " ") { // which parts scopes
			d.exchange.set("version", "v1")
			d.exchange.set("resource", resource)
		} else {
			d.exchange.set("scope", resource+"/.default")
		}
		return nil
	},
	500014: func(d *draft) error {
		d.good()
		resource := d.take("resource", "", "api://orders")
		app := of("displayName", "orders", "disabled", true)
		if directory.IsGUID(resource) {
			app.set("clientId", resource)
		} else {
			app.set("identifierUris", []string{resource})
		}
		d.entra.set("applications", []*object{app})
		d.exchange.set("scope", resource+"/.default")
		return nil
	},
}

func signInAt(tenant string) recipe {
	return func(d *draft) error {
		d.good()
		d.exchange.set("tenant", tenant)
		return nil
	}
}

// clientRecipes are about the application, and what the tenant demands of it.
var clientRecipes = map[int]recipe{
	700016: func(d *draft) error {
		d.good()
		d.inTenant(d.tenant, d.take("tenant", "", "Contoso"))
		clientID := d.take("clientId", d.client, someGUID)
		if d.entra.value("clientId") == clientID {
			d.entra.set("clientId", someIdentity)
		}
		d.exchange.set("clientId", clientID)
		return nil
	},
	700038: func(d *draft) error {
		d.good()
		if id := d.take("clientId", "", directory.ZeroGUID); id != directory.ZeroGUID {
			return fmt.Errorf("the emulator answers it for the all-zero GUID only, and AADSTS700016 for %q", id)
		}
		d.exchange.set("clientId", directory.ZeroGUID)
		return nil
	},
	7000112: func(d *draft) error {
		d.good()
		d.application()
		d.entra.set("disabled", true)
		return nil
	},
	7000229: func(d *draft) error {
		d.good()
		d.application()
		d.inTenant(d.take("tenantId", d.tenant, someTenant), "")
		d.entra.set("servicePrincipal", false)
		return nil
	},
	700025: func(d *draft) error {
		d.good()
		d.entra.set("public", true)
		return nil
	},
	100007: func(d *draft) error {
		d.good()
		d.assume("the text does not say which region; here it is westeurope")
		d.exchange.set("host", "westeurope.login.microsoft.com")
		return nil
	},
	7000215: func(d *draft) error {
		d.good()
		clientID := d.take("clientId", d.client, someGUID)
		if directory.IsGUID(clientID) {
			d.entra.set("clientId", clientID)
		} else {
			return fmt.Errorf("the client id %q is no GUID, for which the emulator answers AADSTS700016", clientID)
		}
		d.parameters("client_secret", "not-a-secret", "client_assertion", nil, "client_assertion_type", nil)
		return nil
	},
	70025: func(d *draft) error {
		p := d.signIn(presented{})
		d.mend(p)
		if len(d.credentials) > 0 {
			d.assume("the credential of the inputs is left out: the refusal says that the application has none")
		}
		d.application()
		return nil
	},

	700223: func(d *draft) error {
		d.good()
		d.inTenant(d.take("tenantId", d.tenant, someTenant), "")
		d.entra.set("policies", of("federationDisabled", true))
		return nil
	},
	7002381: func(d *draft) error {
		// Entra prints a slash that the issuer does not have.
		printed := d.take("issuer", "", "https://token.actions.githubusercontent.com/")
		iss := strings.TrimSuffix(printed, "/")
		d.printed["issuer"] = iss + "/"
		actual := d.take("actual", d.claim("enterprise"), "")
		values := quoted.FindAllStringSubmatch(d.take("values", "", "'avocado-corp' or 'avocado-labs'"), -1)
		if len(values) == 0 {
			return fmt.Errorf("the text does not say which enterprises are wanted")
		}
		var enterprises []string
		for _, v := range values {
			enterprises = append(enterprises, v[1])
		}
		d.printed["values"] = inWords(enterprises)
		if slices.Contains(enterprises, actual) {
			return fmt.Errorf("the enterprise %q is among those wanted", actual)
		}
		p := d.signIn(presented{iss: iss})
		o := d.from
		if actual == "" {
			o.claims = merged(o.claims, map[string]any{"enterprise": nil})
		} else {
			o.claims = merged(o.claims, map[string]any{"enterprise": actual})
		}
		d.setIssuer(o)
		d.trust(d.accepting(p))
		d.entra.set("policies", of("githubEnterprises", enterprises))
		return nil
	},
	53003: func(d *draft) error {
		d.good()
		d.assume("the text does not say which policy; here it blocks everywhere but from 192.0.2.0/24")
		d.entra.set("policies", of("conditionalAccess", []*object{of("displayName", "Block workloads", "excludeLocations", []string{"192.0.2.0/24"})}))
		return nil
	},
	501051: func(d *draft) error {
		d.good()
		d.application()
		id := d.take("resourceId", "", someIdentity)
		d.entra.set("applications", []*object{of("displayName", d.take("resourceName", "", "orders"), "clientId", id, "appRoleAssignmentRequired", true)})
		d.exchange.set("scope", id+"/.default")
		return nil
	},
}

// application names the application as the message does.
func (d *draft) application() {
	if strings.Contains(d.row.Message, "{appId}") {
		id := d.take("appId", d.client, someGUID)
		d.entra.set("clientId", id)
	}
	if strings.Contains(d.row.Message, "{appDisplayName}") {
		d.entra.set("app", d.take("appDisplayName", "", "deployer"))
	}
}

// inWords lists values as Entra does.
func inWords(values []string) string {
	out := "'" + strings.Join(values, "', '") + "'"
	if i := strings.LastIndex(out, "', '"); i >= 0 {
		out = out[:i] + "' or '" + out[i+len("', '"):]
	}
	return out
}
