package arm_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

const (
	groupPath    = "/subscriptions/" + production + "/resourceGroups/App"
	vaultPath    = groupPath + "/providers/Microsoft.KeyVault/vaults/contoso-vault"
	identityPath = groupPath + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
)

func TestUnauthenticated(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	stranger, _, _ := r.client("Stranger")
	expired := r.token("Reader", management)
	r.advance(2 * time.Hour)
	header, payload, _ := strings.Cut(r.token("Reader", management), ".")
	other := "https://sts.windows.net/"
	tests := []struct {
		name, host, authorization, path string
		code, message, challenge        string
	}{
		{
			"no header", "", "", groupPath, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.",
			"The authentication failed because of missing 'Authorization' header.",
		},
		{"another scheme", "", "Basic eDp5", groupPath, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is provided in an invalid format.",
			"The authentication failed because of missing 'Authorization' header."},
		{"no token", "", "Bearer x", groupPath, "InvalidAuthenticationToken", "The access token is invalid.", ""},
		{"changed", "", "Bearer " + header + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"oid":"x"}`)) + payload[strings.Index(payload, "."):], groupPath,
			"InvalidAuthenticationToken", "The access token is invalid.", ""},
		{"expired", "", "Bearer " + expired, groupPath, "ExpiredAuthenticationToken",
			"The access token expiry UTC time '2/8/2026 1:24:38 AM' is earlier than current UTC time '2/8/2026 2:24:38 AM'.", ""},
		{"for Graph", "", "Bearer " + r.token("Reader", "https://graph.microsoft.com/.default"), groupPath, "InvalidAuthenticationTokenAudience",
			"The access token has been obtained for wrong audience or resource 'https://graph.microsoft.com'. It should exactly match with one of the allowed audiences " +
				"'https://management.core.windows.net/','https://management.core.windows.net','https://management.azure.com/','https://management.azure.com'.", ""},
		{"of another tenant", "", "Bearer " + r.token("Stranger", management), groupPath, "InvalidAuthenticationTokenTenant",
			"The access token is from the wrong issuer '" + other + stranger + "/'. It must match the tenant '" + other + r.tenant.ID + "/' associated with this " +
				"subscription. Please use the authority (URL) 'https://login.windows.net/" + r.tenant.ID + "' to get the token. Note, if the subscription is transferred to " +
				"another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour). If you just " +
				"transferred your subscription and see this error message, please try back later.", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.http.URL+tt.path+"?api-version=2021-04-01", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = "management.azure.com"
			if tt.authorization != "" {
				req.Header.Set("Authorization", tt.authorization)
			}
			got := r.do(req)
			got.refused(t, http.StatusUnauthorized, tt.code, tt.message)
			if tt.challenge == "" {
				tt.challenge = tt.message
			}
			want := fmt.Sprintf(`Bearer authorization_uri="https://login.windows.net/%s", error="invalid_token", error_description="%s"`, r.tenant.ID, tt.challenge)
			if challenge := got.header.Get("WWW-Authenticate"); challenge != want {
				t.Errorf("WWW-Authenticate %s\nwant %s", challenge, want)
			}
			if cause := got.header.Get("x-ms-failure-cause"); cause != "gateway" {
				t.Errorf("x-ms-failure-cause %q", cause)
			}
		})
	}
}

// TestAudiences has the tokens that are taken where.
func TestAudiences(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	for _, tt := range []struct {
		host, scope string
		status      int
	}{
		{"management.azure.com", "https://management.azure.com/.default", 200},
		{"management.azure.com", "https://management.azure.com//.default", 200},
		{"management.azure.com", "https://management.core.windows.net//.default", 200},
		{"management.azure.com:8445", "https://management.azure.com/.default", 200},
		{"management.usgovcloudapi.net", "https://management.azure.com/.default", 401},
		{"127.0.0.1:8445", "https://management.azure.com/.default", 200},
		{"127.0.0.1:8445", "https://graph.microsoft.com/.default", 401},
	} {
		got := r.sendTo(tt.host, r.token("Reader", tt.scope), http.MethodGet, "/subscriptions", "")
		if got.status != tt.status {
			t.Errorf("%s with %s: status %d, want %d: %s", tt.host, tt.scope, got.status, tt.status, got.body)
		}
	}
	farm := r.tokenFrom("127.0.0.1:8445", "Reader", "https://127.0.0.1:8445/.default")
	for host, status := range map[string]int{"127.0.0.1:8445": 200, "127.0.0.1:8446": 401, "management.azure.com": 401} {
		if got := r.sendTo(host, farm, http.MethodGet, "/subscriptions", ""); got.status != status {
			t.Errorf("%s with a token for a farm's address: status %d, want %d: %s", host, got.status, status, got.body)
		}
	}
}

// TestChallenge has where a client without a token is told to sign in: in the cloud of the subscription, and at the
// address of a farm there.
func TestChallenge(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	for _, tt := range []struct{ host, path, login string }{
		{"management.azure.com", groupPath, "https://login.windows.net/" + r.tenant.ID},
		{"management.azure.com:8445", groupPath, "https://login.windows.net/" + r.tenant.ID},
		{"management.azure.com", "/subscriptions", "https://login.windows.net/"},
		{"management.azure.com", "/subscriptions/99999999-2222-4333-8444-555555555555", "https://login.windows.net/"},
		{"management.usgovcloudapi.net", groupPath, "https://login.windows.net/" + r.tenant.ID},
		{"management.usgovcloudapi.net", "/subscriptions", "https://login.microsoftonline.us/"},
		{"127.0.0.1:8445", groupPath, "https://127.0.0.1:8445/" + r.tenant.ID},
	} {
		got := r.sendTo(tt.host, "", http.MethodGet, tt.path, "")
		if challenge := got.header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, `Bearer authorization_uri="`+tt.login+`", `) {
			t.Errorf("at %s: %s, want %s", tt.host, challenge, tt.login)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.http.URL+"/subscriptions?API-version=2021-04-01", nil)
	if err != nil {
		t.Fatal(err)
	}
	const correlation = "22222222-2222-4333-8444-555555555555"
	req.Header.Set("Authorization", "Bearer "+r.token("Reader", management))
	req.Header.Set("x-ms-correlation-request-id", correlation)
	req.Header.Set("x-ms-client-request-id", "mine")
	req.Header.Set("x-ms-return-client-request-id", "true")
	got := r.do(req).header
	id := got.Get("x-ms-request-id")
	if len(id) != 36 || id == correlation {
		t.Errorf("x-ms-request-id %q", id)
	}
	for name, want := range map[string]string{
		"x-ms-correlation-request-id": correlation, "x-ms-routing-request-id": "WESTEUROPE:20260208T002438Z:" + id, "x-ms-client-request-id": "mine",
		"Cache-Control": "no-cache", "Pragma": "no-cache", "Expires": "-1", "X-Content-Type-Options": "nosniff",
		"Strict-Transport-Security": "max-age=31536000; includeSubDomains", "x-ms-failure-cause": "",
	} {
		if got := got.Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
}

func TestAPIVersion(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	token := r.token("Reader", management)
	r.send(token, http.MethodGet, "/subscriptions?api-version=", "").refused(t, 400, "MissingApiVersionParameter",
		"The api-version query parameter (?api-version=) is required for all requests.")
	got := r.send(token, http.MethodGet, "/subscriptions?api-version=1.0", "")
	if got.status != 400 || !strings.Contains(got.body, `"InvalidApiVersionParameter","message":"The api-version '1.0' is invalid. The supported versions are '2024-08-01,`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	for _, twice := range []string{"?api-version=2019-11-01&api-version=2020-01-01", "?API-VERSION=2019-11-01&api-version=2020-01-01"} {
		got := r.send(token, http.MethodGet, "/subscriptions"+twice, "")
		if got.status != 400 || !strings.Contains(got.body, `"InvalidApiVersionParameter","message":"The api-version '2019-11-01,2020-01-01' is invalid. `) {
			t.Errorf("%s: %d %s", twice, got.status, got.body)
		}
	}
	if got := r.send(token, http.MethodGet, "/subscriptions?API-version=2019-11-01&api-version", ""); got.status != 400 {
		t.Errorf("an empty one beside: %d %s", got.status, got.body)
	}
	r.send(token, http.MethodGet, "/subscriptions/"+production+"/providers/Microsoft.ManagedIdentity/userAssignedIdentities?api-version=2016-01-01", "").refused(t, 404,
		"InvalidResourceType", "The resource type could not be found in the namespace 'Microsoft.ManagedIdentity' for api version '2016-01-01'.")
	r.send(token, http.MethodGet, identityPath+"/worker/federatedIdentityCredentials?api-version=2018-11-30", "").refused(t, 400, "NoRegisteredProviderFound",
		"No registered resource provider found for location 'westeurope' and API version '2018-11-30' for type 'userAssignedIdentities/federatedIdentityCredentials'. "+
			"The supported api-versions are '2022-01-31-preview, 2023-01-31, 2023-07-31-preview, 2024-11-30, 2025-01-31-preview, 2025-05-31-preview, 2026-04-30, 2026-05-31'.")
}

