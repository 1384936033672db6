package entra_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

const identityName = "builder"

// v2Issuer is the issuer of a tenant's v2.0 tokens.
func v2Issuer(tenantID string) string {
	return "https://login.microsoftonline.com/" + tenantID + "/v2.0"
}

const foreignTenant = "11111111-2222-3333-4444-555555555555"

// addIdentity gives the tenant a managed identity, and the application credentials that trust it.
func (r *rig) addIdentity(credentials ...directory.Credential) directory.ManagedIdentity {
	r.t.Helper()
	r.change(func(t *directory.Tenant) {
		t.Subscriptions = []directory.Subscription{{DisplayName: "Production", ResourceGroups: []directory.ResourceGroup{{Name: "app"}}}}
		t.ManagedIdentities = []directory.ManagedIdentity{{Name: identityName}}
	})
	identity := r.tenant.ManagedIdentities[0]
	for _, c := range credentials {
		if c.Subject == "" {
			c.Subject = identity.PrincipalID
		}
		if c.Issuer == "" {
			c.Issuer = v2Issuer(r.tenant.ID)
		}
		if c.Audiences == nil {
			c.Audiences = []string{exchangeAudience}
		}
		r.addCredential(r.app, c)
	}
	return identity
}

// identityToken is a managed identity's token for a resource.
func (r *rig) identityToken(resource string) string {
	r.t.Helper()
	token, _, err := r.server.ManagedIdentityToken(r.tenant.ID, r.tenant.ManagedIdentities[0].ClientID, resource)
	if err != nil {
		r.t.Fatal(err)
	}
	return token
}

// present sends an assertion in a good request.
func (r *rig) present(assertion string) *http.Request {
	return formRequest(tokenURL, r.params(assertion, nil).Encode())
}

// trusting presents the managed identity's token for a resource to an application that trusts it so.
func trusting(resource string, credentials ...directory.Credential) func(*rig) *http.Request {
	return func(r *rig) *http.Request {
		r.addIdentity(credentials...)
		return r.present(r.identityToken(resource))
	}
}

// forAudiences presents a token of Entra's for several audiences, which it never makes.
func forAudiences(audiences ...string) func(*rig) *http.Request {
	return func(r *rig) *http.Request {
		identity := r.addIdentity(directory.Credential{Name: "identity", Audiences: []string{"https://management.azure.com/"}})
		return r.present(asEntra(r, r.claims(map[string]any{
			"iss": v2Issuer(r.tenant.ID), "sub": identity.PrincipalID, "oid": identity.PrincipalID, "tid": r.tenant.ID, "aud": audiences,
		})))
	}
}

// asEntra signs claims with the key of this server's tokens.
func asEntra(r *rig, claims map[string]any) string {
	keys := r.do(getRequest("https://login.microsoftonline.com/" + r.tenant.ID + "/discovery/v2.0/keys"))
	kid := keys.body["keys"].([]any)[0].(map[string]any)["kid"].(string)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: entraKey(), KeyID: kid}}, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	jws, err := signer.Sign(mustJSON(claims))
	if err != nil {
		r.t.Fatal(err)
	}
	compact, err := jws.CompactSerialize()
	if err != nil {
		r.t.Fatal(err)
	}
	return compact
}

func getRequest(url string) *http.Request {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		panic(err)
	}
	return req
}

// accessToken signs in, which must work, and returns the token.
func (r *rig) accessToken(claims map[string]any, params map[string]string) string {
	r.t.Helper()
	got := r.post(tokenURL, r.params(r.issuer.mint(r.claims(claims)), params))
	token, _ := got.body["access_token"].(string)
	if token == "" {
		r.t.Fatal(got.raw)
	}
	return token
}

var exchangeScope = map[string]string{"scope": exchangeAudience + "/.default"}

