package graph_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func base64Payload(token string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
}

func TestSignIns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c, client := r.caller("admin", everything...), r.caller("client")
	r.advance(time.Minute)
	r.exchange(client.app.ClientID, "another subject", "https://graph.microsoft.com")
	r.exchange("11111111-1111-4111-8111-111111111111", "client", "https://graph.microsoft.com")
	r.exchange(r.identity.ClientID, "system:serviceaccount:a:b", "https://graph.microsoft.com")
	list := func(filter string) []string {
		t.Helper()
		return c.must(200, "GET", "/beta/auditLogs/signIns?$filter="+filter, nil).values("appDisplayName")
	}
	for _, tt := range []struct {
		filter string
		want   []string
	}{
		{"signInEventTypes/any(t: t eq 'servicePrincipal')", []string{"client", "client", "admin"}},
		{"signInEventTypes/any(t: t eq 'managedIdentity')", []string{"worker"}},
		{"(signInEventTypes/any(t: t eq 'servicePrincipal') or signInEventTypes/any(t: t eq 'managedIdentity'))", []string{"worker", "client", "client", "admin"}},
		{"signInEventTypes/any(t: t eq 'servicePrincipal') and status/errorCode eq 700213", []string{"client"}},
		{"signInEventTypes/any(t: t eq 'servicePrincipal') and appId eq '" + c.app.ClientID + "'", []string{"admin"}},
		{"signInEventTypes/any(t: t eq 'servicePrincipal') and createdDateTime ge 2026-09-08T00:25:00Z", []string{"client"}},
		// Advanced queries are of directory objects: here no operator needs ConsistencyLevel. status/errorCode ne 0 is
		// documented for a cmdlet (Get-AzureADAuditSignInLogs).
		{"signInEventTypes/any(t: t eq 'servicePrincipal') and status/errorCode ne 0", []string{"client"}},
		{"signInEventTypes/any(t: t ne 'interactiveUser') and not(appDisplayName eq 'client')", []string{"worker", "admin"}},
		{"signInEventTypes/any(t: t eq 'servicePrincipal') and endswith(appDisplayName,'min')", []string{"admin"}},
		{"signInEventTypes/any(t: t eq 'interactiveUser')", []string{}},
		{"appId eq '" + c.app.ClientID + "'", []string{}}, // interactive ones only
	} {
		if got := list(tt.filter); !cmp.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.filter, got, tt.want)
		}
	}
	if got := c.must(200, "GET", "/beta/auditLogs/signIns", nil).values("id"); len(got) != 0 {
		t.Errorf("without a filter %v", got)
	}

	body := r.exchange(client.app.ClientID, "client", "https://graph.microsoft.com").Body.String()
	if !strings.Contains(body, "access_token") {
		t.Fatal(body)
	}
	r.mu.Lock()
	last := r.signIns[len(r.signIns)-1]
	r.mu.Unlock()
	got := c.must(200, "GET", "/beta/auditLogs/signIns/"+last.TraceID, nil)
	for name, want := range map[string]any{
		"appId": client.app.ClientID, "appDisplayName": "client", "servicePrincipalId": client.app.ServicePrincipalID, "servicePrincipalName": "client",
		"federatedCredentialId": client.app.Credentials[0].ID, "clientCredentialType": "federatedIdentityCredential", "userAgent": "tester/1",
		"resourceDisplayName": "Microsoft Graph", "resourceId": "00000003-0000-0000-c000-000000000000", "correlationId": last.CorrelationID,
		"uniqueTokenIdentifier": last.UTI, "conditionalAccessStatus": "notApplied", "isInteractive": false, "createdDateTime": "2026-09-08T00:25:38Z",
		"resourceTenantId": r.tenant.ID, "resourceOwnerTenantId": "f8cdef31-a31e-4b4a-93e4-5f571e91255a",
		"signInEventTypes": []any{"servicePrincipal"},
		"status":           map[string]any{"errorCode": 0.0, "failureReason": "Other.", "additionalDetails": nil},
	} {
		if !cmp.Equal(got.body[name], want) {
			t.Errorf("%s: %v, want %v", name, got.body[name], want)
		}
	}
	if old := c.must(200, "GET", "/v1.0/auditLogs/signIns/"+last.TraceID, nil); old.text("appId") != client.app.ClientID || strings.Contains(old.raw, "redential") {
		t.Errorf("v1.0 %s", old.raw)
	}
	c.refused(400, "BadRequest", "Invalid filter clause: Could not find a property named 'signInEventTypes' on type 'microsoft.graph.signIn'.",
		"GET", "/v1.0/auditLogs/signIns?$filter=signInEventTypes/any(t: t eq 'servicePrincipal')", nil)
	c.must(404, "GET", "/beta/auditLogs/signIns/11111111-1111-4111-8111-111111111111", nil)
	if worker := c.must(200, "GET", "/beta/auditLogs/signIns?$filter=signInEventTypes/any(t: t eq 'managedIdentity')", nil); !strings.Contains(worker.raw,
		`"msiType":"userAssigned","associatedResourceId":"/subscriptions/`+subscription+`/resourcegroups/app/providers/Microsoft.ManagedIdentity/userAssignedIdentities/worker"`) {
		t.Errorf("managed identity %s", worker.raw)
	}
}

