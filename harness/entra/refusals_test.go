package entra_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// refusal is one request that must be refused.
type refusal struct {
	name    string
	code    int
	oauth   string
	status  int
	text    string // of the description, between the code and the trace id; "": not compared
	prepare func(*rig)
	claims  map[string]any    // changes of the assertion
	params  map[string]string // changes of the request
	url     string            // "": the token endpoint
	request func(*rig) *http.Request
	says    []string // parts of the description
}

const federationGuide = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"

func header(name string, value any) func(*rig) {
	return func(r *rig) { r.issuer.header[name] = value }
}

func metadata(discovery, jwks any) func(*rig) {
	return func(r *rig) {
		if discovery != nil {
			r.issuer.discovery = discovery
		}
		if jwks != nil {
			r.issuer.jwks = jwks
		}
	}
}

func document(changes map[string]any) func(*rig) {
	return func(r *rig) { r.issuer.discovery = r.issuer.document(changes) }
}

func assertion(change func(string) string) func(*rig) *http.Request {
	return func(r *rig) *http.Request {
		return formRequest(tokenURL, r.params(change(r.issuer.mint(r.claims(nil))), nil).Encode())
	}
}

func payload(text string) func(*rig) *http.Request {
	return func(r *rig) *http.Request {
		return formRequest(tokenURL, r.params(r.issuer.sign(text), nil).Encode())
	}
}