// entraRefusals present tokens of Entra.
var entraRefusals = []refusal{
	{name: "token of another tenant", code: 700236, oauth: "invalid_client", status: 401, claims: map[string]any{"iss": v2Issuer(foreignTenant)},
		text: "Entra ID tokens issued by issuer '" + v2Issuer(foreignTenant) + "' may not be used for federated identity credential flows for applications or managed identities registered in this tenant.",
		prepare: func(r *rig) {
			r.addCredential(r.app, directory.Credential{Name: "entra", Issuer: v2Issuer(foreignTenant), Subject: mainSubject, Audiences: []string{exchangeAudience}})
		}},
	{name: "issuer of no tenant", code: 700222, oauth: "invalid_client", status: 401, claims: map[string]any{"iss": "https://login.microsoftonline.com/common/v2.0"},
		text: "AAD-issued tokens may not be used for federated identity flows.", prepare: func(r *rig) {
			r.addCredential(r.app, directory.Credential{Name: "entra", Issuer: "https://login.microsoftonline.com/common/v2.0", Subject: mainSubject, Audiences: []string{exchangeAudience}})
		}},
	{name: "managed identity trusts another", code: 700222, oauth: "invalid_client", status: 401, request: func(r *rig) *http.Request {
		identity := r.addIdentity()
		r.change(func(t *directory.Tenant) {
			t.ManagedIdentities[0].Credentials = []directory.Credential{{Name: "other", Issuer: v2Issuer(r.tenant.ID), Subject: identity.PrincipalID, Audiences: []string{exchangeAudience}}}
		})
		return formRequest(tokenURL, r.params(r.identityToken(exchangeAudience), map[string]string{"client_id": identity.ClientID}).Encode())
	}},
	{name: "token of another cloud", code: 700238, oauth: "invalid_client", status: 401, claims: map[string]any{"iss": "https://login.microsoftonline.us/" + foreignTenant + "/v2.0"},
		prepare: func(r *rig) {
			r.addCredential(r.app, directory.Credential{Name: "gov", Issuer: "https://login.microsoftonline.us/" + foreignTenant + "/v2.0", Subject: mainSubject, Audiences: []string{exchangeAudience}})
		}, text: "Federated identity credentials issued by 'https://login.microsoftonline.us/" + foreignTenant + "/v2.0' are not supported for applications or managed identities registered in this tenant."},
	{name: "application's token", code: 700226, oauth: "invalid_client", status: 401, text: "Only MSI tokens may be used as Federated Identity Credentials for AAD issuer.",
		request: func(r *rig) *http.Request {
			r.addIdentity(directory.Credential{Name: "app", Subject: r.app.ServicePrincipalID})
			return r.present(r.accessToken(nil, exchangeScope))
		}},
	{name: "user's token", code: 700229, oauth: "invalid_client", status: 401, text: "Forbidden token type. Only app-only tokens may be used as Federated Identity Credentials for AAD issuer.",
		request: func(r *rig) *http.Request {
			r.addIdentity(directory.Credential{Name: "user", Subject: "a user"})
			return r.present(asEntra(r, r.claims(map[string]any{"iss": v2Issuer(r.tenant.ID), "sub": "a user", "scp": "User.Read", "tid": r.tenant.ID})))
		}},
	{name: "user's token without scopes", code: 700229, oauth: "invalid_client", status: 401, request: func(r *rig) *http.Request {
		r.addIdentity(directory.Credential{Name: "user", Subject: "a user"})
		return r.present(asEntra(r, r.claims(map[string]any{"iss": v2Issuer(r.tenant.ID), "sub": "a user", "idtyp": "user", "tid": r.tenant.ID})))
	}},
	{name: "managed identity by way of a federated credential", code: 700231, oauth: "invalid_client", status: 401,
		text: "Token obtained using another federated identity credential may not be used as federated identity credential.",
		request: func(r *rig) *http.Request {
			identity := r.addIdentity(directory.Credential{Name: "identity"})
			r.change(func(t *directory.Tenant) {
				t.ManagedIdentities[0].Credentials = []directory.Credential{{Name: "cluster", Issuer: r.issuer.url, Subject: "pod", Audiences: []string{exchangeAudience}}}
			})
			return r.present(r.accessToken(map[string]any{"sub": "pod"}, map[string]string{"client_id": identity.ClientID, "scope": exchangeAudience + "/.default"}))
		}},
	{name: "managed identity's token for a resource", code: 7002121, oauth: "invalid_client", status: 401,
		request: func(r *rig) *http.Request {
			r.addIdentity(directory.Credential{Name: "identity", Issuer: "https://sts.windows.net/" + r.tenant.ID + "/"})
			return r.present(r.identityToken("https://management.azure.com/"))
		},
		text: "No matching federated identity record found for presented assertion audience 'https://management.azure.com/'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. " + federationGuide},
	{name: "a resource's audience in the credential", code: 700227, oauth: "invalid_client", status: 401, text: "Forbidden token audience 'https://management.azure.com/'.",
		request: func(r *rig) *http.Request {
			r.addIdentity(directory.Credential{Name: "identity", Issuer: "https://sts.windows.net/" + r.tenant.ID + "/", Audiences: []string{"https://management.azure.com/"}})
			return r.present(r.identityToken("https://management.azure.com/"))
		}},
	{name: "exchange by its GUID", code: 700214, oauth: "invalid_client", status: 401,
		request: trusting(exchangeAudience, directory.Credential{Name: "identity", Audiences: []string{"fb60f99c-7a34-4190-8149-302f77469936"}}),
		says:    []string{"'" + exchangeAudience + "'"}},
	{name: "audience of one credential, subject of another", code: 700213, oauth: "invalid_client", status: 401,
		request: trusting(exchangeAudience, directory.Credential{Name: "identity", Audiences: []string{"https://management.azure.com/"}},
			directory.Credential{Name: "another", Subject: foreignTenant})},
	{name: "several audiences", code: 7002121, oauth: "invalid_client", status: 401, request: forAudiences("a", "b"), says: []string{"audience 'a,b'."}},
	{name: "several audiences, one in the credential", code: 700227, oauth: "invalid_client", status: 401,
		request: forAudiences("https://management.azure.com/", "b"), says: []string{"Forbidden token audience 'https://management.azure.com/,b'."}},
	{name: "both issuers of a tenant", code: 700263, oauth: "invalid_client", status: 401, request: func(r *rig) *http.Request {
		r.addIdentity(directory.Credential{Name: "identity-v2"}, directory.Credential{Name: "identity-v1", Issuer: "https://sts.windows.net/" + r.tenant.ID + "/"})
		return r.present(r.identityToken(exchangeAudience))
	}, says: []string{
		"More than one federated identity credential of application '7335381d-1e3b-58b9-baf5-039768330adc' has the subject '4919613a-81a8-5e31-ad00-2e1b0073be96'.",
	}},
	{name: "another identity", code: 700213, oauth: "invalid_client", status: 401, request: trusting(exchangeAudience, directory.Credential{Name: "identity", Subject: foreignTenant})},
	{name: "forged token of Entra", code: 7000274, oauth: "invalid_client", status: 401, request: func(r *rig) *http.Request {
		r.addIdentity(directory.Credential{Name: "identity"})
		token := r.identityToken(exchangeAudience)
		return r.present(token[:strings.LastIndex(token, ".")+1] + "AAAA")
	}},
	{name: "token of Entra with another key", code: 7000272, oauth: "invalid_client", status: 401, request: func(r *rig) *http.Request {
		identity := r.addIdentity(directory.Credential{Name: "identity"})
		return r.present(r.issuer.mint(r.claims(map[string]any{"iss": v2Issuer(r.tenant.ID), "sub": identity.PrincipalID, "oid": identity.PrincipalID, "tid": r.tenant.ID})))
	}},
	{name: "expired token of Entra", code: 700024, oauth: "invalid_client", status: 401, request: func(r *rig) *http.Request {
		identity := r.addIdentity(directory.Credential{Name: "identity"})
		now := r.clock().Unix()
		return r.present(asEntra(r, map[string]any{
			"iss": v2Issuer(r.tenant.ID), "sub": identity.PrincipalID, "oid": identity.PrincipalID, "aud": exchangeAudience, "iat": now - 7200, "exp": now - 3600,
			"tid": r.tenant.ID,
		}))
	}},
	{name: "token of Entra of two tenants", code: 700236, oauth: "invalid_client", status: 401, request: func(r *rig) *http.Request {
		identity := r.addIdentity(directory.Credential{Name: "identity"})
		return r.present(asEntra(r, r.claims(map[string]any{
			"iss": v2Issuer(r.tenant.ID), "sub": identity.PrincipalID, "oid": identity.PrincipalID, "tid": foreignTenant,
		})))
	}, says: []string{"Entra ID tokens issued by issuer 'https://login.microsoftonline.com/"}},
}

