package entra_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

const github = "https://token.actions.githubusercontent.com"

// change changes the rig's tenant.
func (r *rig) change(change func(*directory.Tenant)) {
	r.t.Helper()
	t, err := r.dir.Change(r.tenant.ID, func(t *directory.Tenant) error {
		change(t)
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.tenant = t
	for _, a := range t.Applications {
		if a.ClientID == r.app.ClientID {
			r.app = a
		}
	}
}

// set changes the rig's application.
func set(change func(*directory.Application)) func(*rig) {
	return func(r *rig) { r.change(func(t *directory.Tenant) { change(&t.Applications[0]) }) }
}

func demand(p directory.Policies) func(*rig) {
	return func(r *rig) { r.change(func(t *directory.Tenant) { t.Policies = p }) }
}

// fromGitHub makes the rig's issuer GitHub.
func fromGitHub(r *rig) {
	r.issuer.url = github
	r.issuer.discovery = r.issuer.document(nil)
	r.addCredential(r.app, directory.Credential{Name: "github", Issuer: github, Subject: mainSubject, Audiences: []string{exchangeAudience}})
}

// flexible gives the application a flexible credential for GitHub, and nothing else.
func flexible(matching string) func(*rig) {
	return func(r *rig) {
		fromGitHub(r)
		set(func(a *directory.Application) {
			a.Credentials = []directory.Credential{{Name: "flexible", Issuer: github, Matching: matching, Audiences: []string{exchangeAudience}}}
		})(r)
	}
}

const (
	anyBranch    = "claims['sub'] matches 'repo:contoso/web:ref:refs/heads/*' and claims['repository_id'] eq '74'"
	subjectGuide = "Please check your federated identity credential Subject, Expression, Audience and Issuer against the presented assertion. " + federationGuide
)

// policyRefusals are about what an application and its tenant's administrators demand.
var policyRefusals = []refusal{
	{name: "public client", code: 700025, oauth: "invalid_client", status: 401, prepare: set(func(a *directory.Application) { a.Public = true }),
		text: "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."},
	{name: "federation switched off", code: 700223, oauth: "invalid_client", status: 401, prepare: demand(directory.Policies{FederationDisabled: true})},
	{name: "no expression matches", code: 7002131, oauth: "invalid_client", status: 401, prepare: flexible(anyBranch),
		claims: map[string]any{"sub": "repo:contoso/web:environment:production", "repository_id": "74"},
		text:   "No matching federated identity record found for presented assertion subject 'repo:contoso/web:environment:production' or no federated identity credential expression matched. " + subjectGuide},
	{name: "flexible credential of another issuer", code: 7002131, oauth: "invalid_client", status: 401, claims: map[string]any{"sub": "8bbfbec4-5a4e-4d62-b0f2-0e4d3a4d1b2a"}, prepare: func(r *rig) {
		r.addCredential(r.app, directory.Credential{Name: "flexible", Issuer: github, Matching: anyBranch, Audiences: []string{exchangeAudience}})
	}},
	{name: "managed identity beside a flexible credential", code: 7002131, oauth: "invalid_client", status: 401, request: func(r *rig) *http.Request {
		r.addIdentity(directory.Credential{Name: "another", Subject: "8bbfbec4-5a4e-4d62-b0f2-0e4d3a4d1b2a"})
		r.addCredential(r.app, directory.Credential{Name: "flexible", Issuer: github, Matching: anyBranch, Audiences: []string{exchangeAudience}})
		return r.present(r.identityToken(exchangeAudience))
	}},
	{name: "one clause of an expression", code: 7002131, oauth: "invalid_client", status: 401, prepare: flexible(anyBranch), claims: map[string]any{"repository_id": "75"}},
	{name: "star for nothing", code: 7002131, oauth: "invalid_client", status: 401, prepare: flexible(anyBranch),
		claims: map[string]any{"sub": "repo:contoso/web:ref:refs/heads/", "repository_id": "74"}},
	{name: "agent's subject of an outside issuer", code: 700213, oauth: "invalid_client", status: 401,
		claims: map[string]any{"sub": "/eid1/c/pub/t/v4j5cvGGr0GRqy180BHbRw/a/9ExAW52n_ky4ZiS_jhpJIQ/7e307b14"}},
	{name: "agent's subject", code: 7002137, oauth: "invalid_client", status: 401, prepare: func(r *rig) {
		r.addCredential(r.app, directory.Credential{Name: "agent", Issuer: v2Issuer(foreignTenant), Subject: "x", Audiences: []string{exchangeAudience}})
	}, claims: map[string]any{"iss": v2Issuer(foreignTenant), "sub": "/eid1/c/pub/t/v4j5cvGGr0GRqy180BHbRw/a/9ExAW52n_ky4ZiS_jhpJIQ/7e307b14"},
		text: "No matching federated identity record found for presented assertion subject '/eid1/c/pub/t/v4j5cvGGr0GRqy180BHbRw/a/9ExAW52n_ky4ZiS_jhpJIQ/7e307b14'. Please make sure the federated identity credential Subject is '/eid1/c/pub/t/{tenantId}/a/9ExAW52n_ky4ZiS_jhpJIQ/7e307b14'."},
	{name: "no enterprise", code: 7002381, oauth: "invalid_client", status: 401, prepare: func(r *rig) {
		fromGitHub(r)
		demand(directory.Policies{GitHubEnterprises: []string{"microsoft", "github", "microsoftopensource"}})(r)
	}, text: "Federated identity credentials issued by 'https://token.actions.githubusercontent.com/' for applications or managed identities registered in this tenant must contain the enterprise claim with value 'microsoft', 'github' or 'microsoftopensource' but actual value is ''."},
	{name: "another enterprise", code: 7002381, oauth: "invalid_client", status: 401, claims: map[string]any{"enterprise": "fabrikam"}, prepare: func(r *rig) {
		fromGitHub(r)
		demand(directory.Policies{GitHubEnterprises: []string{"contoso"}})(r)
	}, text: "Federated identity credentials issued by 'https://token.actions.githubusercontent.com/' for applications or managed identities registered in this tenant must contain the enterprise claim with value 'contoso' but actual value is 'fabrikam'."},
	{name: "another enterprise's own issuer", code: 7002381, oauth: "invalid_client", status: 401, claims: map[string]any{"iss": github + "/fabrikam", "enterprise": "fabrikam"},
		prepare: func(r *rig) {
			r.addCredential(r.app, directory.Credential{Name: "github", Issuer: github + "/fabrikam", Subject: mainSubject, Audiences: []string{exchangeAudience}})
			demand(directory.Policies{GitHubEnterprises: []string{"contoso"}})(r)
		}},
	{name: "blocked everywhere", code: 53003, oauth: "access_denied", status: 400, prepare: demand(directory.Policies{ConditionalAccess: []directory.ConditionalAccess{{Name: "all"}}}),
		text: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."},
	{name: "blocked from here", code: 53003, oauth: "access_denied", status: 400, prepare: demand(directory.Policies{ConditionalAccess: []directory.ConditionalAccess{
		{Name: "office only", Applications: []string{"deployer"}, ExcludeLocations: []string{"198.51.100.0/24"}},
	}})},
	{name: "no role where one is required", code: 501051, oauth: "invalid_grant", status: 400, params: map[string]string{"scope": "api://orders/.default"},
		prepare: func(r *rig) {
			r.addApp(directory.Application{Name: "orders", ClientID: "99999999-2222-3333-4444-555555555555", IdentifierURIs: []string{"api://orders"}, AssignmentRequired: true})
		},
		text: "Application '{appId}'(deployer) is not assigned to a role for the application '99999999-2222-3333-4444-555555555555'(orders)."},
	{name: "50166 when told so", code: 50166, oauth: "invalid_request", status: 400, prepare: func(r *rig) {
		r.issuer.discovery = 503
		r.options(func(o *directory.Options) { o.DiscoveryFailureCode = 50166 })
	}, text: "Request to External OIDC endpoint failed."},
	{name: "v1.0 without a resource", code: 900144, oauth: "invalid_request", status: 400, url: tokenURLv1, text: "The request body must contain the following parameter: 'resource'."},
	{name: "v1.0, unknown resource", code: 500011, oauth: "invalid_resource", status: 400, url: tokenURLv1, params: map[string]string{"resource": "api://nowhere"}},
	{name: "PSS, when told so", code: 5002738, oauth: "invalid_request", status: 400, prepare: func(r *rig) {
		r.issuer.header["alg"] = "PS256"
		r.options(func(o *directory.Options) { o.RefusePSS = true })
	}, text: "Invalid JWT token. 'PS256' is not a supported signature algorithm. Supported signing algorithms are: 'RS256,RS384,RS512'"},
	{name: "key without use, when told so", code: 7000272, oauth: "invalid_client", status: 401, prepare: func(r *rig) {
		r.issuer.jwks = []byte(strings.ReplaceAll(string(r.issuer.jwks.([]byte)), `"use":"sig",`, ""))
		r.options(func(o *directory.Options) { o.RefuseKeysWithoutUse = true })
	}},
	{name: "expired and badly signed, time first", code: 700024, oauth: "invalid_client", status: 401, claims: map[string]any{"iat": start.Unix() - 1200, "nbf": nil, "exp": start.Unix() - 600},
		prepare: func(r *rig) {
			r.issuer.key = anotherKey()
			r.options(func(o *directory.Options) { o.TimeBeforeSignature = true })
		}},
	{name: "expired and badly signed", code: 7000274, oauth: "invalid_client", status: 401, claims: map[string]any{"iat": start.Unix() - 1200, "nbf": nil, "exp": start.Unix() - 600},
		prepare: func(r *rig) { r.issuer.key = anotherKey() }},
	{name: "discovery over the bound of the options", code: 501661, oauth: "invalid_request", status: 400, prepare: func(r *rig) {
		r.options(func(o *directory.Options) { o.MaxDocumentBytes = 100 })
	}},
}

const tokenURLv1 = "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/token"

// options changes the directory's options.
func (r *rig) options(change func(*directory.Options)) {
	r.t.Helper()
	o := r.dir.Options()
	change(&o)
	if err := r.dir.SetOptions(o); err != nil {
		r.t.Fatal(err)
	}
}

// TestPoliciesLetPass are requests that policies do not stop.
func TestPoliciesLetPass(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		prepare func(*rig)
		claims  map[string]any
		status  string // of Conditional Access
	}{
		{name: "expression", prepare: flexible(anyBranch), claims: map[string]any{"repository_id": "74"}, status: "notApplied"},
		{name: "expression, star for nothing when told so", prepare: func(r *rig) {
			flexible(anyBranch)(r)
			r.options(func(o *directory.Options) { o.EmptyWildcard = true })
		}, claims: map[string]any{"sub": "repo:contoso/web:ref:refs/heads/", "repository_id": "74"}, status: "notApplied"},
		{name: "enterprise", prepare: func(r *rig) {
			fromGitHub(r)
			demand(directory.Policies{GitHubEnterprises: []string{"contoso", "fabrikam"}})(r)
		}, claims: map[string]any{"enterprise": "fabrikam"}, status: "notApplied"},
		{name: "enterprise is for GitHub only", prepare: demand(directory.Policies{GitHubEnterprises: []string{"contoso"}}), status: "notApplied"},
		// httptest's requests come from 192.0.2.1.
		{name: "excluded location", prepare: demand(directory.Policies{ConditionalAccess: []directory.ConditionalAccess{{Name: "office only", ExcludeLocations: []string{"192.0.2.0/24"}}}}), status: "notApplied"},
		{name: "policy for another application", prepare: func(r *rig) {
			r.addApp(directory.Application{Name: "other"})
			demand(directory.Policies{ConditionalAccess: []directory.ConditionalAccess{{Name: "other only", Applications: []string{"other"}}}})(r)
		}, status: "notApplied"},
		{name: "an agent's subject", prepare: func(r *rig) {
			r.addCredential(r.app, directory.Credential{Name: "agent", Issuer: r.issuer.url, Subject: "/eid1/c/pub/t/x/a/y", Audiences: []string{exchangeAudience}})
		}, claims: map[string]any{"sub": "/eid1/c/pub/t/x/a/y"}, status: "notApplied"},
		{name: "redirects, when told so", prepare: func(r *rig) {
			r.issuer.discovery, r.issuer.elsewhere = 302, r.issuer.document(nil)
			r.options(func(o *directory.Options) { o.FollowRedirects = true })
		}, status: "notApplied"},
		{name: "another issuer in the document, when told so", prepare: func(r *rig) {
			r.issuer.discovery = r.issuer.document(map[string]any{"issuer": "https://x.example"})
			r.options(func(o *directory.Options) { o.AnyDiscoveryIssuer = true })
		}, status: "notApplied"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			tt.prepare(r)
			got := r.exchange(tt.claims)
			if got.status != http.StatusOK || got.signIn.ConditionalAccess != tt.status {
				t.Errorf("status %d, Conditional Access %q, body %s, checks %+v", got.status, got.signIn.ConditionalAccess, got.raw, got.signIn.Checks)
			}
		})
	}
}

// TestB2CPolicy asks both forms of a policy's endpoint.
func TestB2CPolicy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.change(func(t *directory.Tenant) { t.B2CPolicies = []string{"B2C_1A_Demo"} })
	const host = "https://login.microsoftonline.com/contoso.onmicrosoft.com"
	form := r.params(r.issuer.mint(r.claims(nil)), map[string]string{"client-request-id": "615c05a8-7a73-4dac-a084-547abd29c544"})
	const want = `{"error":"invalid_request","error_description":"AADB2C99027: Policy 'B2C_1A_Demo' does not contain a AuthorizationTechnicalProfile with a corresponding ClientAssertionType.\r\nCorrelation ID: 615c05a8-7a73-4dac-a084-547abd29c544\r\nTimestamp: 2026-02-08 00:24:38Z\r\n"}`
	for _, url := range []string{host + "/b2c_1a_demo/oauth2/v2.0/token", host + "/oauth2/v2.0/token?p=B2C_1A_Demo"} {
		if got := r.post(url, form); got.status != 400 || got.raw != want || got.signIn.Code != 99027 {
			t.Errorf("%s: status %d code %d body %s", url, got.status, got.signIn.Code, got.raw)
		}
	}
	if got := r.post(host+"/b2c_1a_other/oauth2/v2.0/token", form); got.status != http.StatusNotFound {
		t.Errorf("unknown policy: status %d", got.status)
	}
	if got := r.post(host+"/oauth2/v2.0/token?p=b2c_1a_other", form); got.status != http.StatusNotFound {
		t.Errorf("unknown policy in the query: status %d", got.status)
	}
	form.Del("client_assertion")
	if got := r.post(host+"/b2c_1a_demo/oauth2/v2.0/token", form); got.code() != 7000216 {
		t.Errorf("without an assertion: %s", got.raw)
	}
}