func formRequest(target, body string) *http.Request {
	req := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

// at is a token endpoint of another tenant.
func at(tenant string) string {
	return "https://login.microsoftonline.com/" + tenant + "/oauth2/v2.0/token"
}

// refusals are at least one request for every code the server answers.
var refusals = []refusal{
	{name: "GET", code: 900561, oauth: "invalid_request", status: 400, text: "The endpoint only accepts POST, OPTIONS requests. Received a GET request.",
		request: func(*rig) *http.Request { return httptest.NewRequest(http.MethodGet, tokenURL, nil) }},
	{name: "PUT", code: 900561, oauth: "invalid_request", status: 400, text: "The endpoint only accepts POST, OPTIONS requests. Received a PUT request.",
		request: func(*rig) *http.Request { return httptest.NewRequest(http.MethodPut, tokenURL, nil) }},
	{name: "bad escape", code: 9002313, oauth: "invalid_request", status: 400, text: "Invalid request. Request is malformed or invalid.",
		request: func(*rig) *http.Request { return formRequest(tokenURL, "grant_type=%zz") }},
	{name: "body over 1 MiB", code: 9002313, oauth: "invalid_request", status: 400,
		request: func(*rig) *http.Request { return formRequest(tokenURL, "a="+strings.Repeat("x", 1<<20)) }},
	{name: "parameter twice", code: 9002313, oauth: "invalid_request", status: 400,
		request: func(r *rig) *http.Request {
			return formRequest(tokenURL, r.params(r.issuer.mint(r.claims(nil)), nil).Encode()+"&scope=x")
		}},
	{name: "parameter in two cases", code: 9002313, oauth: "invalid_request", status: 400,
		request: func(r *rig) *http.Request {
			return formRequest(tokenURL, r.params(r.issuer.mint(r.claims(nil)), nil).Encode()+"&Client_ID=x")
		}},
	{name: "parameter in another case", code: 900144, oauth: "invalid_request", status: 400,
		request: func(r *rig) *http.Request {
			return formRequest(tokenURL, r.params(r.issuer.mint(r.claims(nil)), map[string]string{"client_id": ""}).Encode()+"&Client_ID="+r.app.ClientID)
		}},
	{name: "parameter not UTF-8", code: 9002313, oauth: "invalid_request", status: 400, params: map[string]string{"client_id": "\xff"}},
	{name: "another assertion type", code: 9002313, oauth: "invalid_request", status: 400, params: map[string]string{"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}},
	{name: "JSON body", code: 900144, oauth: "invalid_request", status: 400, text: "The request body must contain the following parameter: 'grant_type'.",
		request: func(*rig) *http.Request {
			req := httptest.NewRequest(http.MethodPost, tokenURL, strings.NewReader(`{"grant_type":"client_credentials"}`))
			req.Header.Set("Content-Type", "application/json")
			return req
		}},
	{name: "no content type", code: 900144, oauth: "invalid_request", status: 400,
		request: func(*rig) *http.Request {
			return httptest.NewRequest(http.MethodPost, tokenURL, strings.NewReader("a=b"))
		}},
	{name: "no body", code: 900144, oauth: "invalid_request", status: 400, request: func(*rig) *http.Request {
		req := formRequest(tokenURL, "")
		req.Body = nil
		return req
	}},
	{name: "empty body", code: 900144, oauth: "invalid_request", status: 400, request: func(*rig) *http.Request { return formRequest(tokenURL, "") }},

	{name: "unknown tenant id", code: 90002, oauth: "invalid_request", status: 400, url: at("11111111-2222-3333-4444-555555555555"),
		text: "Tenant '11111111-2222-3333-4444-555555555555' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."},
	{name: "unknown domain", code: 90002, oauth: "invalid_request", status: 400, url: at("fabrikam.onmicrosoft.com")},
	{name: "zero tenant", code: 900021, oauth: "invalid_request", status: 400, url: at("00000000-0000-0000-0000-000000000000"),
		text: "Requested tenant identifier '00000000-0000-0000-0000-000000000000' is not valid. Tenant identifiers may not be an empty GUID."},
	{name: "placeholder tenant", code: 900023, oauth: "invalid_request", status: 400, url: at("TENANT_ID"),
		text: "Specified tenant identifier 'TENANT_ID' is neither a valid DNS name, nor a valid external domain."},
	{name: "common", code: 50059, oauth: "invalid_request", status: 400, url: at("common")},
	{name: "consumers", code: 9001023, oauth: "invalid_request", status: 400, url: at("consumers")},
	{name: "organizations", code: 50059, oauth: "invalid_request", status: 400, url: at("organizations")},
	{name: "common without a credential", code: 7000216, oauth: "invalid_client", status: 401, url: at("common"), params: map[string]string{"client_assertion": ""}},
	{name: "common with a secret", code: 50059, oauth: "invalid_request", status: 400, url: at("common"), params: map[string]string{"client_assertion": "", "client_secret": "s3cret"}},
	{name: "common without a credential, another grant", code: 50059, oauth: "invalid_request", status: 400, url: at("common"),
		params: map[string]string{"client_assertion": "", "grant_type": "urn:example"}},
	{name: "regional host", code: 100007, oauth: "invalid_request", status: 400, url: "https://westeurope.login.microsoft.com/contoso.onmicrosoft.com/oauth2/v2.0/token",
		text: "This request was received by an Azure AD regional authentication endpoint. Only managed identities and Microsoft internal service identities are supported. SN+I authentication is required.  All others, send your request to login.microsoftonline.com: in MSAL avoid using .WithAzureRegion(), in App Service, set REGION_NAME to null."},
	{name: "region of the old host", code: 100007, oauth: "invalid_request", status: 400, url: "https://eastus2.login.windows.net/contoso.onmicrosoft.com/oauth2/v2.0/token"},
	{name: "regional host of another cloud", code: 900382, oauth: "invalid_request", status: 400, url: "https://usgovvirginia.login.microsoftonline.us/contoso.onmicrosoft.com/oauth2/v2.0/token"},
	{name: "certificate at a regional host", code: 100007, oauth: "invalid_request", status: 400, url: "https://westeurope.login.microsoft.com/contoso.onmicrosoft.com/oauth2/v2.0/token",
		prepare: certificate(lastYear, byX5T), request: func(r *rig) *http.Request {
			claims := r.claims(map[string]any{"iss": r.app.ClientID, "sub": r.app.ClientID, "aud": tokenURL})
			return formRequest("https://westeurope.login.microsoft.com/contoso.onmicrosoft.com/oauth2/v2.0/token", r.params(r.issuer.mint(claims), nil).Encode())
		}},
	{name: "host of another cloud", code: 900382, oauth: "invalid_request", status: 400, url: "https://login.microsoftonline.us/contoso.onmicrosoft.com/oauth2/v2.0/token"},

	{name: "unknown grant", code: 70003, oauth: "unsupported_grant_type", status: 400, params: map[string]string{"grant_type": "urn:example"},
		text: "The app requested an unsupported grant type 'urn:example'."},
	{name: "no client id", code: 900144, oauth: "invalid_request", status: 400, params: map[string]string{"client_id": ""},
		text: "The request body must contain the following parameter: 'client_id'."},
	{name: "no scope", code: 900144, oauth: "invalid_request", status: 400, params: map[string]string{"scope": ""},
		text: "The request body must contain the following parameter: 'scope'."},
	{name: "no assertion type", code: 900144, oauth: "invalid_request", status: 400, params: map[string]string{"client_assertion_type": ""},
		text: "The request body must contain the following parameter: 'client_assertion_type'."},
	{name: "resource of v1.0", code: 901002, oauth: "invalid_request", status: 400, params: map[string]string{"resource": "https://graph.microsoft.com"},
		text: "The 'resource' request parameter is not supported."},
	{name: "no credential", code: 7000216, oauth: "invalid_client", status: 401, params: map[string]string{"client_assertion": ""},
		text: "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."},

	{name: "not a JWT", code: 50027, oauth: "invalid_request", status: 400, text: "JWT token is invalid or malformed.", params: map[string]string{"client_assertion": "hello"}},
	{name: "newline at the end", code: 50027, oauth: "invalid_request", status: 400, request: assertion(func(s string) string { return s + "\n" })},
	{name: "four parts", code: 50027, oauth: "invalid_request", status: 400, request: assertion(func(s string) string { return s + ".x" })},
	{name: "payload no object", code: 50027, oauth: "invalid_request", status: 400, request: payload(`[]`)},
	{name: "payload empty", code: 50027, oauth: "invalid_request", status: 400, request: payload(``)},
	{name: "claim twice", code: 50027, oauth: "invalid_request", status: 400, request: payload(`{"iss":"https://issuer.example","iss":"x"}`)},
	{name: "payload not UTF-8", code: 50027, oauth: "invalid_request", status: 400, request: payload("{\"iss\":\"\xff\"}")},
	{name: "sub an object", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"sub": map[string]any{}}},
	{name: "aud a number", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"aud": 7}},
	{name: "aud of numbers", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"aud": []int{7}}},
	{name: "aud with null", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"aud": []any{exchangeAudience, nil}}},
	{name: "exp a string", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"exp": "1770510878"}},
	{name: "exp huge", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"exp": 1e300}},
	{name: "exp past int64", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"exp": uint64(1) << 63}},
	{name: "iat far negative", code: 50027, oauth: "invalid_request", status: 400, claims: map[string]any{"iat": -1 << 62}},
	{name: "at+jwt", code: 5002727, oauth: "invalid_request", status: 400, prepare: header("typ", "at+jwt"),
		text: "Invalid JWT header type specified, must be 'JWT' or 'http://openid.net/specs/jwt/1.0'."},
	{name: "typ a number", code: 5002727, oauth: "invalid_request", status: 400, prepare: header("typ", 1)},
	{name: "gty in the header", code: 5002726, oauth: "invalid_request", status: 400, prepare: header("gty", []string{"client_credentials"}),
		text: "Invalid JWT token. Found unsupported token header. Supported headers are: 'alg','typ','x5t','x5c','kid','use','enc','ctx','nonce','rh','kdf_ver'"},
	{name: "cty in the header", code: 5002726, oauth: "invalid_request", status: 400, prepare: header("cty", "JWT")},
	{name: "critical extension", code: 5002726, oauth: "invalid_request", status: 400, prepare: func(r *rig) {
		r.issuer.header["b64"], r.issuer.header["crit"] = true, []string{"b64"}
	}},
	{name: "gty and ES256", code: 5002726, oauth: "invalid_request", status: 400, prepare: func(r *rig) {
		r.issuer.key, r.issuer.header["alg"], r.issuer.header["gty"] = ecKey(), "ES256", "x"
	}},
	{name: "at+jwt and ES256", code: 5002727, oauth: "invalid_request", status: 400, prepare: func(r *rig) {
		r.issuer.key, r.issuer.header["alg"], r.issuer.header["typ"] = ecKey(), "ES256", "at+jwt"
	}},
	{name: "ES256", code: 5002738, oauth: "invalid_request", status: 400, prepare: func(r *rig) { r.issuer.key, r.issuer.header["alg"] = ecKey(), "ES256" },
		text: "Invalid JWT token. 'ES256' is not a supported signature algorithm. Supported signing algorithms are: 'RS256,RS384,RS512,PS256,PS384,PS512'"},
	{name: "HS256", code: 5002738, oauth: "invalid_request", status: 400, prepare: func(r *rig) {
		r.issuer.key, r.issuer.header["alg"] = []byte(strings.Repeat("k", 32)), "HS256"
	}},
	{name: "alg none", code: 5002738, oauth: "invalid_request", status: 400, params: map[string]string{"client_assertion": "eyJhbGciOiJub25lIn0.e30."}},
	{name: "no iss", code: 90014, oauth: "invalid_request", status: 400, claims: map[string]any{"iss": nil},
		text: "The required field 'iss' is missing from the credential. Ensure that you have all the necessary parameters for the login request."},
	{name: "no aud", code: 90014, oauth: "invalid_request", status: 400, claims: map[string]any{"aud": nil}},
	{name: "empty aud list", code: 90014, oauth: "invalid_request", status: 400, claims: map[string]any{"aud": []string{}}},
	{name: "no sub", code: 90014, oauth: "invalid_request", status: 400, claims: map[string]any{"sub": nil}},
	{name: "no exp", code: 90014, oauth: "invalid_request", status: 400, claims: map[string]any{"exp": nil}},
	{name: "claim names in another case", code: 90014, oauth: "invalid_request", status: 400, claims: map[string]any{"iss": nil, "ISS": "https://issuer.example"}},

	{name: "unknown client", code: 700016, oauth: "unauthorized_client", status: 400, params: map[string]string{"client_id": "11111111-2222-3333-4444-555555555555"},
		text: "Application with identifier '11111111-2222-3333-4444-555555555555' was not found in the directory 'Contoso'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."},
	{name: "zero client", code: 700038, oauth: "unauthorized_client", status: 400, params: map[string]string{"client_id": "00000000-0000-0000-0000-000000000000"},
		text: "00000000-0000-0000-0000-000000000000 is not a valid application identifier."},
	{name: "disabled", code: 7000112, oauth: "unauthorized_client", status: 400, text: "Application '{appId}'(sleeper) is disabled.",
		prepare: func(r *rig) { r.app = r.addApp(directory.Application{Name: "sleeper", Disabled: true}) }},
	{name: "no service principal", code: 7000229, oauth: "invalid_client", status: 401,
		text:    "The client application {appId} is missing service principal in the tenant {tid}. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
		prepare: func(r *rig) { r.app = r.addApp(directory.Application{Name: "orphan", NoServicePrincipal: true}) }},
	{name: "client secret", code: 7000215, oauth: "invalid_client", status: 401, params: map[string]string{"client_assertion": "", "client_assertion_type": "", "client_secret": "s3cret"},
		text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{appId}'."},
	{name: "secret beside an assertion", code: 7000215, oauth: "invalid_client", status: 401, params: map[string]string{"client_secret": "s3cret"}},
	{name: "secret in a header", code: 7000215, oauth: "invalid_client", status: 401, request: func(r *rig) *http.Request {
		req := formRequest(tokenURL, r.params("", map[string]string{"client_assertion": ""}).Encode())
		req.SetBasicAuth(r.app.ClientID, "s3cret")
		return req
	}},
	{name: "client and secret in a header", code: 7000215, oauth: "invalid_client", status: 401, request: func(r *rig) *http.Request {
		req := formRequest(tokenURL, r.params("", map[string]string{"client_assertion": "", "client_id": ""}).Encode())
		req.SetBasicAuth(r.app.ClientID, "s3cret")
		return req
	}},

	{name: "no federated credentials", code: 70025, oauth: "invalid_client", status: 401, text: "The client '{appId}'(bare) has no configured federated identity credentials.",
		prepare: func(r *rig) { r.app = r.addApp(directory.Application{Name: "bare"}) }},
	{name: "issuer with a slash", code: 700211, oauth: "invalid_client", status: 401, claims: map[string]any{"iss": "https://issuer.example/"},
		text: "No matching federated identity record found for presented assertion issuer 'https://issuer.example/'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. " + federationGuide},
	{name: "everything differs", code: 700211, oauth: "invalid_client", status: 401, claims: map[string]any{"iss": "x", "sub": "y", "aud": "z"}},
	{name: "issuer with white space", code: 700211, oauth: "invalid_client", status: 401, claims: map[string]any{"iss": " https://issuer.example"}, prepare: func(r *rig) {
		r.addCredential(r.app, directory.Credential{Name: "spaced", Issuer: " https://issuer.example", Subject: mainSubject, Audiences: []string{exchangeAudience}})
	}},
	{name: "Entra token, issuer not configured", code: 700211, oauth: "invalid_client", status: 401, claims: map[string]any{"iss": "https://sts.windows.net/11111111-2222-3333-4444-555555555555/"}},
	{name: "token of another tenant at the called host", code: 700236, oauth: "invalid_client", status: 401, url: "https://127.0.0.1:8445/contoso.onmicrosoft.com/oauth2/v2.0/token",
		claims: map[string]any{"iss": "https://127.0.0.1:8445/11111111-2222-3333-4444-555555555555/v2.0"}, prepare: func(r *rig) {
			r.addCredential(r.app, directory.Credential{Name: "entra", Issuer: "https://127.0.0.1:8445/11111111-2222-3333-4444-555555555555/v2.0", Subject: mainSubject, Audiences: []string{exchangeAudience}})
		}},
	{name: "audience", code: 700212, oauth: "invalid_client", status: 401, claims: map[string]any{"aud": "https://github.com/contoso"},
		text: "No matching federated identity record found for presented assertion audience 'https://github.com/contoso'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation"},
	{name: "audience in another case", code: 700212, oauth: "invalid_client", status: 401, claims: map[string]any{"aud": "api://azureadtokenexchange"}},
	{name: "several audiences", code: 700212, oauth: "invalid_client", status: 401, claims: map[string]any{"aud": []string{exchangeAudience, "other"}},
		says: []string{"presented assertion audience 'api://AzureADTokenExchange,other'."}},
	{name: "audience and subject", code: 700212, oauth: "invalid_client", status: 401, claims: map[string]any{"aud": "x", "sub": "y"}},
	{name: "subject", code: 700213, oauth: "invalid_client", status: 401, claims: map[string]any{"sub": "repo:contoso/web:environment:production"}},
	{name: "subject with a placeholder", code: 700213, oauth: "invalid_client", status: 401, claims: map[string]any{"sub": "{sub}{iss"},
		text: "No matching federated identity record found for presented assertion subject '{sub}{iss'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. " + federationGuide},
	{name: "wildcards are literal", code: 700213, oauth: "invalid_client", status: 401, claims: map[string]any{"sub": "repo:contoso/api:x"}, prepare: func(r *rig) {
		r.addCredential(r.app, directory.Credential{Name: "wild", Issuer: r.issuer.url, Subject: "repo:contoso/api:*", Audiences: []string{exchangeAudience}})
	}},
	{name: "subject in another case", code: 7002138, oauth: "invalid_client", status: 401, claims: map[string]any{"sub": "repo:Contoso/web:ref:refs/heads/main"},
		text: "No matching federated identity record found for presented assertion subject 'repo:Contoso/web:ref:refs/heads/main'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. See documentation at: " + federationGuide + ". See breaking change notification and remediation at: https://learn.microsoft.com/en-us/entra/identity-platform/reference-breaking-changes#august-2024."},

	{name: "issuer unreachable", code: 501661, oauth: "invalid_request", status: 400, prepare: metadata(errors.New("no route"), nil), text: "Request to External OIDC endpoint failed."},
	{name: "no discovery document", code: 501661, oauth: "invalid_request", status: 400, prepare: metadata(404, nil)},
	{name: "discovery redirects", code: 501661, oauth: "invalid_request", status: 400, prepare: metadata(302, nil)},
	{name: "discovery not JSON", code: 501661, oauth: "invalid_request", status: 400, prepare: metadata([]byte("<html>"), nil)},
	{name: "discovery too large", code: 501661, oauth: "invalid_request", status: 400, prepare: metadata([]byte(`{"a":"`+strings.Repeat("x", 1<<20)+`"}`), nil)},
	{name: "discovery of another issuer", code: 501661, oauth: "invalid_request", status: 400, prepare: document(map[string]any{"issuer": "https://issuer.example/"})},
	{name: "discovery without jwks_uri", code: 501661, oauth: "invalid_request", status: 400, prepare: document(map[string]any{"jwks_uri": nil})},
	{name: "empty authorization_endpoint, when told so", code: 501661, oauth: "invalid_request", status: 400, prepare: func(r *rig) {
		r.issuer.discovery = r.issuer.document(map[string]any{"authorization_endpoint": ""})
		r.options(func(o *directory.Options) { o.RefuseEmptyAuthorizationEndpoint = true })
	}},
	{name: "empty members of SPIRE of 2022", code: 501661, oauth: "invalid_request", status: 400,
		prepare: document(map[string]any{"authorization_endpoint": "", "subject_types_supported": []string{}})},
	{name: "empty subject_types_supported", code: 501661, oauth: "invalid_request", status: 400, prepare: document(map[string]any{"subject_types_supported": []string{}})},
	{name: "issuer over http", code: 501661, oauth: "invalid_request", status: 400, claims: map[string]any{"iss": "http://issuer.example"}, prepare: func(r *rig) {
		r.addCredential(r.app, directory.Credential{Name: "plain", Issuer: "http://issuer.example", Subject: mainSubject, Audiences: []string{exchangeAudience}})
	}},
	{name: "issuer no URL", code: 501661, oauth: "invalid_request", status: 400, claims: map[string]any{"iss": "kubernetes/serviceaccount"}, prepare: func(r *rig) {
		r.addCredential(r.app, directory.Credential{Name: "legacy", Issuer: "kubernetes/serviceaccount", Subject: mainSubject, Audiences: []string{exchangeAudience}})
	}},
	{name: "keys unreachable", code: 90061, oauth: "invalid_request", status: 400, prepare: metadata(nil, errors.New("no route")), text: "Request to External OIDC endpoint failed."},
	{name: "keys answer 500", code: 90061, oauth: "invalid_request", status: 400, prepare: metadata(nil, 500)},
	{name: "keys over http", code: 90061, oauth: "invalid_request", status: 400, prepare: document(map[string]any{"jwks_uri": "http://issuer.example/keys"})},
	{name: "keys not JSON", code: 900612, oauth: "invalid_request", status: 400, prepare: metadata(nil, []byte("no")), text: "Failed to parse provider signing keys."},
	{name: "keys without keys", code: 900612, oauth: "invalid_request", status: 400, prepare: metadata(nil, []byte("{}"))},
	{name: "broken RSA key", code: 900612, oauth: "invalid_request", status: 400, prepare: metadata(nil, []byte(`{"keys":[{"kty":"RSA","kid":"k1","n":"!","e":"AQAB"}]}`))},
	{name: "no keys", code: 7000272, oauth: "invalid_client", status: 401, prepare: metadata(nil, []byte(`{"keys":[]}`))},
	{name: "unknown kid", code: 7000272, oauth: "invalid_client", status: 401, prepare: header("kid", "k2"),
		text: "The certificate with identifier k2 used to sign the federated credential could not be found in the metadata of identity provider https://issuer.example. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token."},
	{name: "no kid", code: 7000272, oauth: "invalid_client", status: 401, prepare: func(r *rig) { delete(r.issuer.header, "kid") },
		text: "The certificate with identifier  used to sign the federated credential could not be found in the metadata of identity provider https://issuer.example. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token."},
	{name: "key for encryption", code: 7000272, oauth: "invalid_client", status: 401, prepare: func(r *rig) {
		r.issuer.jwks = keySet(jose.JSONWebKey{Key: issuerKey().Public(), KeyID: "k1", Use: "enc"})
	}},
	{name: "hundred and first key", code: 7000272, oauth: "invalid_client", status: 401, prepare: func(r *rig) {
		keys := make([]jose.JSONWebKey, 101)
		for i := range keys {
			keys[i] = jose.JSONWebKey{Key: issuerKey().Public(), KeyID: fmt.Sprint("old", i), Use: "sig"}
		}
		keys[100].KeyID = "k1"
		r.issuer.jwks = keySet(keys...)
	}},
	{name: "EC key with the kid", code: 5002730, oauth: "invalid_request", status: 400, prepare: func(r *rig) {
		r.issuer.jwks = keySet(jose.JSONWebKey{Key: ecKey().Public(), KeyID: "k1", Use: "sig"})
	}},
	{name: "key for another algorithm", code: 5002730, oauth: "invalid_request", status: 400, prepare: func(r *rig) {
		r.issuer.jwks = keySet(jose.JSONWebKey{Key: issuerKey().Public(), KeyID: "k1", Use: "sig", Algorithm: "RS512"})
	}},
	{name: "another key, same kid", code: 7000274, oauth: "invalid_client", status: 401, prepare: func(r *rig) { r.issuer.key = anotherKey() }},
	{name: "signature cut off", code: 7000274, oauth: "invalid_client", status: 401, request: assertion(func(s string) string { return s[:strings.LastIndex(s, ".")+1] + "AAAA" })},
	{name: "no iat", code: 70023, oauth: "invalid_client", status: 401, claims: map[string]any{"iat": nil},
		text: "External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at 0. Token expires on 1770510878."},
	{name: "25 hours and a second", code: 70023, oauth: "invalid_client", status: 401, claims: map[string]any{"exp": start.Unix() + 25*3600 + 1},
		says: []string{"Token issued at 1770510278. Token expires on 1770600279."}},
	{name: "expired", code: 700024, oauth: "invalid_client", status: 401, claims: map[string]any{"iat": start.Unix() - 1200, "nbf": nil, "exp": start.Unix() - 300},
		text: "Client assertion is not within its valid time range. Current time: 2026-02-08T00:24:38.0000000Z, assertion valid from 2026-02-08T00:04:38.0000000Z, expiry time of assertion 2026-02-08T00:19:38.0000000Z. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials ."},
	{name: "expired, nbf before iat", code: 700024, oauth: "invalid_client", status: 401, claims: map[string]any{"iat": start.Unix() - 1200, "nbf": start.Unix() - 1800, "exp": start.Unix() - 900},
		says: []string{"assertion valid from 2026-02-08T00:04:38.0000000Z, expiry time of assertion 2026-02-08T00:09:38.0000000Z."}},
	{name: "expired, no iat", code: 700024, oauth: "invalid_client", status: 401, claims: map[string]any{"iat": nil, "nbf": 600, "exp": 3600},
		says: []string{"assertion valid from 1970-01-01T00:00:00.0000000Z, expiry time of assertion 1970-01-01T01:00:00.0000000Z."}},
	{name: "not yet valid", code: 700024, oauth: "invalid_client", status: 401, claims: map[string]any{"nbf": start.Unix() + 301}},
	{name: "issued in the future", code: 700024, oauth: "invalid_client", status: 401, claims: map[string]any{"nbf": nil, "iat": start.Unix() + 301, "exp": start.Unix() + 900}},
	{name: "expires before it is valid", code: 700024, oauth: "invalid_client", status: 401, claims: map[string]any{"nbf": start.Unix() + 200, "exp": start.Unix() + 100}},
	{name: "expires before it was issued", code: 700024, oauth: "invalid_client", status: 401, claims: map[string]any{"nbf": nil, "iat": start.Unix() + 200, "exp": start.Unix() + 100}},
	{name: "discovery member in another case", code: 501661, oauth: "invalid_request", status: 400, prepare: document(map[string]any{"jwks_uri": nil, "JWKS_URI": "https://issuer.example/keys"})},
	{name: "keys in another case", code: 900612, oauth: "invalid_request", status: 400, prepare: func(r *rig) {
		r.issuer.jwks = []byte(strings.Replace(string(r.issuer.jwks.([]byte)), `"keys"`, `"Keys"`, 1))
	}},

	{name: "mixed scopes", code: 70011, oauth: "invalid_scope", status: 400, params: map[string]string{"scope": "https://graph.microsoft.com/.default User.Read"},
		text: "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope https://graph.microsoft.com/.default User.Read is not valid."},
	{name: "default of nothing", code: 70011, oauth: "invalid_scope", status: 400, params: map[string]string{"scope": "/.default"}},
	{name: "two resources", code: 70011, oauth: "invalid_scope", status: 400, params: map[string]string{"scope": "https://graph.microsoft.com/.default https://vault.azure.net/.default"}},
	{name: "permission scope", code: 1002012, oauth: "invalid_scope", status: 400, params: map[string]string{"scope": "https://graph.microsoft.com/User.Read"},
		text: "The provided value for scope https://graph.microsoft.com/User.Read is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."},
	{name: "only reserved scopes", code: 1002012, oauth: "invalid_scope", status: 400, params: map[string]string{"scope": "openid profile"}},
	{name: "unknown resource", code: 500011, oauth: "invalid_resource", status: 400, params: map[string]string{"scope": "api://nowhere/.default"},
		text: "The resource principal named api://nowhere was not found in the tenant named Contoso. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant."},
	{name: "resource without a service principal", code: 500011, oauth: "invalid_resource", status: 400, params: map[string]string{"scope": "api://orphan/.default"}, prepare: func(r *rig) {
		r.addApp(directory.Application{Name: "orphan", NoServicePrincipal: true, IdentifierURIs: []string{"api://orphan"}})
	}},
	{name: "disabled resource", code: 500014, oauth: "invalid_resource", status: 400, params: map[string]string{"scope": "api://asleep/.default"}, prepare: func(r *rig) {
		r.addApp(directory.Application{Name: "asleep", Disabled: true, IdentifierURIs: []string{"api://asleep"}})
	}, text: "The service principal for resource 'api://asleep' is disabled. This indicate that a subscription within the tenant has lapsed, or that the administrator for this tenant has disabled the application, preventing tokens from being issued for it."},
	{name: "resource of another cloud", code: 500011, oauth: "invalid_resource", status: 400, params: map[string]string{"scope": "https://graph.microsoft.us/.default"}},
}

