package entra

import (
	"slices"
	"strings"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// sharedIssuerV1 begins the v1.0 issuer of every tenant; that of the China cloud is not confirmed.
const sharedIssuerV1 = "https://sts.windows.net/"

// entraSubject begins the subjects that Entra makes for agents and service connections:
// /eid1/c/pub/t/TENANT/a/APPLICATION/…
const entraSubject = "/eid1/c/pub/t/"

// namelessSubject returns such a subject as AADSTS7002137 prints it, with {tenantId} in the place of the encoded
// tenant, and whether it is one.
func namelessSubject(subject string) (string, bool) {
	below, ok := strings.CutPrefix(subject, entraSubject)
	_, rest, hasRest := strings.Cut(below, "/")
	return entraSubject + "{tenantId}/" + rest, ok && hasRest
}

// entraIssuer is what an issuer that is Entra's says.
type entraIssuer struct {
	tenant string           // its id; "": the issuer is none of a tenant
	cloud  *directory.Cloud // nil: any
}

// issuedByEntra takes an issuer apart, and says whether it is Entra's: on one of Microsoft's
// hosts, or below the URL that was called.
func (x *exchange) issuedByEntra(issuer string) (entraIssuer, bool) {
	below, isHere := strings.CutPrefix(issuer, x.base.url+"/")
	if !isHere || x.base.cloud != nil {
		rest, isHTTPS := strings.CutPrefix(issuer, "https://")
		host, path, _ := strings.Cut(rest, "/")
		c, _ := directory.CloudOfHost(hostname(strings.ToLower(host)))
		if !isHTTPS || c == nil {
			return entraIssuer{}, false
		}
		if strings.HasPrefix(issuer, sharedIssuerV1) {
			c = nil
		}
		tenant, rest, _ := strings.Cut(path, "/")
		if !directory.IsGUID(tenant) || rest != "v2.0" && rest != "" {
			tenant = ""
		}
		return entraIssuer{tenant, c}, true
	}
	tenant, rest, _ := strings.Cut(below, "/")
	return entraIssuer{tenant: tenant}, directory.IsGUID(tenant) && rest == "v2.0"
}

// checkEntraToken is about assertions that Entra itself has issued. Since 2024-12 applications accept those of
// user-assigned managed identities of their tenant. Every refusal is known from reports, their order is inferred.
func checkEntraToken(x *exchange, c *Check) *Error {
	issuer := x.assertion.issuer
	c.Got = issuer
	from, is := x.issuedByEntra(issuer)
	if !is {
		return nil
	}
	if _, made := namelessSubject(x.assertion.subject); made {
		c.Note = "a service connection's or an agent's token; its keys are those that the issuer publishes"
		return nil
	}
	tenant := x.view.Tenant
	c.Want = "a token of the tenant " + tenant.ID
	switch {
	case from.tenant == "":
		return refuse(700222)
	case x.lacking&theTenant != 0: // so the token is taken for one of the application's tenant
		c.Want, c.Unknown = "a token of the application's tenant", theTenant.String()
	case from.cloud != nil && from.cloud != x.view.Cloud:
		return refuse(700238, "issuer", issuer)
	case !strings.EqualFold(from.tenant, tenant.ID):
		return refuse(700236, "issuer", issuer)
	case x.app.Identity != nil:
		c.Note = "Microsoft documents that managed identities do not accept Entra's tokens"
		return refuse(700222)
	case x.hasBothIssuers():
		return refuse(700263, "appId", x.app.ClientID, "sub", x.assertion.subject)
	}
	x.byEntra = true
	return nil
}

// checkEntraTokenKind is about what kind of token one of Entra's is, once audience and subject have matched.
func checkEntraTokenKind(x *exchange, c *Check) *Error {
	if !x.byEntra {
		return nil
	}
	if x.lacking&theToken != 0 {
		c.Unknown = theToken.String()
		return nil
	}
	claims := x.assertion.claims
	c.Want = "a managed identity's token, obtained on its host"
	if _, delegated := claims["scp"]; delegated || claims["idtyp"] == "user" {
		return refuse(700229)
	}
	if x.lacking&theDirectory != 0 {
		c.Unknown = theDirectory.String()
		return nil
	}
	oid, _ := claims["oid"].(string)
	if c.Got = oid; !slices.ContainsFunc(x.view.Tenant.ManagedIdentities, func(m directory.ManagedIdentity) bool { return strings.EqualFold(m.PrincipalID, oid) }) {
		return refuse(700226)
	}
	if _, chained := claims["xms_ficinfo"]; chained {
		return refuse(700231)
	}
	if tenant, _ := claims["tid"].(string); !strings.EqualFold(tenant, x.view.Tenant.ID) {
		c.Want, c.Got = x.view.Tenant.ID, tenant
		c.Note = "tid is not the issuer's tenant, which Entra's own tokens never have; the code is inferred"
		return refuse(700236, "issuer", x.assertion.issuer)
	}
	return nil
}

// hasBothIssuers says whether the application trusts the assertion's subject under both issuers of the tenant.
func (x *exchange) hasBothIssuers() bool {
	subjects := 0
	for _, c := range x.app.Credentials {
		if _, is := x.issuedByEntra(c.Issuer); is && c.Subject == x.assertion.subject {
			subjects++
		}
	}
	return subjects > 1
}

// matchEntraAudience is matchAudience for a token of Entra, which names token exchange by its application id where the
// credential has the URI.
func matchEntraAudience(x *exchange, c *Check) *Error {
	got, exchange := x.assertion.audiences, x.view.Cloud.Audience
	c.Want, c.Got = exchange, strings.Join(got, ", ")
	forExchange := slices.Contains(got, directory.ExchangeAppID) || slices.Contains(got, exchange)
	var matching []*directory.Credential
	for _, credential := range x.candidates {
		audience := credential.Audiences[0]
		equal := forExchange && audience == exchange || !forExchange && slices.Contains(got, audience)
		if x.compare(c, credential, Comparison{Field: FieldAudience, Claim: "aud", Want: audience, Got: c.Got, Equal: equal}) {
			matching = append(matching, credential)
		}
	}
	switch {
	case forExchange && len(matching) == 0:
		return refuse(700214, "audience", exchange)
	case len(matching) == 0:
		return refuse(7002121, "aud", strings.Join(got, ","))
	case !forExchange && x.lacking&theAudience == 0:
		return refuse(700227, "aud", strings.Join(got, ","))
	}
	x.candidates = matching
	return nil
}

// ownKeys are the keys with which assertions that this server has issued are verified. Nothing is fetched for them.
func (x *exchange) ownKeys() (*issuerKeys, error) {
	key, err := x.server.key.get()
	if err != nil {
		return nil, err
	}
	public := &jose.JSONWebKey{Key: key.signer.Public().Key, KeyID: key.id, Algorithm: string(jose.RS256)}
	return &issuerKeys{byID: map[string]*jose.JSONWebKey{key.id: public}, fetchedAt: x.now}, nil
}