// TestManagedIdentityAsCredential signs an application in with a managed identity's token, at both kinds of address.
func TestManagedIdentityAsCredential(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	// Of the others, one has the subject at another issuer, and one the tenant's other issuer with another subject.
	identity := r.addIdentity(directory.Credential{Name: "identity"}, directory.Credential{Name: "elsewhere", Issuer: "https://elsewhere.example"},
		directory.Credential{Name: "another", Issuer: "https://sts.windows.net/" + r.tenant.ID + "/", Subject: foreignTenant})
	got := r.do(r.present(r.identityToken(exchangeAudience)))
	if got.status != http.StatusOK || got.signIn.Credential != "identity" || len(got.signIn.Fetched) != 0 {
		t.Errorf("body %s, fetched %v", got.raw, got.signIn.Fetched)
	}
	if got.signIn.Subject != identity.PrincipalID || got.signIn.ManagedIdentity || got.signIn.ServicePrincipalID != r.app.ServicePrincipalID {
		t.Errorf("sign-in %+v", got.signIn)
	}
	if n := r.issuer.count(); n != 0 {
		t.Errorf("%d requests to an issuer", n)
	}
}

// TestManagedIdentityToken reads the tokens that a managed identity gets on its host.
func TestManagedIdentityToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	identity := r.addIdentity()
	const mirid = "/resourcegroups/app/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + identityName
	for _, tt := range []struct{ resource, audience, version, issuer string }{
		{exchangeAudience, "fb60f99c-7a34-4190-8149-302f77469936", "2.0", v2Issuer(r.tenant.ID)},
		{"https://management.azure.com/", "https://management.azure.com/", "1.0", "https://sts.windows.net/" + r.tenant.ID + "/"},
	} {
		token, expires, err := r.server.ManagedIdentityToken("contoso.onmicrosoft.com", identity.ClientID, tt.resource)
		if err != nil {
			t.Fatal(err)
		}
		_, payload, claims := (&answer{body: map[string]any{"access_token": token}}).token(t)
		if claims["aud"] != tt.audience || claims["ver"] != tt.version || claims["iss"] != tt.issuer || claims["idtyp"] != "app" ||
			claims["sub"] != identity.PrincipalID || claims["oid"] != identity.PrincipalID || claims["exp"] != float64(start.Add(24*time.Hour).Unix()) {
			t.Errorf("%s: %s", tt.resource, payload)
		}
		if id, _ := claims["xms_mirid"].(string); !strings.HasSuffix(id, mirid) || claims["xms_ficinfo"] != nil {
			t.Errorf("%s: xms_mirid %q, xms_ficinfo %v", tt.resource, id, claims["xms_ficinfo"])
		}
		if !expires.Equal(start.Add(24 * time.Hour)) {
			t.Errorf("%s: expires %v", tt.resource, expires)
		}
	}
	var refusal *entra.Error
	if _, _, err := r.server.ManagedIdentityToken(r.tenant.ID, identity.ClientID, "api://nowhere"); !errors.As(err, &refusal) || refusal.Code != 500011 {
		t.Errorf("unknown resource: %v", err)
	}
	for _, tt := range [][2]string{{"fabrikam.onmicrosoft.com", identity.ClientID}, {r.tenant.ID, r.app.ClientID}, {r.tenant.ID, foreignTenant}} {
		if _, _, err := r.server.ManagedIdentityToken(tt[0], tt[1], exchangeAudience); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("%v: %v, want not found", tt, err)
		}
	}
}