func (c refusal) send(r *rig) *answer {
	if c.prepare != nil {
		c.prepare(r)
	}
	if c.request != nil {
		return r.do(c.request(r))
	}
	target := c.url
	if target == "" {
		target = tokenURL
	}
	return r.post(target, r.params(r.issuer.mint(r.claims(c.claims)), c.params))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range slices.Concat(refusals, strictRefusals, entraRefusals, certificateRefusals, policyRefusals) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			got := tt.send(r)
			if got.code() != tt.code {
				t.Fatalf("code %d, want %d; body %s", got.code(), tt.code, got.raw)
			}
			if got.status != tt.status || got.body["error"] != tt.oauth {
				t.Errorf("status %d error %q, want %d %q", got.status, got.body["error"], tt.status, tt.oauth)
			}
			description := got.body["error_description"].(string)
			if tt.text != "" {
				text := strings.NewReplacer("{appId}", r.app.ClientID, "{tid}", r.tenant.ID).Replace(tt.text)
				want := fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: 2026-02-08 00:24:38Z", tt.code, text, got.body["trace_id"], got.body["correlation_id"])
				if diff := cmp.Diff(want, description); diff != "" {
					t.Errorf("error_description (-want +got):\n%s", diff)
				}
			}
			for _, part := range tt.says {
				if !strings.Contains(description, part) {
					t.Errorf("error_description %q does not say %q", description, part)
				}
			}
			row, _ := entra.Lookup(tt.code)
			var uri any
			if row.ErrorURI {
				uri = fmt.Sprintf("https://%s/error?code=%d", hostOf(tt.url), tt.code)
			}
			if got.body["error_uri"] != uri {
				t.Errorf("error_uri %v, want %v", got.body["error_uri"], uri)
			}
			checkSignIn(t, got, tt.code)
		})
	}
}

func hostOf(target string) string {
	if u, err := url.Parse(target); err == nil && u.Host != "" {
		return u.Host
	}
	return "login.microsoftonline.com"
}

// checkSignIn says whether the record fits the answer.
func checkSignIn(t *testing.T, got *answer, code int) {
	t.Helper()
	s := got.signIn
	if s.Code != code || s.Status != got.status || s.TraceID != got.header.Get("x-ms-request-id") || !s.Time.Equal(start) {
		t.Errorf("sign-in %+v does not fit the answer", s)
	}
	if len(s.Checks) == 0 {
		t.Fatal("sign-in without checks")
	}
	for i, c := range s.Checks {
		failed := code != 0 && i == len(s.Checks)-1
		if c.OK == failed || failed && c.Code != code || !failed && c.Code != 0 {
			t.Errorf("check %d of %d: %+v", i+1, len(s.Checks), c)
		}
	}
}