// TestSignInPages: "The maximum and default page size is 1,000 objects" (List signIns).
func TestSignInPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	r.mu.Lock()
	for range 1000 {
		r.signIns = append(r.signIns, r.signIns[0])
	}
	r.mu.Unlock()
	at := "/beta/auditLogs/signIns?$filter=signInEventTypes/any(t: t eq 'servicePrincipal')"
	for _, top := range []string{"", "&$top=1000"} {
		got := c.must(200, "GET", at+top, nil)
		if len(got.values("id")) != 1000 || got.text("@odata.nextLink") == "" {
			t.Errorf("page%s of %d, next %q", top, len(got.values("id")), got.text("@odata.nextLink"))
		}
	}
}

func TestQueryRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	const unsupported = "Request_UnsupportedQuery"
	for _, tt := range []struct{ code, message, query string }{
		{unsupported, "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive.", "$top=1000"},
		{unsupported, "Invalid page size specified: 'x'. Must be between 1 and 999 inclusive.", "$top=x"},
		{"BadRequest", "Query option '$select' was specified more than once, but it must be specified at most once.", "$select=id&$select=appId"},
		{"BadRequest", "Query option '$filter' was specified more than once, but it must be specified at most once.", "$filter=appId eq 'x'&filter=id eq 'x'"},
		{"BadRequest", "Query option '$top' was specified more than once, but it must be specified at most once.", "$TOP=1&$top=1"},
		{"BadRequest", "'$skip' is not supported by the service.", "$skip=1"},
		{"BadRequest", "Skip token is not valid.", "$skiptoken=x"},
		{unsupported, "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'", "$search=\"displayName:x\""},
		{unsupported, "Operator 'endsWith' is not supported because the 'ConsistencyLevel:eventual' header is missing. Refer to https://aka.ms/graph-docs/advanced-queries for more information",
			"$filter=endswith(displayName,'x')"},
		{"BadRequest", "Parsing OData Select and Expand failed: Could not find a property named 'x' on type 'microsoft.graph.application'.", "$select=x"},
		{"BadRequest", "Could not find a property named 'x' on type 'microsoft.graph.application'.", "$orderby=x"},
		{"BadRequest", "Invalid $orderby clause: Syntax error in 'displayName up'.", "$orderby=displayName up"},
		{"BadRequest", "The query parameter '$apply' is not supported.", "$apply=x"},
		{"BadRequest", "Invalid value 'x' for $count query option found. The $count query option requires a boolean value.", "$count=x"},
	} {
		c.refused(400, tt.code, tt.message, "GET", "/v1.0/applications?"+strings.ReplaceAll(tt.query, `"`, "%22"), nil)
	}
	c.refused(400, unsupported, "Invalid page size specified: '1001'. Must be between 1 and 1000 inclusive.", "GET", "/beta/auditLogs/signIns?$top=1001", nil)
}