// TestIdentitySignsIn is a managed identity with a federated credential of its own, as on AKS.
func TestIdentitySignsIn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	identity := r.addIdentity()
	r.change(func(tenant *directory.Tenant) {
		tenant.ManagedIdentities[0].Credentials = []directory.Credential{{Name: "cluster", Issuer: r.issuer.url, Subject: "pod", Audiences: []string{exchangeAudience}}}
		tenant.Policies.ConditionalAccess = []directory.ConditionalAccess{{Name: "applications only"}}
	})
	got := r.post(tokenURL, r.params(r.issuer.mint(r.claims(map[string]any{"sub": "pod"})), map[string]string{"client_id": identity.ClientID}))
	_, payload, claims := got.token(t)
	if claims["appid"] != identity.ClientID || claims["oid"] != identity.PrincipalID || claims["xms_ficinfo"] != nil || got.body["expires_in"] != 86399.0 {
		t.Errorf("expires_in %v, %s", got.body["expires_in"], payload)
	}
	if !got.signIn.ManagedIdentity || got.signIn.CredentialType != entra.CredentialFederated || got.signIn.ConditionalAccess != "notApplied" {
		t.Errorf("sign-in %+v", got.signIn)
	}
}

// TestRecordOfTokensOfEntra: the record has what was wanted of a token of Entra's, and what came.
func TestRecordOfTokensOfEntra(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	checks := r.do(forAudiences("a", "b")(r)).signIn.Checks
	want := entra.Check{Name: "audience and subject", Want: exchangeAudience, Got: "a, b", Code: 7002121, Compared: []entra.Comparison{
		{Credential: "identity", Field: entra.FieldAudience, Claim: "aud", Want: "https://management.azure.com/", Got: "a, b"},
	}}
	if diff := cmp.Diff(want, checks[len(checks)-1]); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	r = newRig(t)
	identity := r.addIdentity(directory.Credential{Name: "identity"})
	checks = r.do(r.present(asEntra(r, r.claims(map[string]any{
		"iss": v2Issuer(r.tenant.ID), "sub": identity.PrincipalID, "oid": identity.PrincipalID, "tid": foreignTenant,
	})))).signIn.Checks
	if last := checks[len(checks)-1]; last.Want != r.tenant.ID || last.Got != foreignTenant {
		t.Errorf("recorded %+v, want that %s was wanted and %s came", last, r.tenant.ID, foreignTenant)
	}
}