// TestTenantGone: a token of a tenant that is there no more opens nothing.
func TestTenantGone(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	token := r.token("Reader", management)
	if err := r.dir.Replace(directory.New()); err != nil {
		t.Fatal(err)
	}
	r.send(token, http.MethodGet, "/subscriptions", "").refused(t, http.StatusNotFound, "NotFound", "tenant '"+r.tenant.ID+"': not found")
	r.send(token, http.MethodGet, groupPath, "").refused(t, http.StatusNotFound, "SubscriptionNotFound", "The subscription '"+production+"' could not be found.")
}

// TestAuthorization has who may do what, and the refusals' action and scope.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	subscription := "/subscriptions/" + production
	assignment := subscription + "/providers/Microsoft.Authorization/roleAssignments/99999999-2222-4333-8444-555555555555"
	fic := identityPath + "/worker/federatedIdentityCredentials"
	for _, tt := range []struct {
		client, method, path string
		action, scope        string // "": allowed
	}{
		{"Reader", "GET", vaultPath, "", ""},
		{"Group Reader", "GET", vaultPath, "", ""},
		{"Vault Reader", "GET", vaultPath, "", ""},
		{"Nobody", "GET", vaultPath, "Microsoft.KeyVault/vaults/read", vaultPath},
		{"Nobody", "GET", subscription, "Microsoft.Resources/subscriptions/read", subscription},
		{"Nobody", "GET", subscription + "/resourcegroups", "Microsoft.Resources/subscriptions/resourcegroups/read", subscription},
		{"Nobody", "GET", subscription + "/resourcegroups/nothing", "Microsoft.Resources/subscriptions/resourcegroups/read", subscription + "/resourcegroups/nothing"},
		{"Group Reader", "GET", subscription, "", ""},
		{"Group Reader", "GET", groupPath, "", ""},
		{"Group Reader", "GET", subscription + "/resourceGroups/other", "Microsoft.Resources/subscriptions/resourceGroups/read", subscription + "/resourceGroups/other"},
		{"Group Reader", "GET", subscription + "/providers", "Microsoft.Resources/subscriptions/providers/read", subscription},
		{"Group Reader", "GET", groupPath + "2", "Microsoft.Resources/subscriptions/resourceGroups/read", groupPath + "2"}, // not below App
		{"Group Reader", "GET", subscription + "/resourceGroups/other/resources", "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
			subscription + "/resourceGroups/other"}, // a list over a group, and not over the subscription
		{"Vault Reader", "GET", vaultPath + "2", "Microsoft.KeyVault/vaults/read", vaultPath + "2"},
		{"Vault Reader", "GET", groupPath, "Microsoft.Resources/subscriptions/resourceGroups/read", groupPath},
		{"Reader", "PUT", identityPath + "/fresh", "Microsoft.ManagedIdentity/userAssignedIdentities/write", identityPath + "/fresh"},
		{"Reader", "GET", fic, "", ""},
		{"Nobody", "GET", fic, "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read", identityPath + "/worker"},
		{"Reader", "DELETE", fic + "/x12", "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete", fic + "/x12"},
		{"Contributor", "DELETE", fic + "/x12", "", ""},
		{"Contributor", "GET", assignment[:strings.LastIndex(assignment, "/")], "", ""},
		{"Contributor", "DELETE", assignment, "Microsoft.Authorization/roleAssignments/delete", assignment},
		{"Owner", "DELETE", assignment, "", ""},
		{"Group Reader", "GET", subscription + "/providers/Microsoft.Authorization/roleAssignments", "Microsoft.Authorization/roleAssignments/read",
			subscription + "/providers/Microsoft.Authorization"},
		{"Group Reader", "GET", groupPath + "/providers/Microsoft.Authorization/roleAssignments", "", ""},
		// Scopes that are no subscription's, and names that look like a part of the path. The texts are inferred.
		{"Owner", "GET", "/providers/Microsoft.Management/managementGroups/x/providers/Microsoft.Authorization/roleAssignments",
			"Microsoft.Authorization/roleAssignments/read", "/providers/Microsoft.Management/managementGroups/x/providers/Microsoft.Authorization"},
		{"Owner", "GET", "/subscriptions/providers/Microsoft.Authorization/roleAssignments", "Microsoft.Resources/subscriptions/Microsoft.Authorization/read",
			"/subscriptions/providers/Microsoft.Authorization/roleAssignments"},
		{"Nobody", "GET", identityPath + "/providers/federatedIdentityCredentials/x12",
			"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read", identityPath + "/providers/federatedIdentityCredentials/x12"},
	} {
		got := r.as(tt.client, tt.method, tt.path, "")
		if tt.action == "" {
			if got.status/100 != 2 {
				t.Errorf("%s: %s %s: status %d: %s", tt.client, tt.method, tt.path, got.status, got.body)
			}
			continue
		}
		_, clientID, objectID := r.client(tt.client)
		got.refused(t, http.StatusForbidden, "AuthorizationFailed", "The client '"+clientID+"' with object id '"+objectID+"' does not have authorization to perform action '"+
			tt.action+"' over scope '"+tt.scope+"' or the scope is invalid. If access was recently granted, please refresh your credentials.")
	}
}