// TestPolicyOfATenantWithoutB2C: p is a parameter like any other there.
func TestPolicyOfATenantWithoutB2C(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if got := r.post(tokenURL+"?p=B2C_1A_Demo", r.params(r.issuer.mint(r.claims(nil)), nil)); got.status != http.StatusOK {
		t.Error(got.raw)
	}
}

// TestThrottling makes more requests in a minute than the option lets a client make.
func TestThrottling(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options(func(o *directory.Options) { o.ThrottleAfter = 2 })
	r.advance(60*1e9 - 38*1e9) // to the full minute
	other := r.addApp(directory.Application{Name: "other"})
	for i, want := range []int{200, 200, 429, 429} {
		got := r.exchange(nil)
		if got.status != want || got.signIn.Status != want {
			t.Errorf("request %d: status %d, sign-in %d, want %d", i, got.status, got.signIn.Status, want)
		}
		if want == 429 && (got.raw != "Too Many Requests" || got.header.Get("Retry-After") != "60" || got.header.Get("x-ms-request-id") == "") {
			t.Errorf("request %d: body %q, headers %v", i, got.raw, got.header)
		}
	}
	if got := r.post(tokenURL, r.params(r.issuer.mint(r.claims(nil)), map[string]string{"client_id": other.ClientID})); got.code() != 70025 {
		t.Errorf("another client: %s", got.raw)
	}
	for range 4 { // what the directory does not have is not counted
		if got := r.post(tokenURL, r.params("x", map[string]string{"client_id": foreignTenant})); got.status == http.StatusTooManyRequests {
			t.Error("an unknown client is throttled")
		}
	}
	byID := strings.Replace(tokenURL, "contoso.onmicrosoft.com", strings.ToUpper(r.tenant.ID), 1)
	if got := r.post(byID, r.params(r.issuer.mint(r.claims(nil)), nil)); got.status != http.StatusTooManyRequests {
		t.Errorf("the tenant by its id: status %d, want 429", got.status)
	}
	r.advance(60 * 1e9)
	if got := r.exchange(nil); got.status != 200 {
		t.Errorf("a minute later: %s", got.raw)
	}
}
